/* Microchip CAP1208: eight touch inputs. Section numbers are of its data sheet (DS00001570C). */
#include <string.h>

#include "chip.h"

enum {
  MAIN_CONTROL = 0x00,
  GENERAL_STATUS = 0x02,
  INPUT_STATUS = 0x03,
  NOISE_STATUS = 0x0A,
  DELTA_COUNT = 0x10,
  INPUT_ENABLE = 0x21,
  CALIBRATION_ACTIVATE = 0x26,
  INTERRUPT_ENABLE = 0x27,
  MULTIPLE_TOUCH = 0x2A,
  THRESHOLD = 0x30,
  STANDBY_CHANNEL = 0x40,
  CONFIGURATION_2 = 0x44,
  BASE_COUNT = 0x50,
  PRODUCT_ID = 0xFD,
  MANUFACTURER_ID = 0xFE,
  REVISION = 0xFF,
};
enum { INPUTS = 8, INT = 0x01, DSLEEP = 0x10, STBY = 0x20 };
enum { TOUCH = 0x01, MULT = 0x04 };
enum { MULT_BLK_EN = 0x80, INT_REL_N = 0x01 };

/* Table 5-1: the registers that can be written, with the values they have after power came up. */
static const struct {
  uint8_t first, last, reset, writable;
} table[] = {
    {0x00, 0x00, 0x00, 0xF1}, {0x02, 0x03, 0x00, 0x00}, {0x0A, 0x0A, 0x00, 0x00}, {0x10, 0x17, 0x00, 0x00},
    {0x1F, 0x1F, 0x2F, 0x7F}, {0x20, 0x20, 0x20, 0xFC}, {0x21, 0x21, 0xFF, 0xFF}, {0x22, 0x22, 0xA4, 0xFF},
    {0x23, 0x23, 0x07, 0x0F}, {0x24, 0x24, 0x39, 0x7F}, {0x26, 0x26, 0x00, 0xFF}, {0x27, 0x27, 0xFF, 0xFF},
    {0x28, 0x28, 0xFF, 0xFF}, {0x2A, 0x2A, 0x80, 0x8C}, {0x2B, 0x2B, 0x00, 0x8F}, {0x2D, 0x2D, 0xFF, 0xFF},
    {0x2E, 0x2E, 0x00, 0x00}, {0x2F, 0x2F, 0x8A, 0xFF}, {0x30, 0x37, 0x40, 0x7F}, {0x38, 0x38, 0x01, 0x03},
    {0x40, 0x40, 0x00, 0xFF}, {0x41, 0x41, 0x39, 0x7F}, {0x42, 0x42, 0x02, 0x07}, {0x43, 0x43, 0x40, 0x7F},
    {0x44, 0x44, 0x40, 0xFF}, {0x50, 0x57, 0xC8, 0x00}, {0x60, 0x60, 0x00, 0x07}, {0x61, 0x61, 0x22, 0x77},
    {0xB1, 0xBA, 0x00, 0x00}, {0xFD, 0xFD, 0x6B, 0x00}, {0xFE, 0xFE, 0x5D, 0x00}, {0xFF, 0xFF, 0x00, 0x00},
};

static bool is_touched(const struct chip *chip, unsigned input) { return chip->presses[input] & 1; }

/* Which inputs are looked at: none in deep sleep, those of the standby channel in standby. */
static uint8_t sensed(const uint8_t *r) {
  if (r[MAIN_CONTROL] & DSLEEP) return 0;
  return r[MAIN_CONTROL] & STBY ? r[STANDBY_CHANNEL] : r[INPUT_ENABLE];
}

static void interrupt(uint8_t *r, uint8_t bit) {
  if (r[INTERRUPT_ENABLE] & bit) r[MAIN_CONTROL] |= INT;
}

/* What the fingers did since the chip was looked at. */
static void sense(struct chip *chip) {
  uint8_t *r = chip->registers;
  for (unsigned i = 0; i < INPUTS; i++) {
    uint8_t bit = (uint8_t)(1u << i);
    bool looks = sensed(r) & bit, touched = is_touched(chip, i);
    r[DELTA_COUNT + i] = looks && touched ? 0x7F : 0x00;
    uint32_t changes = chip->presses[i] - chip->seen[i];
    chip->seen[i] = chip->presses[i];
    if (!changes || !looks) continue;
    bool pressed = touched || changes > 1, released = !touched;
    /* 5.17: so many touches at a time, the others are blocked */
    int allowed = r[MULTIPLE_TOUCH] & MULT_BLK_EN ? (r[MULTIPLE_TOUCH] >> 2 & 3) + 1 : INPUTS;
    uint8_t others = r[INPUT_STATUS] & (uint8_t)~bit;
    if (pressed && __builtin_popcount(others) >= allowed) {
      r[GENERAL_STATUS] |= MULT;
      continue;
    }
    bool counted = r[INPUT_STATUS] & bit;
    if (pressed) r[INPUT_STATUS] |= bit, interrupt(r, bit);
    if (released && (pressed || counted) && !(r[CONFIGURATION_2] & INT_REL_N)) interrupt(r, bit);
  }
  if (r[INPUT_STATUS]) r[GENERAL_STATUS] |= TOUCH;
}

/* 5.2: clearing INT lets go of the inputs that are touched no more. */
static void clear_interrupt(struct chip *chip) {
  uint8_t *r = chip->registers;
  for (unsigned i = 0; i < INPUTS; i++)
    if (!is_touched(chip, i)) r[INPUT_STATUS] &= (uint8_t)~(1u << i);
  r[GENERAL_STATUS] = r[INPUT_STATUS] ? TOUCH : 0;
}

static void power_up(struct chip *chip, uint64_t now_ns) {
  (void)now_ns;
  memset(chip->registers, 0, sizeof chip->registers);
  for (unsigned i = 0; i < sizeof table / sizeof *table; i++)
    memset(&chip->registers[table[i].first], table[i].reset, 1u + table[i].last - table[i].first);
  /* A finger that is there while it calibrates belongs to the base count. */
  for (unsigned i = 0; i < INPUTS; i++) chip->seen[i] = chip->presses[i];
  chip->pointer = 0;
}

static bool answers(const struct chip *chip, unsigned address) { return address == chip->address; }

static void write_register(struct chip *chip, unsigned reg, uint8_t value) {
  uint8_t *r = chip->registers;
  /* 5.1: INT is set by the chip alone. */
  if (reg == MAIN_CONTROL && !(r[reg] & INT)) value &= (uint8_t)~INT;
  for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
    if (reg < table[i].first || reg > table[i].last) continue;
    r[reg] = (uint8_t)((r[reg] & ~table[i].writable) | (value & table[i].writable));
  }
  if (reg == MAIN_CONTROL && !(value & INT)) clear_interrupt(chip);
  if (reg == MAIN_CONTROL && value & DSLEEP) r[INPUT_STATUS] = r[GENERAL_STATUS] = 0;
  if (reg == INPUT_ENABLE) r[INPUT_STATUS] &= value;
  /* Calibrates in no time. */
  if (reg == CALIBRATION_ACTIVATE) r[reg] = 0;
}

static void write_message(struct chip *chip, unsigned address, const uint8_t *bytes, size_t length,
                          uint64_t now_ns) {
  (void)address, (void)now_ns;
  sense(chip);
  if (length == 0) return;
  chip->pointer = bytes[0];
  for (size_t i = 1; i < length; i++) {
    write_register(chip, chip->pointer, bytes[i]);
    chip->pointer = (chip->pointer + 1) & 0xFF;
  }
}

static void read_message(struct chip *chip, uint8_t *bytes, size_t length, uint64_t now_ns) {
  (void)now_ns;
  sense(chip);
  for (size_t i = 0; i < length; i++) {
    bytes[i] = chip->registers[chip->pointer];
    chip->pointer = (chip->pointer + 1) & 0xFF;
  }
}

static bool touches(const struct chip *chip, const uint8_t *bytes, size_t length, unsigned reg) {
  (void)chip;
  return reg >= bytes[0] && reg < bytes[0] + (length > 1 ? length - 1 : 1);
}

const struct model cap1208 = {
    .power_up = power_up, .answers = answers, .write = write_message, .read = read_message, .touches = touches};
