#include "../kvs.h"

#include <memory>
#include <string>

#include "../arguments.h"
#include "../capture.h"
#include "certificates.h"
#include "log_session.h"
#include "session.h"

namespace roverd {
namespace kvs {
namespace {

constexpr std::int64_t kMaxSafeInteger = 9'007'199'254'740'991;

std::string Text(const Napi::Env& env, const char* name, const Napi::Value& value, std::size_t max_bytes) {
  const std::string text = value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
  if (!value.IsString() || text.size() > max_bytes || text.find('\0') != std::string::npos) {
    throw Napi::TypeError::New(env, std::string("Expected ") + name + " to be a text of at most " +
                                        std::to_string(max_bytes) + " bytes without a null");
  }
  return text;
}

Napi::Function ListenerOf(const Napi::CallbackInfo& info, std::size_t at) {
  if (!info[at].IsFunction()) throw Napi::TypeError::New(info.Env(), "Expected a function that takes events");
  return info[at].As<Napi::Function>();
}

std::shared_ptr<Peer> Named(const Napi::CallbackInfo& info) {
  return Peer::Find(static_cast<std::uint32_t>(WholeNumber(info.Env(), "peerId", info[0], 1, UINT32_MAX)));
}

Napi::Value Prepare(const Napi::CallbackInfo& info) {
  try {
    InitSdk();
  } catch (const SdkError& error) {
    Napi::Error failed = Napi::Error::New(info.Env(), error.call());
    failed.Set("call", error.call());
    failed.Set("status", static_cast<double>(error.status()));
    throw failed;
  }
  StockCertificates();
  return info.Env().Undefined();
}

Napi::Value LogToListener(const Napi::CallbackInfo& info) {
  LogTo(info.Env(), ListenerOf(info, 0));
  return info.Env().Undefined();
}

PeerOptions OptionsOf(const Napi::Env& env, const Napi::Value& value) {
  if (!value.IsObject()) throw Napi::TypeError::New(env, "Expected options to be an object");
  const Napi::Object object = value.As<Napi::Object>();
  PeerOptions options;
  options.kept_channel = static_cast<int>(WholeNumber(env, "keptChannel", object.Get("keptChannel"), -1, 65'534));
  if (!object.Get("iceServers").IsArray()) throw Napi::TypeError::New(env, "Expected iceServers to be an array");
  const Napi::Array servers = object.Get("iceServers").As<Napi::Array>();
  if (servers.Length() > MAX_ICE_SERVERS_COUNT) {
    throw Napi::RangeError::New(env, "Expected at most " + std::to_string(MAX_ICE_SERVERS_COUNT) + " ICE servers");
  }
  for (std::uint32_t at = 0; at < servers.Length(); at++) {
    const Napi::Object server = servers.Get(at).ToObject();
    options.servers.push_back({Text(env, "url", server.Get("url"), MAX_ICE_CONFIG_URI_LEN),
                               Text(env, "username", server.Get("username"), MAX_ICE_CONFIG_USER_NAME_LEN),
                               Text(env, "credential", server.Get("credential"), MAX_ICE_CONFIG_CREDENTIAL_LEN)});
  }
  return options;
}

Napi::Value CreatePeer(const Napi::CallbackInfo& info) {
  const PeerOptions options = OptionsOf(info.Env(), info[0]);
  return Napi::Number::New(info.Env(), PeerSession::Start(info.Env(), options, ListenerOf(info, 1)));
}

Napi::Value Answer(const Napi::CallbackInfo& info) {
  std::string offer = Text(info.Env(), "offer", info[1], MAX_SESSION_DESCRIPTION_INIT_SDP_LEN);
  const auto peer = Named(info);
  if (peer != nullptr) peer->Answer(std::move(offer));
  return Napi::Boolean::New(info.Env(), peer != nullptr);
}

Napi::Value AddCandidate(const Napi::CallbackInfo& info) {
  std::string candidate = Text(info.Env(), "candidate", info[1], MAX_ICE_CANDIDATE_INIT_CANDIDATE_LEN);
  const auto peer = Named(info);
  if (peer != nullptr) peer->AddCandidate(std::move(candidate));
  return Napi::Boolean::New(info.Env(), peer != nullptr);
}

Napi::Value SendFrame(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[1].IsBuffer()) throw Napi::TypeError::New(env, "Expected data to be a Buffer");
  const auto bytes = info[1].As<Napi::Buffer<std::uint8_t>>();
  Unit unit;
  unit.key_frame = info[2].ToBoolean();
  unit.captured_us = WholeNumber(env, "capturedUs", info[3], 0, kMaxSafeInteger);
  const auto peer = Named(info);
  if (peer == nullptr) return Napi::Boolean::New(env, false);
  unit.data.assign(bytes.Data(), bytes.Data() + bytes.Length());
  return Napi::Boolean::New(env, peer->Send(std::make_shared<const Unit>(std::move(unit))));
}

Napi::Value SendText(const Napi::CallbackInfo& info) {
  std::string text = Text(info.Env(), "text", info[1], 65'535);
  const auto peer = Named(info);
  return Napi::Boolean::New(info.Env(), peer != nullptr && peer->SendText(std::move(text)));
}

Napi::Value Channel(const Napi::CallbackInfo& info) {
  const auto peer = Named(info);
  return Napi::Number::New(info.Env(), peer == nullptr ? -1 : peer->channel());
}

/** Capture id 0 means none. */
Napi::Value Attach(const Napi::CallbackInfo& info) {
  const auto id = static_cast<std::uint32_t>(WholeNumber(info.Env(), "captureId", info[1], 0, UINT32_MAX));
  const auto peer = Named(info);
  auto capture = id == 0 ? nullptr : Capture::Find(id);
  if (peer == nullptr || (id != 0 && capture == nullptr)) return Napi::Boolean::New(info.Env(), false);
  return Napi::Boolean::New(info.Env(), peer->Attach(std::move(capture)));
}

Napi::Value Stats(const Napi::CallbackInfo& info) {
  const auto peer = Named(info);
  if (peer == nullptr) return info.Env().Null();
  const PeerStats stats = peer->Stats();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("framesSent", static_cast<double>(stats.frames_sent));
  object.Set("framesDropped", static_cast<double>(stats.frames_dropped));
  object.Set("bytesSent", static_cast<double>(stats.bytes_sent));
  return object;
}

Napi::Value Close(const Napi::CallbackInfo& info) {
  const auto peer = Named(info);
  if (peer != nullptr) peer->Stop();
  return Napi::Boolean::New(info.Env(), peer != nullptr);
}

Napi::Value RunningPeers(const Napi::CallbackInfo& info) {
  Napi::Array ids = Napi::Array::New(info.Env());
  for (const std::uint32_t id : Peer::Ids()) ids.Set(ids.Length(), id);
  return ids;
}

}  // namespace
}  // namespace kvs

Napi::Value KvsExports(Napi::Env env) {
  Napi::Object exports = Napi::Object::New(env);
  exports.Set("prepare", Napi::Function::New(env, kvs::Prepare, "prepare"));
  exports.Set("logTo", Napi::Function::New(env, kvs::LogToListener, "logTo"));
  exports.Set("createPeer", Napi::Function::New(env, kvs::CreatePeer, "createPeer"));
  exports.Set("answer", Napi::Function::New(env, kvs::Answer, "answer"));
  exports.Set("addCandidate", Napi::Function::New(env, kvs::AddCandidate, "addCandidate"));
  exports.Set("sendFrame", Napi::Function::New(env, kvs::SendFrame, "sendFrame"));
  exports.Set("sendText", Napi::Function::New(env, kvs::SendText, "sendText"));
  exports.Set("channel", Napi::Function::New(env, kvs::Channel, "channel"));
  exports.Set("attach", Napi::Function::New(env, kvs::Attach, "attach"));
  exports.Set("stats", Napi::Function::New(env, kvs::Stats, "stats"));
  exports.Set("close", Napi::Function::New(env, kvs::Close, "close"));
  exports.Set("runningPeers", Napi::Function::New(env, kvs::RunningPeers, "runningPeers"));
  return exports;
}

}  // namespace roverd
