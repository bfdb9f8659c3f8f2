/*
 * What goes wrong around a process: the wall clock is stepped, the H.264 encoder fails. FAULTS_STATE names a file of
 * 16 bytes that says how it is at the moment: the step in ns (int64), whether the encoder fails (int32). The
 * monotonic clock stays as it is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))
#define NS_PER_S 1000000000LL

struct world {
  int64_t step_ns;
  int32_t encoder_fails;
  int32_t unused;
};

static const struct world calm;
static const volatile struct world *world = &calm;

__attribute__((constructor)) static void attach(void) {
  const char *path = getenv("FAULTS_STATE");
  int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof *world, PROT_READ, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) world = mapped;
  close(file);
}

EXPORTED int clock_gettime(clockid_t clock, struct timespec *at) {
  int result = (int)syscall(SYS_clock_gettime, clock, at);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    int64_t ns = at->tv_sec * NS_PER_S + at->tv_nsec + world->step_ns;
    at->tv_sec = ns / NS_PER_S;
    at->tv_nsec = ns % NS_PER_S;
  }
  return result;
}

EXPORTED int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}

EXPORTED time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at != NULL) *at = now.tv_sec;
  return now.tv_sec;
}

static int find_x264(struct dl_phdr_info *info, size_t size, void *name) {
  (void)size;
  if (strstr(info->dlpi_name, "/libx264.so") == NULL) return 0;
  *(const char **)name = info->dlpi_name;
  return 1;
}

typedef int encode(void *, void *, int *, void *, void *);

/* x264.h: negative on error. */
EXPORTED encode x264_encoder_encode;
int x264_encoder_encode(void *encoder, void *units, int *count, void *in, void *out) {
  static encode *real;
  if (world->encoder_fails) return -1;
  if (real == NULL) {
    const char *name = NULL;
    dl_iterate_phdr(find_x264, &name);
    void *library = name == NULL ? NULL : dlopen(name, RTLD_NOLOAD | RTLD_NOW);
    if (library != NULL) *(void **)&real = dlsym(library, "x264_encoder_encode");
    if (real == NULL) return -1;
  }
  return real(encoder, units, count, in, out);
}
