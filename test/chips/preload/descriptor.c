/*
 * Which file descriptors are ours. A mark made at open only says "perhaps": Node closes files past the C
 * library, so what a marked descriptor stands for is told by its inode each time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "emulation.h"

#define MARKS 65536
static uint8_t marked[MARKS];

static struct descriptor look(int fd) {
  struct stat at;
  int saved = errno;
  int failed = fstat(fd, &at);
  errno = saved;
  if (failed || !S_ISREG(at.st_mode)) return (struct descriptor){0};
  for (unsigned bus = 0; bus < BUSES; bus++) {
    const struct line *line = &state->lines[bus];
    if (state->buses >> bus & 1 && line->inode == at.st_ino && line->device == at.st_dev)
      return (struct descriptor){.kind = I2C_BUS, .bus = bus};
  }
  for (unsigned i = 0; i < PWM_FILES; i++) {
    struct pwm_file *file = &state->pwm_files[i];
    if (__atomic_load_n(&file->attribute, __ATOMIC_ACQUIRE) && file->inode == at.st_ino && file->device == at.st_dev)
      return (struct descriptor){.kind = PWM_FILE, .file = file};
  }
  return (struct descriptor){0};
}

struct descriptor descriptor_of(int fd) {
  if (!state || fd < 0 || fd >= MARKS || !__atomic_load_n(&marked[fd], __ATOMIC_RELAXED))
    return (struct descriptor){0};
  struct descriptor found = look(fd);
  if (found.kind == NOT_OURS) __atomic_store_n(&marked[fd], 0, __ATOMIC_RELAXED);
  return found;
}

void descriptor_look(int fd) {
  if (!state || fd < 0 || fd >= MARKS) return;
  __atomic_store_n(&marked[fd], look(fd).kind != NOT_OURS, __ATOMIC_RELAXED);
}

void descriptor_copy(int from, int to) {
  if (!state || from < 0 || from >= MARKS || to < 0 || to >= MARKS) return;
  __atomic_store_n(&marked[to], __atomic_load_n(&marked[from], __ATOMIC_RELAXED), __ATOMIC_RELAXED);
}

int bus_of_path(const char *path) {
  static const char prefix[] = "/dev/i2c-";
  if (!state || !path || strncmp(path, prefix, sizeof prefix - 1)) return -1;
  char *end;
  long number = strtol(path + sizeof prefix - 1, &end, 10);
  if (*end || end == path + sizeof prefix - 1 || number < 0 || number > 255) return -1;
  return (int)number;
}

/* A bus without emulation is absent: no test may reach the chips of the machine it runs on. */
int bus_open_error(int bus) {
  if (bus >= BUSES || !(state->buses >> bus & 1)) return ENOENT;
  return state->open_error;
}

void backing_path(int bus, char *path, size_t length) {
  const char *own = getenv("CHIPS_STATE");
  snprintf(path, length, "%s.i2c-%d", own ? own : "", bus);
}
