/* The shared file: found by CHIPS_STATE, mapped when the process starts. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "emulation.h"

struct state *state;

uint64_t now_ns(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

void sleep_until(uint64_t at_ns) {
  struct timespec at = {.tv_sec = (time_t)(at_ns / 1000000000u), .tv_nsec = (long)(at_ns % 1000000000u)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) continue;
}

static void make_mutex(void) {
  enum { NONE, BEING_MADE, MADE };
  uint32_t none = NONE;
  if (__atomic_compare_exchange_n(&state->mutex_state, &none, BEING_MADE, false, __ATOMIC_ACQ_REL,
                                  __ATOMIC_ACQUIRE)) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&state->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    __atomic_store_n(&state->mutex_state, MADE, __ATOMIC_RELEASE);
  }
  while (__atomic_load_n(&state->mutex_state, __ATOMIC_ACQUIRE) != MADE) sleep_until(now_ns() + 100000);
}

/* proc(5): the state stands behind the name, which is in brackets. */
static bool is_stopped(int pid) {
  char path[32], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "re");
  if (!file) return false;
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = 0;
  const char *end = strrchr(text, ')');
  return end && (end[2] == 'T' || end[2] == 't');
}

bool lock_state(void) {
  for (;;) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 1000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec += 1, until.tv_nsec -= 1000000000;
    int error = pthread_mutex_timedlock(&state->mutex, &until);
    if (error == EOWNERDEAD) pthread_mutex_consistent(&state->mutex);
    if (error == 0 || error == EOWNERDEAD) {
      state->holder = getpid();
      return true;
    }
    /* The kernel would let no stopped process hold a bus: nor may this. */
    if (error == ETIMEDOUT && is_stopped(state->holder)) return false;
    if (error != ETIMEDOUT) return false;
  }
}

void unlock_state(bool locked) {
  if (locked) pthread_mutex_unlock(&state->mutex);
}

__attribute__((constructor)) static void attach(void) {
  const char *path = getenv("CHIPS_STATE");
  if (!path || !*path) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  struct state *mapped = mmap(NULL, sizeof *mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped == MAP_FAILED) return;
  if (mapped->magic != STATE_MAGIC || mapped->version != STATE_VERSION) {
    fprintf(stderr, "chips: %s is of another version\n", path);
    abort();
  }
  state = mapped;
  make_mutex();
  bool locked = lock_state();
  bus_settle();
  unlock_state(locked);
  for (int inherited = 0; inherited < 256; inherited++) descriptor_look(inherited);
}
