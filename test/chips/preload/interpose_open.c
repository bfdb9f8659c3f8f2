/* Opening: the buses are other files, and sysfs makes and shortens none. */
#undef _FORTIFY_SOURCE
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "emulation.h"
#include "interpose.h"

static bool is_in_tree(const char *path) {
  size_t length = state && path ? strlen(state->pwm_root) : 0;
  return length && !strncmp(path, state->pwm_root, length) && path[length] == '/';
}

static int open_path(int folder, const char *path, int flags, mode_t mode) {
  NEXT(openat);
  int bus = bus_of_path(path);
  if (bus >= 0) {
    bool locked = lock_state();
    bus_settle();
    unlock_state(locked);
    int error = bus_open_error(bus);
    if (error) return (int)answer(-error);
    char backing[1100];
    backing_path(bus, backing, sizeof backing);
    int fd = next(AT_FDCWD, backing, flags & (O_ACCMODE | O_CLOEXEC | O_NONBLOCK));
    descriptor_look(fd);
    return fd;
  }
  if (state && is_in_tree(path)) {
    /* sysfs makes no files, and knows no shortening. */
    if (flags & O_CREAT && faccessat(folder, path, F_OK, 0) && errno == ENOENT) return (int)answer(-EACCES);
    flags &= ~(O_CREAT | O_TRUNC | O_EXCL);
  }
  int fd = next(folder, path, flags, mode);
  if (fd < 0 || !state || !state->pwm_root[0]) return fd;
  descriptor_look(fd);
  struct descriptor descriptor = descriptor_of(fd);
  if (descriptor.kind != PWM_FILE || pwm_may_open(descriptor.file)) return fd;
  close(fd);
  return (int)answer(-EACCES);
}

static mode_t mode_of(int flags, va_list arguments) {
  return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name) \
  EXPORT int name(const char *path, int flags, ...) { \
    va_list arguments; \
    va_start(arguments, flags); \
    mode_t mode = mode_of(flags, arguments); \
    va_end(arguments); \
    return open_path(AT_FDCWD, path, flags, mode); \
  }
#define OPENAT(name) \
  EXPORT int name(int folder, const char *path, int flags, ...) { \
    va_list arguments; \
    va_start(arguments, flags); \
    mode_t mode = mode_of(flags, arguments); \
    va_end(arguments); \
    return open_path(folder, path, flags, mode); \
  }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
EXPORT int __open_2(const char *path, int flags) { return open_path(AT_FDCWD, path, flags, 0); }
EXPORT int __open64_2(const char *path, int flags) { return open_path(AT_FDCWD, path, flags, 0); }
EXPORT int __openat_2(int folder, const char *path, int flags) { return open_path(folder, path, flags, 0); }
EXPORT int __openat64_2(int folder, const char *path, int flags) { return open_path(folder, path, flags, 0); }
