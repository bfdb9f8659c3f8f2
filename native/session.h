#pragma once

#include <napi.h>

#include <memory>

#include "capture.h"
#include "doorbell.h"

namespace roverd {

Napi::Object StatsObject(const Napi::Env& env, const CaptureStats& stats);

/**
 * The JavaScript side of one capture: carries its events to a function on the thread that started it. Deletes
 * itself with its last event, or when that thread's environment is torn down, then with the capture stopped.
 */
class Session {
 public:
  static std::uint32_t Start(const Napi::Env& env, const CaptureOptions& options, const Napi::Function& on_event);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  Session() = default;
  ~Session() = default;
  static void OnRing(napi_env env, napi_value on_event, void* session, void* data);
  static void OnTeardown(void* session);
  static void OnFinalize(napi_env env, void* session, void* hint);
  void Drain(const Napi::Env& env, const Napi::Function& on_event);

  std::shared_ptr<Doorbell> doorbell_;
  std::shared_ptr<Capture> capture_;
  bool done_ = false;
};

}  // namespace roverd
