#include "guardian_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum plan_result refuse(char *why, const char *expected, const char *came) {
  snprintf(why, MAX_WHY_LENGTH + 1, "Expected %s but received \"%.60s\"", expected, came);
  return PLAN_REFUSED;
}

static bool whole(const char *text, long min, long max, int *value) {
  if (text == NULL || *text == '\0' || strlen(text) > 6 || strspn(text, "0123456789") != strlen(text)) return false;
  long read = strtol(text, NULL, 10);
  if (read < min || read > max) return false;
  *value = (int)read;
  return true;
}

static int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

static bool hex(const char *text, struct step *step) {
  size_t length = text == NULL ? 0 : strlen(text);
  if (length == 0 || length % 2 != 0 || length / 2 > MAX_BYTES) return false;
  for (size_t i = 0; i < length / 2; i++) {
    int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    step->bytes[i] = (unsigned char)(high << 4 | low);
  }
  step->length = length / 2;
  return true;
}

static bool absolute_path(const char *path) {
  if (path == NULL || path[0] != '/' || strlen(path) > MAX_PATH_LENGTH) return false;
  /* Paths go into log lines of JSON as they are. */
  for (const char *c = path; *c != '\0'; c++)
    if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\') return false;
  return true;
}

/* Cuts the next word off; NULL when there is none. */
static char *word(char **rest) {
  char *start = *rest;
  if (start == NULL || *start == '\0') return NULL;
  char *space = strchr(start, ' ');
  *rest = space == NULL ? NULL : space + 1;
  if (space != NULL) *space = '\0';
  return start;
}

enum plan_result plan_line(struct plan *plan, char *line, char *why) {
  char *rest = line;
  if (line[0] == '\0' || line[0] == '#') return PLAN_MORE;
  if (!plan->started) {
    if (strcmp(line, "roverd-silence 1") != 0) return refuse(why, "the line roverd-silence 1 first", line);
    plan->started = true;
    return PLAN_MORE;
  }
  if (strcmp(line, "end") == 0) return PLAN_COMPLETE;
  const char *kind = word(&rest);
  if (strcmp(kind, "timeout") == 0) {
    if (whole(rest, 50, 10000, &plan->timeout_ms)) return PLAN_MORE;
    return refuse(why, "timeout to be 50 to 10000 ms", rest == NULL ? "" : rest);
  }
  bool i2c = strcmp(kind, "i2c") == 0;
  if (!i2c && strcmp(kind, "file") != 0) return refuse(why, "timeout, i2c, file or end", kind);
  if (plan->count == MAX_STEPS) return refuse(why, "at most 32 steps", kind);

  struct step *step = &plan->steps[plan->count];
  memset(step, 0, sizeof *step);
  if (i2c) {
    const char *bus = word(&rest), *address = word(&rest);
    if (!whole(bus, 0, 255, &step->bus)) return refuse(why, "an I2C bus, 0 to 255", bus == NULL ? "" : bus);
    if (!whole(address, 0, 127, &step->address))
      return refuse(why, "an I2C address, 0 to 127", address == NULL ? "" : address);
    if (!hex(rest, step)) return refuse(why, "1 to 64 bytes in hex", rest == NULL ? "" : rest);
  } else {
    const char *bytes = word(&rest);
    if (!hex(bytes, step)) return refuse(why, "1 to 64 bytes in hex", bytes == NULL ? "" : bytes);
    if (!absolute_path(rest))
      return refuse(why, "an absolute path of at most 255 plain characters", rest == NULL ? "" : rest);
    strcpy(step->path, rest);
  }
  plan->count++;
  return PLAN_MORE;
}

void step_name(const struct step *step, char *text) {
  if (step->path[0] != '\0') snprintf(text, MAX_PATH_LENGTH + 1, "%s", step->path);
  else snprintf(text, MAX_PATH_LENGTH + 1, "I2C bus %d, address 0x%02x", step->bus, (unsigned)step->address);
}
