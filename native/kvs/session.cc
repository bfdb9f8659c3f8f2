#include "session.h"

#include <string>

#include "../emit.h"

namespace roverd::kvs {
namespace {

/** An SDK that hangs must not hang the exit of a worker or of the process. */
constexpr int kTeardownTimeoutMs = 2000;
constexpr int kMaxEventsAtOnce = 64;

Napi::Value OrNull(const Napi::Env& env, const std::optional<double>& value) {
  return value ? Napi::Number::New(env, *value).As<Napi::Value>() : env.Null();
}

/** Its form is that of KvsEvent in native/addon.ts. */
Napi::Object ObjectOf(const Napi::Env& env, const Event& event) {
  switch (event.kind) {
    case Event::Kind::kAnswer: {
      Napi::Object object = EventOf(env, "answer");
      object.Set("sdp", event.text);
      return object;
    }
    case Event::Kind::kRefused: {
      Napi::Object object = EventOf(env, "refused");
      object.Set("call", event.text);
      object.Set("status", static_cast<double>(event.number));
      return object;
    }
    case Event::Kind::kState: {
      Napi::Object object = EventOf(env, "state");
      object.Set("state", event.text);
      return object;
    }
    case Event::Kind::kCandidate: {
      Napi::Object object = EventOf(env, "candidate");
      object.Set("json", event.text);
      return object;
    }
    case Event::Kind::kChannelOpen:
      return EventOf(env, "channelOpen");
    case Event::Kind::kChannelClosed:
      return EventOf(env, "channelClosed");
    case Event::Kind::kData: {
      Napi::Object object = EventOf(env, "data");
      object.Set("text", event.text);
      return object;
    }
    case Event::Kind::kKeyFrame:
      return EventOf(env, "keyFrame");
    case Event::Kind::kReport: {
      Napi::Object object = EventOf(env, "report");
      object.Set("lossRatio", OrNull(env, event.report.loss_ratio));
      object.Set("roundTripMs", OrNull(env, event.report.round_trip_ms));
      object.Set("estimateKbps", OrNull(env, event.report.estimate_kbps));
      return object;
    }
    case Event::Kind::kClosed:
      break;
  }
  return EventOf(env, "closed");
}

}  // namespace

std::uint32_t PeerSession::Start(const Napi::Env& env, const PeerOptions& options, const Napi::Function& on_event) {
  auto* session = new PeerSession;
  napi_threadsafe_function bell = nullptr;
  const napi_status status = napi_create_threadsafe_function(
      env, on_event, nullptr, Napi::String::New(env, "roverd viewer"), 0, 1, session, &PeerSession::OnFinalize, session,
      &PeerSession::OnRing, &bell);
  if (status != napi_ok) {
    delete session;
    throw Napi::Error::New(env);
  }
  session->doorbell_ = std::make_shared<Doorbell>(bell);
  // Added after the thread-safe function's own hook, so it runs before that frees it.
  napi_add_env_cleanup_hook(env, &PeerSession::OnTeardown, session);
  try {
    session->peer_ = Peer::Start(options, [doorbell = session->doorbell_] { doorbell->Ring(); });
  } catch (const std::exception& error) {
    session->doorbell_->TakeDown();
    napi_release_threadsafe_function(bell, napi_tsfn_abort);
    throw Napi::Error::New(env, std::string("Can't start a thread for the viewer: ") + error.what());
  }
  return session->peer_->id();
}

void PeerSession::OnRing(napi_env env, napi_value on_event, void* context, void*) {
  // A ring that is left when the environment is torn down comes without it, after OnFinalize().
  if (env == nullptr || on_event == nullptr) return;
  auto* session = static_cast<PeerSession*>(context);
  session->doorbell_->Answer();
  try {
    session->Drain(Napi::Env(env), Napi::Function(env, on_event));
  } catch (const Napi::Error&) {
    // The worker is being terminated and runs no more JavaScript; OnTeardown() comes next.
  }
}

void PeerSession::Drain(const Napi::Env& env, const Napi::Function& on_event) {
  for (int events = 0;; events++) {
    // A viewer that talks without pause does not hold up everything else.
    if (events == kMaxEventsAtOnce) return doorbell_->Ring();
    const auto event = peer_->TakeEvent();
    if (!event) return;
    const Napi::HandleScope scope(env);
    if (event->kind == Event::Kind::kClosed) {
      napi_threadsafe_function bell = doorbell_->TakeDown();
      if (bell != nullptr) napi_release_threadsafe_function(bell, napi_tsfn_release);
    }
    Emit(env, on_event, ObjectOf(env, *event));
  }
}

void PeerSession::OnTeardown(void* context) {
  auto* session = static_cast<PeerSession*>(context);
  session->doorbell_->TakeDown();
  if (session->peer_ == nullptr) return;
  session->peer_->Stop();
  session->peer_->WaitUntilEnded(kTeardownTimeoutMs);
}

void PeerSession::OnFinalize(napi_env env, void* data, void*) {
  auto* session = static_cast<PeerSession*>(data);
  session->doorbell_->TakeDown();
  napi_remove_env_cleanup_hook(env, &PeerSession::OnTeardown, session);
  delete session;
}

}  // namespace roverd::kvs
