#include "log_session.h"

#include <memory>

#include "../doorbell.h"
#include "../emit.h"
#include "log.h"

namespace roverd::kvs {
namespace {

struct LogSession {
  std::shared_ptr<Doorbell> doorbell;
  std::uint64_t ticket = 0;
};

void OnRing(napi_env env, napi_value on_lines, void* context, void*) {
  // A ring that is left when the environment is torn down comes without it, after OnFinalize().
  if (env == nullptr || on_lines == nullptr) return;
  static_cast<LogSession*>(context)->doorbell->Answer();
  const Logged logged = TakeLogs();
  try {
    for (const LogLine& line : logged.lines) {
      const Napi::HandleScope scope(env);
      Napi::Object object = Napi::Object::New(env);
      object.Set("level", line.level);
      object.Set("text", line.text);
      Emit(env, Napi::Function(env, on_lines), object);
    }
    if (logged.dropped == 0) return;
    const Napi::HandleScope scope(env);
    Napi::Object object = Napi::Object::New(env);
    object.Set("level", 4);
    object.Set("text", std::to_string(logged.dropped) + " more lines were not kept");
    Emit(env, Napi::Function(env, on_lines), object);
  } catch (const Napi::Error&) {
    // The worker is being terminated and runs no more JavaScript.
  }
}

void OnTeardown(void* context) {
  auto* session = static_cast<LogSession*>(context);
  StopListening(session->ticket);
  session->doorbell->TakeDown();
}

void OnFinalize(napi_env env, void* context, void*) {
  auto* session = static_cast<LogSession*>(context);
  OnTeardown(context);
  napi_remove_env_cleanup_hook(env, &OnTeardown, session);
  delete session;
}

}  // namespace

void LogTo(const Napi::Env& env, const Napi::Function& on_lines) {
  auto* session = new LogSession;
  napi_threadsafe_function bell = nullptr;
  const napi_status status =
      napi_create_threadsafe_function(env, on_lines, nullptr, Napi::String::New(env, "roverd kvs log"), 0, 1, session,
                                      &OnFinalize, session, &OnRing, &bell);
  if (status != napi_ok) {
    delete session;
    throw Napi::Error::New(env);
  }
  napi_unref_threadsafe_function(env, bell);
  session->doorbell = std::make_shared<Doorbell>(bell);
  // Added after the thread-safe function's own hook, so it runs before that frees it.
  napi_add_env_cleanup_hook(env, &OnTeardown, session);
  session->ticket = ListenToLogs([doorbell = session->doorbell] { doorbell->Ring(); });
}

}  // namespace roverd::kvs
