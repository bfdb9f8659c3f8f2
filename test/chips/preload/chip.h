/* A chip on the bus. Registers and all else it remembers are in struct chip; none of this sleeps. */
#pragma once

#include <stdbool.h>

#include "state.h"

struct model {
  void (*power_up)(struct chip *chip, uint64_t now_ns);
  /* Whether it acknowledges this address, its own or one that several chips share. */
  bool (*answers)(const struct chip *chip, unsigned address);
  /* One message, from start to stop (or repeated start). */
  void (*write)(struct chip *chip, unsigned address, const uint8_t *bytes, size_t length, uint64_t now_ns);
  void (*read)(struct chip *chip, uint8_t *bytes, size_t length, uint64_t now_ns);
  /* Whether this message names or writes a register. */
  bool (*touches)(const struct chip *chip, const uint8_t *bytes, size_t length, unsigned reg);
};

extern const struct model pca9685;
extern const struct model ads1015;
extern const struct model cap1208;

/* The model of a chip in place, else NULL. */
const struct model *model_of(const struct chip *chip);
