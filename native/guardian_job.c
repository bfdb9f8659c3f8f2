#include "guardian_job.h"

#include <string.h>

#include "guardian_report.h"

enum {
  RETRY_MS = 5,
  RETRY_SLOWLY_AFTER_MS = 2000,
  RETRY_SLOWLY_MS = 100,
  /* While the runtime is frozen, a write of its own may still be on its way through the kernel. */
  REPEAT_MS = 50,
  HANGING_AFTER_MS = 500,
  TELL_AGAIN_MS = 1000,
};

void job_start(struct job *job, enum reason reason, int64_t now_ms) {
  if (job->reason == reason && !job->ending) return;
  job->reason = reason;
  job->started_ms = now_ms;
  job->silenced = job->told_silenced = false;
  job->ending = false;
  for (int i = 0; i < job->lanes->count; i++) {
    job->progress[i].fresh = job->progress[i].silent = false;
    job->progress[i].next_ms = now_ms;
  }
}

static bool repeats(const struct job *job) { return job->reason == NO_BEAT || job->reason == UNHEEDED; }

static void tell(struct job *job, const struct lane *lane, int index, struct outcome outcome, int64_t now_ms) {
  int number = lane->steps[index];
  if (outcome.error == 0) {
    job->told[number].error = 0;
    return;
  }
  if (job->told[number].error == outcome.error) return;
  if (job->told[number].told_ms != 0 && now_ms - job->told[number].told_ms < TELL_AGAIN_MS) return;
  job->told[number].error = outcome.error;
  job->told[number].told_ms = now_ms;
  if (job->quiet) return;
  char name[MAX_PATH_LENGTH + 1];
  step_name(&lane->plan->steps[number], name);
  const char *what = outcome.opening ? "can't open" : "can't write";
  say("failing %d %s: %s: %s", number + 1, name, what, strerror(outcome.error));
  log_line("error", "step %d of silencing the motors fails: %s: %s: %s", number + 1, name, what,
           strerror(outcome.error));
}

static void collect(struct job *job, int at, int64_t now_ms) {
  struct lane *lane = &job->lanes->lane[at];
  bool fine = true;
  for (int i = 0; i < lane->count; i++) {
    struct outcome outcome = lane_outcome(lane, i);
    if (outcome.error != 0) fine = false;
    tell(job, lane, i, outcome, now_ms);
  }
  job->progress[at].collected = true;
  if (!job->progress[at].fresh) {
    job->progress[at].next_ms = now_ms;
    return;
  }
  job->progress[at].silent = fine;
  bool young = now_ms - job->started_ms < RETRY_SLOWLY_AFTER_MS;
  job->progress[at].next_ms = now_ms + (fine ? REPEAT_MS : young ? RETRY_MS : RETRY_SLOWLY_MS);
}

static void ask(struct job *job, int at, int64_t now_ms) {
  job->progress[at].fresh = true;
  job->progress[at].collected = false;
  job->progress[at].told_hanging = false;
  job->progress[at].asked_ms = now_ms;
  lane_ask(&job->lanes->lane[at]);
}

static void tell_hanging(struct job *job, int at) {
  const struct lane *lane = &job->lanes->lane[at];
  char name[MAX_PATH_LENGTH + 1];
  step_name(&lane->plan->steps[lane->steps[0]], name);
  job->progress[at].told_hanging = true;
  if (job->quiet) return;
  say("failing %d %s: a write does not come back", lane->steps[0] + 1, name);
  log_line("error", "silencing the motors hangs: %s: a write does not come back", name);
}

int64_t job_run(struct job *job, int64_t now_ms) {
  int64_t next_ms = INT64_MAX;
  if (job->reason == NO_REASON) return next_ms;
  bool all = true;
  for (int i = 0; i < job->lanes->count; i++) {
    struct lane *lane = &job->lanes->lane[i];
    int64_t due_ms = INT64_MAX;
    if (!lane_busy(lane)) {
      if (job->progress[i].asked_ms != 0 && !job->progress[i].collected) collect(job, i, now_ms);
      bool wanted = !job->ending && (!job->progress[i].silent || repeats(job));
      if (wanted) due_ms = job->progress[i].next_ms;
      if (due_ms <= now_ms) ask(job, i, now_ms);
    }
    /* Asked just now, it is busy or has come through already, which `done` tells. */
    if (job->progress[i].asked_ms != 0 && !job->progress[i].collected && !job->progress[i].told_hanging) {
      due_ms = job->progress[i].asked_ms + HANGING_AFTER_MS;
      if (due_ms <= now_ms && lane_busy(lane)) {
        tell_hanging(job, i);
        due_ms = INT64_MAX;
      }
    }
    if (due_ms < next_ms) next_ms = due_ms;
    if (!job->progress[i].silent) all = false;
  }
  if (all) job->silenced = true;
  return next_ms;
}

bool job_idle(const struct job *job) {
  for (int i = 0; i < job->lanes->count; i++)
    if (lane_busy(&job->lanes->lane[i])) return false;
  return true;
}
