#pragma once

#include <napi.h>

namespace roverd::kvs {

/**
 * Carries what the SDK logs to a function on this thread, which it doesn't keep alive. One for the process: the last
 * one counts, and it ends with its thread.
 */
void LogTo(const Napi::Env& env, const Napi::Function& on_lines);

}  // namespace roverd::kvs
