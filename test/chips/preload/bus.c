/*
 * The buses. As in the kernel, a transfer that was handed over happens whatever becomes of its process:
 * it stands in the shared file and is done, when its time has come, by whoever looks at the bus next.
 * So nobody waits for one who was killed or stopped, and the mutex is held for microseconds only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/i2c.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "emulation.h"

#define HANG_POLL_NS 500000u

const struct model *model_of(const struct chip *chip) {
  static const struct model *const models[] = {NULL, &pca9685, &ads1015, &cap1208};
  uint32_t kind = __atomic_load_n(&chip->kind, __ATOMIC_ACQUIRE);
  return kind < sizeof models / sizeof *models ? models[kind] : NULL;
}

static void note_outputs(struct chip *chip, uint32_t before, uint64_t at_ns) {
  if (chip->outputs != before) log_outputs(SCOPE_I2C, chip->bus, chip->address, chip->outputs, at_ns);
}

/* Power came up, or came back: by the test's request, of which only the last counts. */
static void power(struct chip *chip) {
  uint64_t at_ns = __atomic_load_n(&chip->power_request_ns, __ATOMIC_ACQUIRE);
  const struct model *model = model_of(chip);
  if (!model || at_ns == chip->powered_ns) return;
  uint32_t before = chip->outputs;
  model->power_up(chip, at_ns);
  chip->powered_ns = at_ns;
  note_outputs(chip, before, at_ns);
}

/* One message; ENXIO when nobody acknowledges the address. */
static int run_message(unsigned bus, const struct message *message, uint8_t *bytes, uint64_t at_ns) {
  bool acknowledged = false;
  for (unsigned i = 0; i < CHIPS; i++) {
    struct chip *chip = &state->chips[i];
    const struct model *model = model_of(chip);
    if (!model || chip->bus != bus || !chip->present || !model->answers(chip, message->address)) continue;
    /* Chips that share an address pull the line down together: wired AND. */
    if (message->flags & I2C_M_RD) {
      uint8_t read[TRANSFER_BYTES];
      model->read(chip, read, message->length, at_ns);
      for (unsigned b = 0; b < message->length; b++) bytes[b] = acknowledged ? bytes[b] & read[b] : read[b];
    } else {
      uint32_t before = chip->outputs;
      model->write(chip, message->address, bytes, message->length, at_ns);
      note_outputs(chip, before, at_ns);
    }
    acknowledged = true;
  }
  return acknowledged ? 0 : ENXIO;
}

static uint32_t outputs_at(unsigned bus, unsigned address) {
  for (unsigned i = 0; i < CHIPS; i++) {
    const struct chip *chip = &state->chips[i];
    if (model_of(chip) && chip->bus == bus && chip->address == address) return chip->outputs;
  }
  return 0;
}

static void finish(struct transfer *transfer, int error) {
  for (unsigned i = 0; i < transfer->count && !error; i++) {
    struct message *message = &transfer->messages[i];
    error = run_message(transfer->bus, message, &transfer->bytes[message->offset], transfer->due_ns);
  }
  /* Both i2c-bcm2835 and i2c-designware say EREMOTEIO for an address that nobody acknowledges. */
  transfer->error = error == ENXIO && !transfer->error ? EREMOTEIO : error;
  unsigned address = transfer->messages[0].address;
  struct log_entry entry = {.start_ns = transfer->start_ns,
                            .begin_ns = transfer->begin_ns,
                            .end_ns = transfer->due_ns,
                            .pid = transfer->pid,
                            .scope = SCOPE_I2C,
                            .bus = (uint16_t)transfer->bus,
                            .address = (uint16_t)address,
                            .error = transfer->error,
                            .outputs = outputs_at(transfer->bus, address)};
  size_t logged = 0;
  for (unsigned i = 0; i < transfer->count; i++) {
    const struct message *message = &transfer->messages[i];
    if (message->flags & I2C_M_RD) entry.read = (uint16_t)(entry.read + message->length);
    else entry.wrote = (uint16_t)(entry.wrote + message->length);
    for (unsigned b = 0; b < message->length && logged < sizeof entry.bytes; b++)
      entry.bytes[logged++] = transfer->bytes[message->offset + b];
  }
  log_append(entry);
  state->lines[transfer->bus].free_ns = transfer->due_ns;
  transfer->state = TRANSFER_DONE;
}

/* Start, address and bytes with their acknowledge bits, stop. */
static uint64_t wire_ns(const struct transfer *transfer) {
  if (!state->clock_hz) return 0;
  uint64_t bits = 1;
  for (unsigned i = 0; i < transfer->count; i++) bits += 1 + 9 * (1 + (uint64_t)transfer->messages[i].length);
  return bits * 1000000000u / state->clock_hz;
}

static void begin(struct transfer *transfer) {
  const struct line *line = &state->lines[transfer->bus];
  transfer->begin_ns = line->free_ns > transfer->queued_ns ? line->free_ns : transfer->queued_ns;
  bool reads = false;
  for (unsigned i = 0; i < transfer->count; i++) reads |= (transfer->messages[i].flags & I2C_M_RD) != 0;
  struct occasion occasion = {.scope = SCOPE_I2C,
                              .bus = (int)transfer->bus,
                              .address = transfer->messages[0].address,
                              .pid = transfer->pid,
                              .direction = reads ? DIRECTION_READ : DIRECTION_WRITE,
                              .transfer = transfer};
  struct verdict verdict = fault_judge(&occasion);
  transfer->error = verdict.error;
  transfer->hang = verdict.hang;
  transfer->hang_generation = verdict.generation;
  uint64_t timeout_ns = verdict.timeout_ns ? verdict.timeout_ns : (uint64_t)line->timeout_ms * 1000000u;
  transfer->due_ns = transfer->begin_ns + verdict.delay_ns +
                     (verdict.hang ? timeout_ns : verdict.error ? 0 : wire_ns(transfer));
  transfer->state = TRANSFER_RUNNING;
}

static struct transfer *oldest(unsigned bus) {
  struct transfer *found = NULL;
  for (unsigned i = 0; i < TRANSFERS; i++) {
    struct transfer *transfer = &state->transfers[i];
    if (transfer->state != TRANSFER_QUEUED && transfer->state != TRANSFER_RUNNING) continue;
    if (transfer->bus == bus && (!found || transfer->ticket < found->ticket)) found = transfer;
  }
  return found;
}

/* Gives the time at which there is more to do, 0 when the bus is free. */
static uint64_t settle(unsigned bus) {
  for (;;) {
    struct transfer *transfer = oldest(bus);
    if (!transfer) return 0;
    if (transfer->state == TRANSFER_QUEUED) begin(transfer);
    uint64_t now = now_ns();
    if (transfer->hang) {
      if (fault_holds(transfer->hang, transfer->hang_generation)) {
        if (now < transfer->due_ns) return now + HANG_POLL_NS;
        finish(transfer, ETIMEDOUT);
        continue;
      }
      transfer->hang = 0;
      transfer->due_ns = now + wire_ns(transfer);
    }
    if (now < transfer->due_ns) return transfer->due_ns;
    finish(transfer, transfer->error);
  }
}

void bus_settle(void) {
  for (unsigned i = 0; i < CHIPS; i++) power(&state->chips[i]);
  for (unsigned bus = 0; bus < BUSES; bus++)
    if (state->buses >> bus & 1) settle(bus);
}

static struct transfer *free_transfer(void) {
  for (unsigned i = 0; i < TRANSFERS; i++)
    if (state->transfers[i].state == TRANSFER_FREE) return &state->transfers[i];
  /* Nobody fetches the result of one whose process is gone. */
  for (unsigned i = 0; i < TRANSFERS; i++) {
    struct transfer *transfer = &state->transfers[i];
    if (transfer->state == TRANSFER_DONE && kill(transfer->pid, 0) && errno == ESRCH) return transfer;
  }
  return NULL;
}

/* What the adapters refuse (i2c-bcm2835.c, i2c-designware-master.c). */
static int refusal(const struct transfer *transfer) {
  for (unsigned i = 0; i < transfer->count; i++) {
    const struct message *message = &transfer->messages[i];
    if (state->adapter == ADAPTER_DESIGNWARE) {
      if (message->length == 0) return EOPNOTSUPP;
      if (message->address != transfer->messages[0].address) return EINVAL;
    } else if (message->flags & I2C_M_RD && i + 1 < transfer->count) {
      return EOPNOTSUPP;
    }
  }
  return 0;
}

int bus_transfer(struct transfer *transfer) {
  int refused = refusal(transfer);
  if (refused) return refused;
  transfer->start_ns = now_ns();
  transfer->pid = getpid();
  bool reads = transfer->messages[transfer->count - 1].flags & I2C_M_RD;
  fault_hang_call(&(struct occasion){.scope = SCOPE_I2C,
                                     .bus = (int)transfer->bus,
                                     .address = transfer->messages[0].address,
                                     .pid = transfer->pid,
                                     .direction = reads ? DIRECTION_READ : DIRECTION_WRITE,
                                     .transfer = transfer});
  struct transfer *mine = NULL;
  for (;;) {
    bool locked = lock_state();
    if (!mine && (mine = free_transfer())) {
      memcpy(mine, transfer, sizeof *mine);
      mine->queued_ns = now_ns();
      mine->ticket = state->next_ticket++;
      mine->state = TRANSFER_QUEUED;
    }
    for (unsigned i = 0; i < CHIPS; i++) power(&state->chips[i]);
    uint64_t again_ns = settle(transfer->bus);
    if (mine && mine->state == TRANSFER_DONE) {
      memcpy(transfer, mine, sizeof *transfer);
      mine->state = TRANSFER_FREE;
      unlock_state(locked);
      return transfer->error;
    }
    unlock_state(locked);
    sleep_until(again_ns ? again_ns : now_ns() + HANG_POLL_NS);
  }
}
