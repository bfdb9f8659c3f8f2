/* SMBus transfers as I2C messages, as the kernel makes them where the adapter knows I2C only (i2c-core-smbus.c). */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <string.h>

#include "emulation.h"

struct transfer new_transfer(unsigned bus) { return (struct transfer){.bus = bus}; }

bool add_message(struct transfer *transfer, unsigned address, bool is_read, const void *bytes, size_t length) {
  size_t offset = 0;
  if (transfer->count == MESSAGES) return false;
  if (transfer->count > 0) {
    const struct message *last = &transfer->messages[transfer->count - 1];
    offset = last->offset + (size_t)last->length;
  }
  if (length > sizeof transfer->bytes - offset) return false;
  transfer->messages[transfer->count++] = (struct message){.address = (uint16_t)address,
                                                           .flags = is_read ? I2C_M_RD : 0,
                                                           .length = (uint16_t)length,
                                                           .offset = (uint16_t)offset};
  if (!is_read && length) memcpy(&transfer->bytes[offset], bytes, length);
  return true;
}

static int write_command(struct transfer *transfer, unsigned address, unsigned command, const uint8_t *bytes,
                         size_t length) {
  uint8_t message[2 + I2C_SMBUS_BLOCK_MAX] = {(uint8_t)command};
  if (length) memcpy(&message[1], bytes, length);
  add_message(transfer, address, false, message, 1 + length);
  return bus_transfer(transfer);
}

/* Gives where the bytes that were read stand, NULL with the errno in error. */
static const uint8_t *read_command(struct transfer *transfer, unsigned address, unsigned command, size_t length,
                                   int *error) {
  uint8_t message = (uint8_t)command;
  add_message(transfer, address, false, &message, 1);
  add_message(transfer, address, true, NULL, length);
  *error = bus_transfer(transfer);
  return *error ? NULL : &transfer->bytes[transfer->messages[1].offset];
}

int smbus_transfer(unsigned bus, unsigned address, bool is_read, unsigned command, unsigned size,
                   union i2c_smbus_data *data) {
  struct transfer transfer = new_transfer(bus);
  int error = 0;
  const uint8_t *read;
  size_t length;
  switch (size) {
    case I2C_SMBUS_QUICK:
      add_message(&transfer, address, is_read, NULL, 0);
      return bus_transfer(&transfer);
    case I2C_SMBUS_BYTE:
      if (!is_read) return write_command(&transfer, address, command, NULL, 0);
      add_message(&transfer, address, true, NULL, 1);
      error = bus_transfer(&transfer);
      if (!error) data->byte = transfer.bytes[0];
      return error;
    case I2C_SMBUS_BYTE_DATA:
      if (!is_read) return write_command(&transfer, address, command, &data->byte, 1);
      read = read_command(&transfer, address, command, 1, &error);
      if (read) data->byte = *read;
      return error;
    case I2C_SMBUS_WORD_DATA:
      if (!is_read) {
        uint8_t word[] = {(uint8_t)data->word, (uint8_t)(data->word >> 8)};
        return write_command(&transfer, address, command, word, 2);
      }
      read = read_command(&transfer, address, command, 2, &error);
      if (read) data->word = (uint16_t)(read[0] | read[1] << 8);
      return error;
    case I2C_SMBUS_BLOCK_DATA:
      /* Reading needs a length from the chip; none of these gives one. */
      if (is_read) return EOPNOTSUPP;
      length = data->block[0];
      if (length < 1 || length > I2C_SMBUS_BLOCK_MAX) return EINVAL;
      return write_command(&transfer, address, command, data->block, 1 + length);
    case I2C_SMBUS_I2C_BLOCK_BROKEN:
    case I2C_SMBUS_I2C_BLOCK_DATA:
      length = size == I2C_SMBUS_I2C_BLOCK_BROKEN && is_read ? I2C_SMBUS_BLOCK_MAX : data->block[0];
      if (length < 1 || length > I2C_SMBUS_BLOCK_MAX) return EINVAL;
      if (!is_read) return write_command(&transfer, address, command, &data->block[1], length);
      read = read_command(&transfer, address, command, length, &error);
      if (read) memcpy(&data->block[1], read, length);
      return error;
    default:
      return EOPNOTSUPP;
  }
}
