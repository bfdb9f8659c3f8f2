#pragma once

#include <napi.h>

#include <memory>

#include "../doorbell.h"
#include "peer.h"

namespace roverd::kvs {

/**
 * The JavaScript side of one peer: carries its events to a function on the thread that made it. Deletes itself with
 * its last event, or when that thread's environment is torn down, then with the peer closed.
 */
class PeerSession {
 public:
  static std::uint32_t Start(const Napi::Env& env, const PeerOptions& options, const Napi::Function& on_event);
  PeerSession(const PeerSession&) = delete;
  PeerSession& operator=(const PeerSession&) = delete;

 private:
  PeerSession() = default;
  ~PeerSession() = default;
  static void OnRing(napi_env env, napi_value on_event, void* session, void* data);
  static void OnTeardown(void* session);
  static void OnFinalize(napi_env env, void* session, void* hint);
  void Drain(const Napi::Env& env, const Napi::Function& on_event);

  std::shared_ptr<Doorbell> doorbell_;
  std::shared_ptr<Peer> peer_;
};

}  // namespace roverd::kvs
