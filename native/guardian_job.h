/*
 * Brings the motors to silence and keeps them there: asks the lanes, tries again what failed, and tells.
 * Times are milliseconds of CLOCK_MONOTONIC.
 */
#ifndef ROVERD_GUARDIAN_JOB_H
#define ROVERD_GUARDIAN_JOB_H

#include "guardian_lanes.h"

enum reason {
  /* Nothing to silence for. */
  NO_REASON,
  /* Once before the first motion: shows that the steps work, and has all that silencing needs in memory. */
  AT_START,
  /* Moving, and no finished control tick. */
  NO_BEAT,
  /* The runtime says that the motors don't take its stop. */
  UNHEEDED,
  /* The runtime has closed its end, or is gone. */
  AT_END,
};

struct job {
  struct lanes *lanes;
  /* Failures are for the caller to tell. */
  bool quiet;
  enum reason reason;
  int64_t started_ms;
  /* Every lane has come through since the start; that has been told. */
  bool silenced, told_silenced;
  /* The runtime is back: nothing is asked any more, what runs is waited for. */
  bool ending;
  struct {
    /* The last round was asked for this job, not for one before. */
    bool fresh;
    /* It has succeeded. */
    bool silent;
    bool collected, told_hanging;
    int64_t asked_ms, next_ms;
  } progress[MAX_LANES];
  struct {
    int error;
    int64_t told_ms;
  } told[MAX_STEPS];
};

/* Starts anew, unless it runs for this reason already. */
void job_start(struct job *job, enum reason reason, int64_t now_ms);

/* Collects what the lanes have done and asks them again where due. Returns when to call again at the latest. */
int64_t job_run(struct job *job, int64_t now_ms);

/* True when no lane is under way: nothing of the guardian's can reach the motors any more. */
bool job_idle(const struct job *job);

#endif
