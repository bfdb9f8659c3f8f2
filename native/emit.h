#pragma once

#include <napi.h>

namespace roverd {

/** A listener that throws is reported like any other uncaught exception; events go on. */
inline void Emit(const Napi::Env& env, const Napi::Function& on_event, const Napi::Object& event) {
  try {
    on_event.Call({event});
  } catch (const Napi::Error& error) {
    napi_fatal_exception(env, error.Value());
  }
}

inline Napi::Object EventOf(const Napi::Env& env, const char* type) {
  Napi::Object event = Napi::Object::New(env);
  event.Set("type", type);
  return event;
}

}  // namespace roverd
