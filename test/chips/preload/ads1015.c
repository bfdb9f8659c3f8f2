/* Texas Instruments ADS1015: four inputs, 12 bits. Section numbers are of its data sheet (SBAS473E). */
#include <string.h>

#include "chip.h"

enum { CONVERSION, CONFIG, LO_THRESH, HI_THRESH };
enum { OS = 0x8000, MODE_SINGLE = 0x0100, CONFIG_RESET = 0x8583 };

static unsigned get(const struct chip *chip, unsigned reg) {
  return (unsigned)chip->registers[2 * reg] << 8 | chip->registers[2 * reg + 1];
}

static void put(struct chip *chip, unsigned reg, unsigned value) {
  chip->registers[2 * reg] = (uint8_t)(value >> 8);
  chip->registers[2 * reg + 1] = (uint8_t)value;
}

static void power_up(struct chip *chip, uint64_t now_ns) {
  (void)now_ns;
  memset(chip->registers, 0, sizeof chip->registers);
  put(chip, CONFIG, CONFIG_RESET);
  put(chip, LO_THRESH, 0x8000);
  put(chip, HI_THRESH, 0x7FFF);
  chip->pointer = CONVERSION;
  chip->ready_ns = 0;
}

static bool answers(const struct chip *chip, unsigned address) {
  return address == chip->address || address == 0;
}

/* 8.6.3, DR */
static uint64_t conversion_ns(unsigned config) {
  static const unsigned per_second[] = {128, 250, 490, 920, 1600, 2400, 3300, 3300};
  return 1000000000u / per_second[config >> 5 & 7];
}

/* 8.6.3, MUX and PGA; the result stands in the upper twelve bits. */
static unsigned convert(const struct chip *chip, unsigned config) {
  static const int8_t plus[] = {0, 0, 1, 2, 0, 1, 2, 3};
  static const int8_t minus[] = {1, 3, 3, 3, -1, -1, -1, -1};
  static const int64_t full_scale_uv[] = {6144000, 4096000, 2048000, 1024000, 512000, 256000, 256000, 256000};
  unsigned mux = config >> 12 & 7;
  int64_t uv = chip->microvolts[plus[mux]];
  if (minus[mux] >= 0) uv -= chip->microvolts[minus[mux]];
  int64_t full_scale = full_scale_uv[config >> 9 & 7];
  int64_t scaled = uv * 2048;
  int64_t code = (scaled + (scaled < 0 ? -full_scale : full_scale) / 2) / full_scale;
  if (code > 2047) code = 2047;
  if (code < -2048) code = -2048;
  return (unsigned)(code * 16) & 0xFFFF;
}

/* Ends the conversion whose time has come; continuous ones follow each other. */
static void settle(struct chip *chip, uint64_t now_ns) {
  if (!chip->ready_ns || now_ns < chip->ready_ns) return;
  put(chip, CONVERSION, convert(chip, chip->latched));
  if (chip->latched & MODE_SINGLE) {
    chip->ready_ns = 0;
    return;
  }
  uint64_t period = conversion_ns(chip->latched);
  chip->latched = get(chip, CONFIG);
  chip->ready_ns += (1 + (now_ns - chip->ready_ns) / period) * period;
}

static void write_config(struct chip *chip, unsigned value, uint64_t now_ns) {
  bool converts = chip->ready_ns != 0;
  put(chip, CONFIG, value & ~(unsigned)OS);
  bool continuous = !(value & MODE_SINGLE);
  /* "Has no effect when a conversion is ongoing"; continuous mode starts by itself. */
  if (converts || !(continuous || value & OS)) return;
  chip->latched = value;
  chip->ready_ns = now_ns + conversion_ns(value);
}

static void write_message(struct chip *chip, unsigned address, const uint8_t *bytes, size_t length,
                          uint64_t now_ns) {
  if (address == 0) {
    /* 8.5.1.2: general call reset */
    if (length == 1 && bytes[0] == 0x06) power_up(chip, now_ns);
    return;
  }
  settle(chip, now_ns);
  if (length == 0) return;
  chip->pointer = bytes[0] & 3;
  /* Registers are taken up with their second byte. */
  if (length < 3 || chip->pointer == CONVERSION) return;
  unsigned value = (unsigned)bytes[1] << 8 | bytes[2];
  if (chip->pointer == CONFIG) write_config(chip, value, now_ns);
  else put(chip, chip->pointer, chip->pointer == LO_THRESH ? value & 0xFFF0 : value | 0x000F);
}

static void read_message(struct chip *chip, uint8_t *bytes, size_t length, uint64_t now_ns) {
  settle(chip, now_ns);
  unsigned value = get(chip, chip->pointer);
  /* OS reads 1 while no conversion is under way. */
  if (chip->pointer == CONFIG && !chip->ready_ns) value |= OS;
  for (size_t i = 0; i < length; i++) bytes[i] = i == 0 ? (uint8_t)(value >> 8) : i == 1 ? (uint8_t)value : 0xFF;
}

static bool touches(const struct chip *chip, const uint8_t *bytes, size_t length, unsigned reg) {
  (void)chip, (void)length;
  return (bytes[0] & 3u) == reg;
}

const struct model ads1015 = {
    .power_up = power_up, .answers = answers, .write = write_message, .read = read_message, .touches = touches};
