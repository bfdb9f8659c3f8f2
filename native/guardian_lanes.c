#include "guardian_lanes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { STACK_BYTES = 64 * 1024, OPENING = 1 << 16 };

static int open_step(const struct step *step) {
  char bus[32];
  snprintf(bus, sizeof bus, "/dev/i2c-%d", step->bus);
  bool i2c = step->path[0] == '\0';
  return open(i2c ? bus : step->path, (i2c ? O_RDWR : O_WRONLY) | O_CLOEXEC | O_NOCTTY);
}

/* One message with its address in one call: nothing that another user of the bus has set can lead it astray. */
static int write_i2c(int file, const struct step *step) {
  unsigned char bytes[MAX_BYTES];
  memcpy(bytes, step->bytes, step->length);
  struct i2c_msg message = {.addr = (__u16)step->address, .len = (__u16)step->length, .buf = bytes};
  struct i2c_rdwr_ioctl_data transfer = {.msgs = &message, .nmsgs = 1};
  return ioctl(file, I2C_RDWR, &transfer) < 0 ? errno : 0;
}

static int write_file(int file, const struct step *step) {
  /* Devices and pipes can't seek, and need not. */
  (void)lseek(file, 0, SEEK_SET);
  ssize_t written = write(file, step->bytes, step->length);
  if (written < 0) return errno;
  if ((size_t)written != step->length) return EIO;
  /* What is left of a longer text would be read with it. sysfs has no such rest. */
  int kept_rest = ftruncate(file, (off_t)step->length);
  (void)kept_rest;
  return 0;
}

static int write_once(int file, const struct step *step) {
  int error;
  do error = step->path[0] == '\0' ? write_i2c(file, step) : write_file(file, step);
  while (error == EINTR);
  return error;
}

/* With the file that is open already, else with one opened anew. */
static int run_step(const struct step *step, int *file) {
  int error = *file < 0 ? EBADF : write_once(*file, step);
  if (error == 0) return 0;
  int fresh = open_step(step);
  if (fresh < 0) return *file < 0 ? errno | OPENING : error;
  if (*file >= 0) close(*file);
  *file = fresh;
  return write_once(fresh, step);
}

static void *run_lane(void *argument) {
  struct lane *lane = argument;
  for (int i = 0; i < lane->count; i++) lane->files[i] = open_step(&lane->plan->steps[lane->steps[i]]);
  for (;;) {
    uint64_t count;
    if (read(lane->wake, &count, sizeof count) < 0) continue;
    unsigned asked = atomic_load(&lane->asked);
    for (int i = 0; i < lane->count; i++)
      atomic_store(&lane->outcomes[i], run_step(&lane->plan->steps[lane->steps[i]], &lane->files[i]));
    atomic_store(&lane->finished, asked);
    uint64_t one = 1;
    if (write(lane->done, &one, sizeof one) < 0) continue;
  }
  return NULL;
}

/* Everything before the last slash, or the bus. */
static bool same_lane(const struct step *a, const struct step *b) {
  if (a->path[0] == '\0' || b->path[0] == '\0') return a->path[0] == b->path[0] && a->bus == b->bus;
  size_t length = (size_t)(strrchr(a->path, '/') - a->path);
  return length == (size_t)(strrchr(b->path, '/') - b->path) && memcmp(a->path, b->path, length) == 0;
}

static int start_lane(struct lane *lane) {
  pthread_attr_t attributes;
  pthread_t thread;
  long least = sysconf(_SC_THREAD_STACK_MIN);
  lane->wake = eventfd(0, EFD_CLOEXEC);
  if (lane->wake < 0) return errno;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, least > STACK_BYTES ? (size_t)least : STACK_BYTES);
  int error = pthread_create(&thread, &attributes, run_lane, lane);
  pthread_attr_destroy(&attributes);
  return error;
}

int lanes_start(struct lanes *lanes, const struct plan *plan) {
  /* No arenas of 64 MiB address space a thread: they would count against the limit of locked memory. */
  mallopt(M_ARENA_MAX, 1);
  lanes->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (lanes->done < 0) return errno;
  for (int i = 0; i < plan->count; i++) {
    int at = 0;
    while (at < lanes->count && !same_lane(&plan->steps[lanes->lane[at].steps[0]], &plan->steps[i])) at++;
    if (at == MAX_LANES) return E2BIG;
    struct lane *lane = &lanes->lane[at];
    lane->plan = plan;
    lane->done = lanes->done;
    lane->steps[lane->count++] = i;
    if (at == lanes->count) lanes->count++;
  }
  for (int i = 0; i < lanes->count; i++) {
    int error = start_lane(&lanes->lane[i]);
    if (error != 0) return error;
  }
  return 0;
}

void lane_ask(struct lane *lane) {
  uint64_t one = 1;
  atomic_fetch_add(&lane->asked, 1);
  /* An eventfd with room never blocks, and this one holds one round at most. */
  while (write(lane->wake, &one, sizeof one) < 0 && errno == EINTR) continue;
}

bool lane_busy(const struct lane *lane) {
  return atomic_load(&lane->finished) != atomic_load(&lane->asked);
}

struct outcome lane_outcome(const struct lane *lane, int index) {
  int outcome = atomic_load(&lane->outcomes[index]);
  return (struct outcome){.error = outcome & ~OPENING, .opening = (outcome & OPENING) != 0};
}
