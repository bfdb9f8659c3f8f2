/*
 * /dev/i2c-N as i2c-dev of the kernel gives it. The address set by I2C_SLAVE belongs to the open file, also
 * over dup and fork: it is kept as the offset of the file that stands for the device.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <unistd.h>

#include "emulation.h"

static unsigned slave(int fd) {
  off_t offset = lseek(fd, 0, SEEK_CUR);
  return offset < 0 ? 0 : (unsigned)offset;
}

static unsigned long functions(void) {
  if (state->adapter == ADAPTER_BCM2835) return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
  /* i2c-designware-common.h: no quick command, as i2cdetect says on a Pi 5 */
  return I2C_FUNC_I2C | I2C_FUNC_SMBUS_BYTE | I2C_FUNC_SMBUS_BYTE_DATA | I2C_FUNC_SMBUS_WORD_DATA |
         I2C_FUNC_SMBUS_BLOCK_DATA | I2C_FUNC_SMBUS_I2C_BLOCK;
}

ssize_t i2c_dev_read(int fd, unsigned bus, void *bytes, size_t length) {
  struct transfer transfer = new_transfer(bus);
  if (!add_message(&transfer, slave(fd), true, NULL, length)) return -EINVAL;
  int error = bus_transfer(&transfer);
  if (error) return -error;
  for (size_t i = 0; i < length; i++) ((uint8_t *)bytes)[i] = transfer.bytes[i];
  return (ssize_t)length;
}

ssize_t i2c_dev_write(int fd, unsigned bus, const void *bytes, size_t length) {
  struct transfer transfer = new_transfer(bus);
  if (!add_message(&transfer, slave(fd), false, bytes, length)) return -EINVAL;
  int error = bus_transfer(&transfer);
  return error ? -error : (ssize_t)length;
}

static int rdwr(unsigned bus, struct i2c_rdwr_ioctl_data *request) {
  if (!request || !request->msgs) return -EFAULT;
  if (request->nmsgs == 0 || request->nmsgs > I2C_RDWR_IOCTL_MAX_MSGS) return -EINVAL;
  struct transfer transfer = new_transfer(bus);
  for (unsigned i = 0; i < request->nmsgs; i++) {
    const struct i2c_msg *message = &request->msgs[i];
    /* Length from the chip, no stop, ten bits and the like: none of these chips has a use for them. */
    if (message->flags & ~I2C_M_RD) return -EOPNOTSUPP;
    if (!add_message(&transfer, message->addr, message->flags & I2C_M_RD, message->buf, message->len))
      return -EINVAL;
  }
  int error = bus_transfer(&transfer);
  if (error) return -error;
  for (unsigned i = 0; i < request->nmsgs; i++) {
    const struct i2c_msg *message = &request->msgs[i];
    if (!(message->flags & I2C_M_RD)) continue;
    for (unsigned b = 0; b < message->len; b++) message->buf[b] = transfer.bytes[transfer.messages[i].offset + b];
  }
  return (int)request->nmsgs;
}

static int smbus(int fd, unsigned bus, const struct i2c_smbus_ioctl_data *request) {
  if (!request) return -EFAULT;
  bool is_read = request->read_write == I2C_SMBUS_READ;
  bool has_data = request->size != I2C_SMBUS_QUICK && !(request->size == I2C_SMBUS_BYTE && !is_read);
  if (has_data && !request->data) return -EINVAL;
  return -smbus_transfer(bus, slave(fd), is_read, request->command, request->size, request->data);
}

int i2c_dev_ioctl(int fd, unsigned bus, unsigned long request, void *argument) {
  uintptr_t value = (uintptr_t)argument;
  switch (request) {
    case I2C_SLAVE:
    case I2C_SLAVE_FORCE:
      if (value > 0x7F) return -EINVAL;
      return lseek(fd, (off_t)value, SEEK_SET) < 0 ? -errno : 0;
    case I2C_FUNCS:
      *(unsigned long *)argument = functions();
      return 0;
    case I2C_RDWR:
      return rdwr(bus, argument);
    case I2C_SMBUS:
      return smbus(fd, bus, argument);
    case I2C_RETRIES:
      /* Of lost arbitration, which one master alone does not see. */
      return 0;
    case I2C_TIMEOUT:
      if (value > 0x7FFFFFFF / 10) return -EINVAL;
      state->lines[bus].timeout_ms = (uint32_t)value * 10;
      return 0;
    case I2C_TENBIT:
    case I2C_PEC:
      return value ? -EOPNOTSUPP : 0;
    default:
      return -ENOTTY;
  }
}
