#pragma once

#include <napi.h>

#include <cstdint>

#include "options.h"

namespace roverd {

/** A whole number within the limits; throws TypeError or RangeError saying what was expected and what came. */
std::int64_t WholeNumber(const Napi::Env& env, const char* name, const Napi::Value& value, std::int64_t min,
                         std::int64_t max);

CaptureOptions OptionsOf(const Napi::Env& env, const Napi::Value& value);

std::int64_t BitrateOf(const Napi::Env& env, const Napi::Value& value);

}  // namespace roverd
