#include "session.h"

#include <mutex>
#include <string>
#include <utility>

namespace roverd {
namespace {

/** A device whose driver hangs must not hang the exit of a worker or of the process. */
constexpr int kTeardownTimeoutMs = 2000;

/** A listener that throws is reported like any other uncaught exception; events go on. */
void Emit(const Napi::Env& env, const Napi::Function& on_event, const Napi::Object& event) {
  try {
    on_event.Call({event});
  } catch (const Napi::Error& error) {
    napi_fatal_exception(env, error.Value());
  }
}

Napi::Object EventOf(const Napi::Env& env, const char* type) {
  Napi::Object event = Napi::Object::New(env);
  event.Set("type", type);
  return event;
}

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

struct Session::Doorbell {
  std::mutex mutex;
  napi_threadsafe_function bell = nullptr;
  bool rung = false;

  /** At most one call waits in the thread-safe function; the units wait, bounded, in the capture. */
  void Ring() {
    const std::lock_guard<std::mutex> lock(mutex);
    if (bell == nullptr || rung) return;
    rung = napi_call_threadsafe_function(bell, nullptr, napi_tsfn_nonblocking) == napi_ok;
  }

  void Answer() {
    const std::lock_guard<std::mutex> lock(mutex);
    rung = false;
  }

  napi_threadsafe_function TakeDown() {
    const std::lock_guard<std::mutex> lock(mutex);
    return std::exchange(bell, nullptr);
  }
};

std::uint32_t Session::Start(const Napi::Env& env, const CaptureOptions& options, const Napi::Function& on_event) {
  auto* session = new Session;
  session->doorbell_ = std::make_shared<Doorbell>();
  napi_threadsafe_function bell = nullptr;
  const napi_status status = napi_create_threadsafe_function(
      env, on_event, nullptr, Napi::String::New(env, "roverd capture"), 0, 1, session, &Session::OnFinalize, session,
      &Session::OnRing, &bell);
  if (status != napi_ok) {
    delete session;
    throw Napi::Error::New(env);
  }
  session->doorbell_->bell = bell;
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
  auto* session = static_cast<Session*>(context);
  session->doorbell_->Answer();
  if (env == nullptr || on_event == nullptr || session->done_) return;
  try {
    session->Drain(Napi::Env(env), Napi::Function(env, on_event));
  } catch (const Napi::Error&) {
    // The worker is being terminated and runs no more JavaScript; OnTeardown() comes next.
  }
}

void Session::Drain(const Napi::Env& env, const Napi::Function& on_event) {
  // Asked first: what the capture leaves behind before it ends is then seen below.
  const bool ended = capture_->WaitUntilEnded(0);
  while (const auto unit = capture_->TakeUnit()) {
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
