/*
 * What all processes share: one file, mapped here, read and written by the tests with pread and pwrite
 * (test/chips/layout.ts holds the same offsets; the assertions below keep the two together).
 *
 * Times are CLOCK_MONOTONIC in ns. Fields marked "test" are written by the test only, the others by
 * the library only, under the mutex.
 */
#pragma once

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define STATE_MAGIC 0x70696863u
#define STATE_VERSION 1u

#define BUSES 32
#define CHIPS 16
#define FAULTS 32
#define PWM_CHIPS 16
#define PWM_CHANNELS 4
#define PWM_FILES 256
#define TRANSFERS 64
#define LOG_ENTRIES 65536
#define OUTPUT_ENTRIES 65536
#define MESSAGES 42 /* I2C_RDWR_IOCTL_MAX_MSGS */
#define TRANSFER_BYTES 1600

enum chip_kind { CHIP_NONE, CHIP_PCA9685, CHIP_ADS1015, CHIP_CAP1208 };
enum adapter { ADAPTER_BCM2835, ADAPTER_DESIGNWARE };
enum fault_kind { FAULT_ERROR = 1, FAULT_SLOW, FAULT_HANG_CALL, FAULT_HANG_BUS };
enum scope { SCOPE_I2C = 1, SCOPE_PWM };
enum direction { DIRECTION_WRITE = 1, DIRECTION_READ = 2 };
enum pwm_attribute { PWM_EXPORT = 1, PWM_UNEXPORT, PWM_PERIOD, PWM_DUTY_CYCLE, PWM_ENABLE, PWM_POLARITY };

struct line {
  uint64_t free_ns;   /* when the transfer before is over */
  uint64_t device;    /* test: the file that stands for /dev/i2c-N */
  uint64_t inode;     /* test */
  uint32_t timeout_ms; /* I2C_TIMEOUT */
  uint32_t spare;
};

struct chip {
  uint32_t kind;    /* test */
  uint32_t bus;     /* test */
  uint32_t address; /* test */
  uint32_t present; /* test: 0 answers nothing, but keeps its state */
  uint64_t power_request_ns; /* test: power came back at this time */
  uint64_t powered_ns;
  union {
    int32_t microvolts[4]; /* test: ADS1015, AIN0..3 */
    uint32_t presses[8];   /* test: CAP1208, touches since the start; odd while touched */
  };
  uint64_t ready_ns; /* PCA9685: oscillator stable; ADS1015: conversion done */
  uint32_t pointer;
  uint32_t outputs; /* PCA9685: channels with a duty above 0, by bit */
  uint32_t seen[8]; /* CAP1208: presses taken notice of */
  uint16_t duty[16]; /* PCA9685: 4096ths of the period in which the pin is high */
  uint32_t latched; /* ADS1015: configuration of the conversion under way */
  uint8_t spare[256 - 148];
  uint8_t registers[256];
  uint8_t more[512];
};

/* All of it but left, skip and hits is the test's. */
struct fault {
  uint32_t generation; /* 0: none */
  uint32_t kind;
  int32_t error;
  uint32_t limited; /* 1: ends when left is 0 */
  uint32_t left;
  uint32_t scope;
  int32_t bus;     /* -1: any */
  int32_t address; /* I2C address or number of the pwmchip; -1: any */
  int32_t pid;     /* 0: any */
  int32_t reg;     /* -1: any */
  uint32_t directions;
  uint32_t attribute; /* of a PWM; 0: any */
  uint64_t delay_ns;  /* slow: added; hang of the bus: time-out, 0 the adapter's */
  uint32_t hits;
  uint32_t skip; /* so many pass first */
  uint8_t spare[64];
};

struct pwm_channel {
  uint32_t exported;
  uint32_t enabled;
  uint32_t inversed;
  uint32_t group_after_ms; /* test: the files may be opened so long after the export, when udev gave them away */
  uint64_t period_ns;
  uint64_t duty_ns;
  uint64_t exported_ns;
};

struct pwm_chip {
  uint32_t npwm; /* test: 0: no such chip; its index is N of pwmchipN */
  uint32_t outputs;
  uint8_t spare[56];
  struct pwm_channel channels[PWM_CHANNELS];
  uint8_t more[32];
};

struct pwm_file {
  uint64_t device; /* test for export and unexport, library for the rest */
  uint64_t inode;
  uint32_t chip;
  uint32_t channel;
  uint32_t attribute; /* 0: free */
  uint32_t spare;
};

enum transfer_state { TRANSFER_FREE, TRANSFER_QUEUED, TRANSFER_RUNNING, TRANSFER_DONE };

struct message {
  uint16_t address;
  uint16_t flags; /* I2C_M_RD */
  uint16_t length;
  uint16_t offset; /* in bytes[] */
};

struct transfer {
  uint32_t state;
  int32_t pid;
  uint64_t ticket;
  uint64_t start_ns; /* of the call */
  uint64_t queued_ns;
  uint64_t begin_ns; /* of the transfer on the wires */
  uint64_t due_ns;
  uint32_t bus;
  int32_t error;
  uint32_t hang; /* fault that holds the bus, counted from 1 */
  uint32_t hang_generation;
  uint32_t count;
  uint32_t spare;
  struct message messages[MESSAGES];
  uint8_t bytes[TRANSFER_BYTES];
  uint8_t more[2048 - 72 - MESSAGES * 8 - TRANSFER_BYTES];
};

struct log_entry {
  uint64_t sequence; /* counted from 1, written last */
  uint64_t start_ns;
  uint64_t begin_ns;
  uint64_t end_ns;
  int32_t pid;
  uint16_t scope;
  uint16_t bus;
  uint16_t address; /* or number of the pwmchip */
  uint16_t attribute;
  int32_t error;
  uint16_t wrote;
  uint16_t read;
  uint32_t outputs; /* after it, of the chip at that address */
  uint8_t bytes[72]; /* what was written, then what was read, as far as it fits */
};

/* The channels of one chip that are on, whenever that changes. */
struct output_entry {
  uint64_t sequence;
  uint64_t at_ns;
  uint16_t scope;
  uint16_t bus;
  uint32_t address;
  uint32_t outputs;
  uint32_t spare;
};

struct state {
  uint32_t magic;      /* test */
  uint32_t version;    /* test */
  uint32_t buses;      /* test: by bit */
  uint32_t adapter;    /* test */
  uint32_t clock_hz;   /* test: 0: bytes take no time */
  int32_t open_error;  /* test: errno of opening /dev/i2c-N, 0: none */
  uint32_t mutex_state;
  int32_t holder; /* process that has the mutex */
  uint64_t log_count;
  uint64_t output_count;
  uint64_t next_ticket;
  uint8_t spare1[128 - 56];
  union {
    pthread_mutex_t mutex;
    uint8_t mutex_room[128];
  };
  char pwm_root[1024]; /* test: what stands for /sys; empty: none */
  uint8_t spare2[2048 - 1280];
  struct line lines[BUSES];
  uint8_t spare3[4096 - 2048 - BUSES * 32];
  struct chip chips[CHIPS];
  struct fault faults[FAULTS];
  struct pwm_chip pwm_chips[PWM_CHIPS];
  struct pwm_file pwm_files[PWM_FILES];
  uint8_t spare4[65536 - 36864];
  struct transfer transfers[TRANSFERS];
  uint8_t spare5[262144 - 65536 - TRANSFERS * 2048];
  struct log_entry log[LOG_ENTRIES];
  struct output_entry output_log[OUTPUT_ENTRIES];
};

#define AT(field, offset) _Static_assert(offsetof(struct state, field) == (offset), #field)
AT(holder, 28);
AT(log_count, 32);
AT(mutex, 128);
AT(pwm_root, 256);
AT(lines, 2048);
AT(chips, 4096);
AT(faults, 20480);
AT(pwm_chips, 24576);
AT(pwm_files, 28672);
AT(transfers, 65536);
AT(log, 262144);
AT(output_log, 8650752);
#undef AT
_Static_assert(sizeof(struct state) == 10747904, "state");
_Static_assert(sizeof(struct line) == 32, "line");
_Static_assert(sizeof(struct chip) == 1024, "chip");
_Static_assert(offsetof(struct chip, presses) == 32, "presses");
_Static_assert(offsetof(struct chip, ready_ns) == 64, "ready_ns");
_Static_assert(offsetof(struct chip, duty) == 112, "duty");
_Static_assert(offsetof(struct chip, registers) == 256, "registers");
_Static_assert(sizeof(struct fault) == 128, "fault");
_Static_assert(sizeof(struct pwm_chip) == 256, "pwm_chip");
_Static_assert(sizeof(struct pwm_channel) == 40, "pwm_channel");
_Static_assert(offsetof(struct pwm_chip, channels) == 64, "channels");
_Static_assert(sizeof(struct pwm_file) == 32, "pwm_file");
_Static_assert(sizeof(struct transfer) == 2048, "transfer");
_Static_assert(sizeof(struct log_entry) == 128, "log_entry");
_Static_assert(offsetof(struct log_entry, bytes) == 56, "log_entry.bytes");
_Static_assert(sizeof(struct output_entry) == 32, "output_entry");
