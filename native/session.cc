#include "session.h"

#include <string>
#include <utility>

#include "emit.h"

namespace roverd {
namespace {

/** A device whose driver hangs must not hang the exit of a worker or of the process. */
constexpr int kTeardownTimeoutMs = 2000;

}  // namespace

Napi::Object StatsObject(const Napi::Env& env, const CaptureStats& stats) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("encoder", stats.encoder);
  object.Set("unitsDelivered", static_cast<double>(stats.units_delivered));
  object.Set("unitsDropped", static_cast<double>(stats.units_dropped));
  object.Set("framesTaken", static_cast<double>(stats.frames_taken));
  object.Set("framesRefused", static_cast<double>(stats.frames_refused));
  return object;
}

std::uint32_t Session::Start(const Napi::Env& env, const CaptureOptions& options, const Napi::Function& on_event) {
  auto* session = new Session;
  napi_threadsafe_function bell = nullptr;
  const napi_status status = napi_create_threadsafe_function(
      env, on_event, nullptr, Napi::String::New(env, "roverd capture"), 0, 1, session, &Session::OnFinalize, session,
      &Session::OnRing, &bell);
  if (status != napi_ok) {
    delete session;
    throw Napi::Error::New(env);
  }
  session->doorbell_ = std::make_shared<Doorbell>(bell);
  // Added after the thread-safe function's own hook, so it runs before that frees it.
  napi_add_env_cleanup_hook(env, &Session::OnTeardown, session);
  try {
    session->capture_ = Capture::Start(options, [doorbell = session->doorbell_] { doorbell->Ring(); });
  } catch (const std::exception& error) {
    session->doorbell_->TakeDown();
    napi_release_threadsafe_function(bell, napi_tsfn_abort);
    throw Napi::Error::New(env, std::string("Can't start a thread for the capture: ") + error.what());
  }
  return session->capture_->id();
}

void Session::OnRing(napi_env env, napi_value on_event, void* context, void*) {
  // A ring that is left when the environment is torn down comes without it, after OnFinalize().
  if (env == nullptr || on_event == nullptr) return;
  auto* session = static_cast<Session*>(context);
  session->doorbell_->Answer();
  if (session->done_) return;
  try {
    session->Drain(Napi::Env(env), Napi::Function(env, on_event));
  } catch (const Napi::Error&) {
    // The worker is being terminated and runs no more JavaScript; OnTeardown() comes next.
  }
}

void Session::Drain(const Napi::Env& env, const Napi::Function& on_event) {
  // Asked first: what the capture leaves behind before it ends is then seen below.
  const bool ended = capture_->WaitUntilEnded(0);
  if (capture_->TakeStreaming()) Emit(env, on_event, EventOf(env, "streaming"));
  while (const SharedUnit unit = capture_->TakeUnit()) {
    const Napi::HandleScope scope(env);
    Napi::Object event = EventOf(env, "unit");
    event.Set("data", Napi::Buffer<std::uint8_t>::Copy(env, unit->data.data(), unit->data.size()));
    event.Set("keyFrame", unit->key_frame);
    event.Set("capturedUs", static_cast<double>(unit->captured_us));
    Emit(env, on_event, event);
  }
  if (const auto failure = capture_->TakeFailure()) {
    Napi::Object event = EventOf(env, "error");
    event.Set("code", Name(failure->code()));
    event.Set("message", std::string(failure->what()));
    Emit(env, on_event, event);
  }
  if (!ended) return;
  done_ = true;
  if (napi_threadsafe_function bell = doorbell_->TakeDown()) napi_release_threadsafe_function(bell, napi_tsfn_release);
  Napi::Object event = EventOf(env, "stopped");
  event.Set("stats", StatsObject(env, capture_->Stats()));
  Emit(env, on_event, event);
}

void Session::OnTeardown(void* context) {
  auto* session = static_cast<Session*>(context);
  session->doorbell_->TakeDown();
  if (session->capture_ == nullptr) return;
  session->capture_->Stop();
  session->capture_->WaitUntilEnded(kTeardownTimeoutMs);
}

void Session::OnFinalize(napi_env env, void* data, void*) {
  auto* session = static_cast<Session*>(data);
  session->doorbell_->TakeDown();
  napi_remove_env_cleanup_hook(env, &Session::OnTeardown, session);
  delete session;
}

}  // namespace roverd
