/* Faults that a test injects. */
#define _GNU_SOURCE
#include <linux/i2c.h>

#include "emulation.h"

static bool touches(const struct transfer *transfer, unsigned bus, unsigned reg) {
  for (unsigned i = 0; i < transfer->count; i++) {
    const struct message *message = &transfer->messages[i];
    if (message->flags & I2C_M_RD || message->length == 0) continue;
    for (unsigned c = 0; c < CHIPS; c++) {
      const struct chip *chip = &state->chips[c];
      const struct model *model = model_of(chip);
      if (!model || chip->bus != bus || !model->answers(chip, message->address)) continue;
      if (model->touches(chip, &transfer->bytes[message->offset], message->length, reg)) return true;
    }
  }
  return false;
}

static bool matches(const struct fault *fault, const struct occasion *occasion) {
  if (!__atomic_load_n(&fault->generation, __ATOMIC_ACQUIRE)) return false;
  if (fault->limited && fault->left == 0) return false;
  if (fault->scope != (uint32_t)occasion->scope) return false;
  if (fault->bus >= 0 && fault->bus != occasion->bus) return false;
  if (fault->address >= 0 && fault->address != occasion->address) return false;
  if (fault->pid && fault->pid != occasion->pid) return false;
  if (!(fault->directions & occasion->direction)) return false;
  if (fault->attribute && fault->attribute != (uint32_t)occasion->attribute) return false;
  if (fault->reg >= 0 && occasion->transfer)
    return touches(occasion->transfer, (unsigned)occasion->bus, (unsigned)fault->reg);
  return true;
}

/* Counts; false when it is one of those that pass first. */
static bool strikes(struct fault *fault) {
  if (fault->skip > 0) {
    fault->skip--;
    return false;
  }
  if (fault->limited) fault->left--;
  fault->hits++;
  return true;
}

bool fault_holds(uint32_t hang, uint32_t generation) {
  return hang && __atomic_load_n(&state->faults[hang - 1].generation, __ATOMIC_ACQUIRE) == generation;
}

void fault_hang_call(const struct occasion *occasion) {
  for (uint32_t i = 0; i < FAULTS; i++) {
    struct fault *fault = &state->faults[i];
    if (fault->kind != FAULT_HANG_CALL || !matches(fault, occasion)) continue;
    bool locked = lock_state();
    uint32_t generation = fault->generation;
    bool hangs = matches(fault, occasion) && strikes(fault);
    unlock_state(locked);
    while (hangs && fault_holds(i + 1, generation)) sleep_until(now_ns() + 500000);
  }
}

struct verdict fault_judge(const struct occasion *occasion) {
  struct verdict verdict = {0};
  for (uint32_t i = 0; i < FAULTS; i++) {
    struct fault *fault = &state->faults[i];
    if (fault->kind == FAULT_HANG_CALL || !matches(fault, occasion) || !strikes(fault)) continue;
    switch (fault->kind) {
      case FAULT_SLOW:
        verdict.delay_ns += fault->delay_ns;
        break;
      case FAULT_HANG_BUS:
        verdict.hang = i + 1;
        verdict.generation = fault->generation;
        verdict.timeout_ns = fault->delay_ns;
        break;
      default:
        if (!verdict.error) verdict.error = fault->error;
    }
  }
  return verdict;
}
