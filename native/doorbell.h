#pragma once

#include <node_api.h>

#include <mutex>
#include <utility>

namespace roverd {

/**
 * Wakes a JavaScript thread from any other. At most one call waits in its thread-safe function; what there is to
 * tell waits, bounded, with whoever rings. Shared with native threads, which may outlive the JavaScript side.
 */
class Doorbell {
 public:
  explicit Doorbell(napi_threadsafe_function bell) : bell_(bell) {}

  void Ring() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (bell_ == nullptr || rung_) return;
    rung_ = napi_call_threadsafe_function(bell_, nullptr, napi_tsfn_nonblocking) == napi_ok;
  }

  /** To be called before looking for what there is, so that nothing is missed. */
  void Answer() {
    const std::lock_guard<std::mutex> lock(mutex_);
    rung_ = false;
  }

  /** Ringing does nothing from here on. Null for all but the first caller, who releases what it gets. */
  napi_threadsafe_function TakeDown() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(bell_, nullptr);
  }

 private:
  std::mutex mutex_;
  napi_threadsafe_function bell_;
  bool rung_ = false;
};

}  // namespace roverd
