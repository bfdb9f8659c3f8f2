/* `roverd_guardian --silence FILE`: silences the motors with no runtime at all. */
#ifndef ROVERD_GUARDIAN_ONCE_H
#define ROVERD_GUARDIAN_ONCE_H

#include "guardian_job.h"

int64_t monotonic_ms(void);

/* Prints a line a step; returns the exit code: 0 all done, 1 something failed, 2 the file is no good. */
int silence_once(const char *path);

#endif
