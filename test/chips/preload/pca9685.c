/* NXP PCA9685 rev. 4: sixteen channels of 12 bit PWM. Section numbers are of its data sheet. */
#include <string.h>

#include "chip.h"

enum {
  MODE1 = 0x00,
  MODE2 = 0x01,
  SUBADR1 = 0x02,
  ALLCALLADR = 0x05,
  LED0_ON_L = 0x06,
  LED15_OFF_H = 0x45,
  ALL_LED_ON_L = 0xFA,
  ALL_LED_OFF_H = 0xFD,
  PRE_SCALE = 0xFE,
};
enum { RESTART = 0x80, EXTCLK = 0x40, AI = 0x20, SLEEP = 0x10, ALLCALL = 0x01 };
enum { INVRT = 0x10, OCH = 0x08 };
enum { CHANNELS = 16, FULL = 0x10, PERIOD = 4096 };

#define OSCILLATOR_NS 500000u /* 7.3.1.1: at most 500 us until it is up */

/* 7.3.3: full off goes before full on. Equal counts "should never be programmed"; the chip gives no pulse. */
static uint16_t duty_of(const uint8_t *led) {
  if (led[3] & FULL) return 0;
  if (led[1] & FULL) return PERIOD;
  int on = led[0] | (led[1] & 0x0F) << 8;
  int off = led[2] | (led[3] & 0x0F) << 8;
  return (uint16_t)((off - on + PERIOD) % PERIOD);
}

/* While asleep, and from waking until RESTART or a new value, the channels stand still in their off state. */
static void update(struct chip *chip) {
  const uint8_t *r = chip->registers;
  bool stands = r[MODE1] & (SLEEP | RESTART);
  chip->outputs = 0;
  for (unsigned i = 0; i < CHANNELS; i++) {
    uint16_t duty = stands ? 0 : duty_of(&r[LED0_ON_L + 4 * i]);
    chip->duty[i] = r[MODE2] & INVRT ? (uint16_t)(PERIOD - duty) : duty;
    if (chip->duty[i]) chip->outputs |= 1u << i;
  }
}

static void power_up(struct chip *chip, uint64_t now_ns) {
  uint8_t *r = chip->registers;
  memset(r, 0, sizeof chip->registers);
  r[MODE1] = SLEEP | ALLCALL;
  r[MODE2] = 0x04;
  r[SUBADR1] = 0xE2;
  r[SUBADR1 + 1] = 0xE4;
  r[SUBADR1 + 2] = 0xE8;
  r[ALLCALLADR] = 0xE0;
  for (unsigned i = 0; i < CHANNELS; i++) r[LED0_ON_L + 4 * i + 3] = FULL;
  r[PRE_SCALE] = 0x1E;
  chip->pointer = 0;
  chip->ready_ns = now_ns;
  update(chip);
}

static bool answers(const struct chip *chip, unsigned address) {
  const uint8_t *r = chip->registers;
  if (address == chip->address || address == 0) return true;
  if (r[MODE1] & ALLCALL && address == (unsigned)r[ALLCALLADR] >> 1) return true;
  for (unsigned i = 0; i < 3; i++)
    if (r[MODE1] & (0x08 >> i) && address == (unsigned)r[SUBADR1 + i] >> 1) return true;
  return false;
}

/* Table 4: past register 69 and past 254 it goes on at 0. */
static unsigned next(const struct chip *chip, unsigned reg) {
  if (!(chip->registers[MODE1] & AI)) return reg;
  return reg == LED15_OFF_H || reg >= PRE_SCALE ? MODE1 : reg + 1;
}

static bool runs_a_channel(const uint8_t *r) {
  for (unsigned i = 0; i < CHANNELS; i++)
    if (!(r[LED0_ON_L + 4 * i + 3] & FULL)) return true;
  return false;
}

/* 7.3.1 and 7.3.1.1 */
static void write_mode1(struct chip *chip, uint8_t value, uint64_t now_ns) {
  uint8_t *r = chip->registers;
  uint8_t was = r[MODE1];
  uint8_t restart = was & RESTART;
  bool sleeps = was & SLEEP, will_sleep = value & SLEEP;
  if (!sleeps && will_sleep && runs_a_channel(r)) restart = RESTART;
  if (sleeps && !will_sleep) chip->ready_ns = now_ns + OSCILLATOR_NS;
  /* A RESTART before the oscillator is up does not take. */
  if (value & RESTART && !sleeps && !will_sleep && now_ns >= chip->ready_ns) restart = 0;
  /* EXTCLK can be set while asleep only, and goes by reset only. */
  uint8_t external = (was & EXTCLK) | (sleeps && will_sleep ? value & EXTCLK : 0);
  r[MODE1] = (uint8_t)(restart | external | (value & (AI | SLEEP | 0x0F)));
}

static void write_led(uint8_t *r, unsigned reg, uint8_t value) {
  bool high_byte = (reg - LED0_ON_L) & 1;
  r[reg] = high_byte ? value & 0x1F : value;
}

/* Gives the channels of which a register was written, four bits each. */
static uint64_t write_register(struct chip *chip, unsigned reg, uint8_t value, uint64_t now_ns) {
  uint8_t *r = chip->registers;
  if (reg >= LED0_ON_L && reg <= LED15_OFF_H) {
    write_led(r, reg, value);
    return 1ull << (reg - LED0_ON_L);
  }
  if (reg >= ALL_LED_ON_L && reg <= ALL_LED_OFF_H) {
    uint64_t written = 0;
    for (unsigned led = LED0_ON_L + reg - ALL_LED_ON_L; led <= LED15_OFF_H; led += 4) {
      write_led(r, led, value);
      written |= 1ull << (led - LED0_ON_L);
    }
    return written;
  }
  if (reg == MODE1) write_mode1(chip, value, now_ns);
  else if (reg == MODE2) r[reg] = value & 0x1F;
  else if (reg <= ALLCALLADR) r[reg] = value & 0xFE;
  /* 7.3.5: blocked while awake, at least 3 */
  else if (reg == PRE_SCALE && r[MODE1] & SLEEP) r[reg] = value < 3 ? 3 : value;
  return 0;
}

/* 7.3.1.1: new values at a STOP end the standstill too; with OCH only all four registers of a channel do. */
static bool restarts(const struct chip *chip, uint64_t written) {
  if (!(chip->registers[MODE2] & OCH)) return written != 0;
  for (unsigned i = 0; i < CHANNELS; i++)
    if ((written >> 4 * i & 0xF) == 0xF) return true;
  return false;
}

static void write_message(struct chip *chip, unsigned address, const uint8_t *bytes, size_t length,
                          uint64_t now_ns) {
  if (address == 0) {
    /* 7.1.4: software reset */
    if (length == 1 && bytes[0] == 0x06) power_up(chip, now_ns);
    return;
  }
  if (length == 0) return;
  chip->pointer = bytes[0];
  uint64_t written = 0;
  for (size_t i = 1; i < length; i++) {
    written |= write_register(chip, chip->pointer, bytes[i], now_ns);
    chip->pointer = next(chip, chip->pointer);
  }
  if (restarts(chip, written)) chip->registers[MODE1] &= (uint8_t)~RESTART;
  update(chip);
}

static void read_message(struct chip *chip, uint8_t *bytes, size_t length, uint64_t now_ns) {
  (void)now_ns;
  for (size_t i = 0; i < length; i++) {
    /* The ALL_LED registers and the reserved ones read as the zero they hold. */
    bytes[i] = chip->registers[chip->pointer];
    chip->pointer = next(chip, chip->pointer);
  }
}

static bool touches(const struct chip *chip, const uint8_t *bytes, size_t length, unsigned reg) {
  unsigned at = bytes[0];
  if (at == reg) return true;
  for (size_t i = 2; i < length; i++) {
    at = next(chip, at);
    if (at == reg) return true;
  }
  return false;
}

const struct model pca9685 = {
    .power_up = power_up, .answers = answers, .write = write_message, .read = read_message, .touches = touches};
