/*
 * What the guardian is told at start, as lines of text:
 *
 *   roverd-silence 1            the format, first of all
 *   timeout MS                  50..10000: silence the motors when no beat comes for this long while moving
 *   i2c BUS ADDRESS HEX         decimal bus and 7-bit address, then the bytes of one write
 *   file HEX PATH               the bytes to write, then the absolute path to the end of the line
 *   end                         what is cut off before this is refused
 *
 * Empty lines and lines that start with # say nothing. The same text, without `timeout`, is kept in a file for
 * stopping without a runtime.
 */
#ifndef ROVERD_GUARDIAN_PLAN_H
#define ROVERD_GUARDIAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>

enum {
  MAX_STEPS = 32,
  MAX_BYTES = 64,
  MAX_PATH_LENGTH = 255,
  MAX_LINE_LENGTH = 511,
  MAX_WHY_LENGTH = 200,
};

/* One write. `path` is empty for I2C. */
struct step {
  int bus;
  int address;
  char path[MAX_PATH_LENGTH + 1];
  unsigned char bytes[MAX_BYTES];
  size_t length;
};

struct plan {
  struct step steps[MAX_STEPS];
  int count;
  int timeout_ms;
  bool started;
};

enum plan_result { PLAN_MORE, PLAN_COMPLETE, PLAN_REFUSED };

/* Takes one line, without its end. `why` (MAX_WHY_LENGTH + 1 bytes) says what was expected when it is refused. */
enum plan_result plan_line(struct plan *plan, char *line, char *why);

/* "I2C bus 1, address 0x60" or the path. `text` has MAX_PATH_LENGTH + 1 bytes. */
void step_name(const struct step *step, char *text);

#endif
