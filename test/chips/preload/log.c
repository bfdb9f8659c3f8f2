/* The two rings that tests read: transactions, and which outputs are on. Under the lock. */
#include "emulation.h"

void log_append(struct log_entry entry) {
  uint64_t count = state->log_count;
  struct log_entry *place = &state->log[count % LOG_ENTRIES];
  entry.sequence = 0;
  *place = entry;
  __atomic_store_n(&place->sequence, count + 1, __ATOMIC_RELEASE);
  __atomic_store_n(&state->log_count, count + 1, __ATOMIC_RELEASE);
}

void log_outputs(enum scope scope, unsigned bus, unsigned address, uint32_t outputs, uint64_t at_ns) {
  uint64_t count = state->output_count;
  struct output_entry *place = &state->output_log[count % OUTPUT_ENTRIES];
  *place = (struct output_entry){
      .at_ns = at_ns, .scope = (uint16_t)scope, .bus = (uint16_t)bus, .address = address, .outputs = outputs};
  __atomic_store_n(&place->sequence, count + 1, __ATOMIC_RELEASE);
  __atomic_store_n(&state->output_count, count + 1, __ATOMIC_RELEASE);
}
