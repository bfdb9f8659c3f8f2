/* The parts of the library, and what each offers to the others. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "chip.h"

/* attach.c */
extern struct state *state; /* NULL: this process has no chips */
uint64_t now_ns(void);
void sleep_until(uint64_t at_ns);
/* Whether the mutex was had; a holder that is stopped is passed over after a while. */
bool lock_state(void);
void unlock_state(bool locked);

/* bus.c */
/* Takes a transfer whose messages are filled in; gives 0 or an errno. Read bytes are in it afterwards. */
int bus_transfer(struct transfer *transfer);
/* Does what is due on every bus. Under the lock. */
void bus_settle(void);

/* fault.c */
struct occasion {
  enum scope scope;
  int bus;
  int address;
  int pid;
  enum direction direction;
  int attribute;
  const struct transfer *transfer; /* NULL for a PWM */
};
struct verdict {
  int error;
  uint64_t delay_ns;
  uint32_t hang; /* fault counted from 1, 0: none */
  uint32_t generation;
  uint64_t timeout_ns;
};
/* Waits as long as a fault makes this one call hang. Not under the lock. */
void fault_hang_call(const struct occasion *occasion);
/* What befalls it, by the faults of all other kinds. Under the lock. */
struct verdict fault_judge(const struct occasion *occasion);
/* Whether the fault that held the bus still does. */
bool fault_holds(uint32_t hang, uint32_t generation);

/* log.c */
void log_append(struct log_entry entry);
/* Notes that these channels of a chip are on from this time. */
void log_outputs(enum scope scope, unsigned bus, unsigned address, uint32_t outputs, uint64_t at_ns);

/* i2c_dev.c: what i2c-dev of the kernel does; gives -errno as the kernel does */
ssize_t i2c_dev_read(int fd, unsigned bus, void *bytes, size_t length);
ssize_t i2c_dev_write(int fd, unsigned bus, const void *bytes, size_t length);
int i2c_dev_ioctl(int fd, unsigned bus, unsigned long request, void *argument);

/* smbus.c */
union i2c_smbus_data;
int smbus_transfer(unsigned bus, unsigned address, bool is_read, unsigned command, unsigned size,
                   union i2c_smbus_data *data);
struct transfer new_transfer(unsigned bus);
/* Adds a message; false when it does not fit. */
bool add_message(struct transfer *transfer, unsigned address, bool is_read, const void *bytes, size_t length);

/* pwm.c: gives -errno */
ssize_t pwm_write(int fd, const struct pwm_file *file, const void *bytes, size_t length);
int pwm_read_error(const struct pwm_file *file);
/* Whether udev has given the file to its group yet. */
bool pwm_may_open(const struct pwm_file *file);

/* descriptor.c */
struct descriptor {
  enum { NOT_OURS, I2C_BUS, PWM_FILE } kind;
  unsigned bus;
  struct pwm_file *file;
};
/* What this file descriptor stands for. Cheap for those that were never ours. */
struct descriptor descriptor_of(int fd);
void descriptor_look(int fd);
void descriptor_copy(int from, int to);
/* The bus that a path names, -1 for other paths. */
int bus_of_path(const char *path);
/* 0, or the errno of opening the bus */
int bus_open_error(int bus);
void backing_path(int bus, char *path, size_t length);
