/* Asking whether a bus is there. */
#undef _FORTIFY_SOURCE
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "emulation.h"
#include "interpose.h"

#define I2C_MAJOR 89

_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "64 bit");

/* Whether the path is a bus, told here; a permission that is missing (open_error) does not hide it. */
static bool stat_here(const char *path, struct stat *at, int *result) {
  int bus = bus_of_path(path);
  if (bus < 0) return false;
  int error = bus_open_error(bus);
  *result = (int)answer(error == ENOENT ? -ENOENT : 0);
  memset(at, 0, sizeof *at);
  at->st_mode = S_IFCHR | 0660;
  at->st_rdev = makedev(I2C_MAJOR, (unsigned)bus);
  at->st_nlink = 1;
  return true;
}

static bool access_here(const char *path, int mode, int *result) {
  int bus = bus_of_path(path);
  if (bus < 0) return false;
  int error = bus_open_error(bus);
  *result = (int)answer(error == ENOENT || (error && mode != F_OK) ? -error : 0);
  return true;
}

#define STAT(name, type) \
  EXPORT int name(const char *path, struct type *at) { \
    NEXT(name); \
    int result; \
    return stat_here(path, (struct stat *)at, &result) ? result : next(path, at); \
  }
STAT(stat, stat)
STAT(stat64, stat64)
STAT(lstat, stat)
STAT(lstat64, stat64)

#define FSTATAT(name, type) \
  EXPORT int name(int folder, const char *path, struct type *at, int flags) { \
    NEXT(name); \
    int result; \
    return stat_here(path, (struct stat *)at, &result) ? result : next(folder, path, at, flags); \
  }
FSTATAT(fstatat, stat)
FSTATAT(fstatat64, stat64)

/* What programs built against a C library before 2.33 call. */
#define OLD_STAT(name, type) \
  EXPORT int name(int version, const char *path, struct type *at); \
  EXPORT int name(int version, const char *path, struct type *at) { \
    NEXT(name); \
    int result; \
    return stat_here(path, (struct stat *)at, &result) ? result : next(version, path, at); \
  }
OLD_STAT(__xstat, stat)
OLD_STAT(__xstat64, stat64)
OLD_STAT(__lxstat, stat)
OLD_STAT(__lxstat64, stat64)

EXPORT int access(const char *path, int mode) {
  NEXT(access);
  int result;
  return access_here(path, mode, &result) ? result : next(path, mode);
}

EXPORT int faccessat(int folder, const char *path, int mode, int flags) {
  NEXT(faccessat);
  int result;
  return access_here(path, mode, &result) ? result : next(folder, path, mode, flags);
}

static bool statx_here(const char *path, struct statx *at, int *result) {
  struct stat plain;
  if (!stat_here(path, &plain, result)) return false;
  memset(at, 0, sizeof *at);
  at->stx_mask = STATX_BASIC_STATS;
  at->stx_mode = (uint16_t)plain.st_mode;
  at->stx_nlink = 1;
  at->stx_rdev_major = major(plain.st_rdev);
  at->stx_rdev_minor = minor(plain.st_rdev);
  return true;
}

EXPORT int statx(int folder, const char *path, int flags, unsigned mask, struct statx *at) {
  NEXT(statx);
  int result;
  return statx_here(path, at, &result) ? result : next(folder, path, flags, mask, at);
}

/* libuv asks the kernel for statx in this way. */
EXPORT long syscall(long number, ...) {
  static long (*next)(long, long, long, long, long, long, long);
  if (!next) *(void **)&next = dlsym(RTLD_NEXT, "syscall");
  va_list arguments;
  va_start(arguments, number);
  long a[6];
  for (int i = 0; i < 6; i++) a[i] = va_arg(arguments, long);
  va_end(arguments);
  int result;
  if (number == SYS_statx && statx_here((const char *)a[1], (struct statx *)a[4], &result)) return result;
  return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
