/* Reading, writing, and handing descriptors on. */
#undef _FORTIFY_SOURCE
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "emulation.h"
#include "interpose.h"

#define GATHERED 8192

/* Whether it was done here; a read of a PWM file goes on to the file itself unless a fault forbids. */
static bool read_here(int fd, void *bytes, size_t length, ssize_t *result) {
  struct descriptor descriptor = descriptor_of(fd);
  if (descriptor.kind == NOT_OURS) return false;
  int error = descriptor.kind == PWM_FILE ? pwm_read_error(descriptor.file) : 0;
  if (descriptor.kind == PWM_FILE && !error) return false;
  *result = answer(error ? -error : i2c_dev_read(fd, descriptor.bus, bytes, length));
  return true;
}

static bool write_here(int fd, const void *bytes, size_t length, ssize_t *result) {
  struct descriptor descriptor = descriptor_of(fd);
  if (descriptor.kind == NOT_OURS) return false;
  *result = answer(descriptor.kind == PWM_FILE ? pwm_write(fd, descriptor.file, bytes, length)
                                               : i2c_dev_write(fd, descriptor.bus, bytes, length));
  return true;
}

EXPORT ssize_t read(int fd, void *bytes, size_t length) {
  NEXT(read);
  ssize_t result;
  return read_here(fd, bytes, length, &result) ? result : next(fd, bytes, length);
}

EXPORT ssize_t __read_chk(int fd, void *bytes, size_t length, size_t room) {
  return read(fd, bytes, length < room ? length : room);
}

EXPORT ssize_t pread64(int fd, void *bytes, size_t length, off64_t offset) {
  NEXT(pread64);
  ssize_t result;
  return read_here(fd, bytes, length, &result) ? result : next(fd, bytes, length, offset);
}

EXPORT ssize_t pread(int fd, void *bytes, size_t length, off_t offset) {
  return pread64(fd, bytes, length, offset);
}

EXPORT ssize_t readv(int fd, const struct iovec *parts, int count) {
  NEXT(readv);
  ssize_t result;
  if (count < 1 || !read_here(fd, parts[0].iov_base, parts[0].iov_len, &result)) return next(fd, parts, count);
  return result;
}

EXPORT ssize_t write(int fd, const void *bytes, size_t length) {
  NEXT(write);
  ssize_t result;
  return write_here(fd, bytes, length, &result) ? result : next(fd, bytes, length);
}

EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  NEXT(pwrite64);
  ssize_t result;
  return write_here(fd, bytes, length, &result) ? result : next(fd, bytes, length, offset);
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  return pwrite64(fd, bytes, length, offset);
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count) {
  NEXT(writev);
  if (descriptor_of(fd).kind == NOT_OURS) return next(fd, parts, count);
  uint8_t gathered[GATHERED];
  size_t length = 0;
  for (int i = 0; i < count; i++) {
    if (parts[i].iov_len > sizeof gathered - length) return answer(-EINVAL);
    memcpy(&gathered[length], parts[i].iov_base, parts[i].iov_len);
    length += parts[i].iov_len;
  }
  ssize_t result;
  return write_here(fd, gathered, length, &result) ? result : next(fd, parts, count);
}

EXPORT int ioctl(int fd, unsigned long request, ...) {
  static int (*next)(int, unsigned long, void *);
  if (!next) *(void **)&next = dlsym(RTLD_NEXT, "ioctl");
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  struct descriptor descriptor = descriptor_of(fd);
  if (descriptor.kind != I2C_BUS) return next(fd, request, argument);
  return (int)answer(i2c_dev_ioctl(fd, descriptor.bus, request, argument));
}

static int copied(int from, int to) {
  descriptor_copy(from, to);
  return to;
}

EXPORT int dup(int fd) {
  NEXT(dup);
  return copied(fd, next(fd));
}

EXPORT int dup2(int fd, int to) {
  NEXT(dup2);
  return copied(fd, next(fd, to));
}

EXPORT int dup3(int fd, int to, int flags) {
  NEXT(dup3);
  return copied(fd, next(fd, to, flags));
}

EXPORT int fcntl64(int fd, int command, ...) {
  static int (*next)(int, int, void *);
  if (!next) *(void **)&next = dlsym(RTLD_NEXT, "fcntl64");
  va_list arguments;
  va_start(arguments, command);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  int result = next(fd, command, argument);
  if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) descriptor_copy(fd, result);
  return result;
}

EXPORT int fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  return fcntl64(fd, command, argument);
}
