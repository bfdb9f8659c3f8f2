#include "guardian_once.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { GIVE_UP_AFTER_MS = 2000, MAX_FILE_BYTES = 32 * 1024 };

static struct plan plan;
static struct lanes lanes;

int64_t monotonic_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int refuse(const char *path, const char *why) {
  fprintf(stderr, "roverd_guardian: %s: %s\n", path, why);
  return 2;
}

/* Root must not write for whoever owns the file what they could not write themselves. */
static bool take_rights_of(uid_t owner) {
  if (geteuid() != 0 || owner == 0) return true;
  const struct passwd *entry = getpwuid(owner);
  if (entry == NULL) return setgroups(0, NULL) == 0 && setgid((gid_t)owner) == 0 && setuid(owner) == 0;
  return initgroups(entry->pw_name, entry->pw_gid) == 0 && setgid(entry->pw_gid) == 0 && setuid(owner) == 0;
}

static int read_plan(const char *path) {
  static char text[MAX_FILE_BYTES + 1];
  char why[MAX_WHY_LENGTH + 1];
  struct stat status;
  size_t used = 0;
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0 || fstat(file, &status) < 0) return refuse(path, strerror(errno));
  if (!S_ISREG(status.st_mode)) return refuse(path, "Expected a file of steps");
  while (used <= MAX_FILE_BYTES) {
    ssize_t got = read(file, text + used, MAX_FILE_BYTES + 1 - used);
    if (got < 0) return refuse(path, strerror(errno));
    if (got == 0) break;
    used += (size_t)got;
  }
  close(file);
  if (used > MAX_FILE_BYTES) return refuse(path, "Expected at most 32 KiB");
  if (!take_rights_of(status.st_uid)) return refuse(path, "can't take the rights of the file's owner");
  text[used] = '\0';
  for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    *end = '\0';
    if (end - line > MAX_LINE_LENGTH) return refuse(path, "Expected lines of at most 511 bytes");
    enum plan_result result = plan_line(&plan, line, why);
    if (result == PLAN_REFUSED) return refuse(path, why);
    if (result == PLAN_COMPLETE) return 0;
  }
  return refuse(path, "Expected the line end, but the file is cut off before it");
}

static bool print_outcomes(const struct job *job) {
  bool fine = true;
  for (int i = 0; i < lanes.count; i++) {
    const struct lane *lane = &lanes.lane[i];
    /* A retry that is under way at this moment does not hang: its last outcome stands. */
    bool hangs = lane_busy(lane) && job->progress[i].told_hanging;
    for (int j = 0; j < lane->count; j++) {
      char name[MAX_PATH_LENGTH + 1];
      struct outcome outcome = lane_outcome(lane, j);
      step_name(&plan.steps[lane->steps[j]], name);
      const char *what = hangs              ? "FAILED: a write does not come back"
                         : outcome.opening  ? "FAILED: can't open: "
                         : outcome.error    ? "FAILED: can't write: "
                                            : "silenced";
      printf("%s: %s%s\n", name, what, hangs || outcome.error == 0 ? "" : strerror(outcome.error));
      if (hangs || outcome.error != 0) fine = false;
    }
  }
  return fine;
}

int silence_once(const char *path) {
  static struct job job = {.lanes = &lanes, .quiet = true};
  int code = read_plan(path);
  if (code != 0) return code;
  int error = lanes_start(&lanes, &plan);
  if (error != 0) return refuse(path, strerror(error));
  int64_t end_ms = monotonic_ms() + GIVE_UP_AFTER_MS;
  job_start(&job, AT_END, monotonic_ms());
  for (;;) {
    int64_t now_ms = monotonic_ms();
    int64_t next_ms = job_run(&job, now_ms);
    if (job.silenced || now_ms >= end_ms) break;
    struct pollfd done = {.fd = lanes.done, .events = POLLIN};
    uint64_t rounds;
    int64_t until_ms = next_ms < end_ms ? next_ms : end_ms;
    poll(&done, 1, until_ms <= now_ms ? 0 : (int)(until_ms - now_ms));
    if (read(lanes.done, &rounds, sizeof rounds) < 0) continue;
  }
  bool fine = print_outcomes(&job);
  if (plan.count == 0) puts("nothing to silence");
  return fine ? 0 : 1;
}
