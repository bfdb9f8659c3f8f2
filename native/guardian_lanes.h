/*
 * Writes the steps of a plan, each lane on a thread of its own: one lane an I2C bus, one a folder of files. Within
 * a lane the steps follow one another, and one that fails does not keep the next from being tried. A write that
 * hangs in the kernel holds its own lane only.
 */
#ifndef ROVERD_GUARDIAN_LANES_H
#define ROVERD_GUARDIAN_LANES_H

#include <stdatomic.h>
#include <stdint.h>

#include "guardian_plan.h"

enum { MAX_LANES = 16 };

/* How a step went: 0 or an errno, and whether opening or writing failed. */
struct outcome {
  int error;
  bool opening;
};

struct lane {
  const struct plan *plan;
  int steps[MAX_STEPS];
  int count;
  /* Belongs to the thread. */
  int files[MAX_STEPS];
  int wake, done;
  atomic_uint asked, finished;
  atomic_int outcomes[MAX_STEPS];
};

struct lanes {
  struct lane lane[MAX_LANES];
  int count;
  /* Readable when a lane has finished a round. */
  int done;
};

/* Starts the threads. Returns 0, or an errno; E2BIG when the plan has more buses and folders than there are lanes. */
int lanes_start(struct lanes *lanes, const struct plan *plan);

/* Asks an idle lane to write its steps once. */
void lane_ask(struct lane *lane);
bool lane_busy(const struct lane *lane);
struct outcome lane_outcome(const struct lane *lane, int index);

#endif
