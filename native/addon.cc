#include <napi.h>

#include <memory>

#include "arguments.h"
#include "capture.h"
#include "kvs.h"
#include "session.h"

namespace roverd {
namespace {

constexpr std::int64_t kMaxSafeInteger = 9'007'199'254'740'991;

std::shared_ptr<Capture> Named(const Napi::CallbackInfo& info) {
  return Capture::Find(static_cast<std::uint32_t>(WholeNumber(info.Env(), "captureId", info[0], 1, UINT32_MAX)));
}

Napi::Value Found(const Napi::CallbackInfo& info, bool found) { return Napi::Boolean::New(info.Env(), found); }

Napi::Value StartCapture(const Napi::CallbackInfo& info) {
  const CaptureOptions options = OptionsOf(info.Env(), info[0]);
  if (!info[1].IsFunction()) throw Napi::TypeError::New(info.Env(), "Expected onEvent to be a function");
  return Napi::Number::New(info.Env(), Session::Start(info.Env(), options, info[1].As<Napi::Function>()));
}

Napi::Value StopCapture(const Napi::CallbackInfo& info) {
  const auto capture = Named(info);
  if (capture != nullptr) capture->Stop();
  return Found(info, capture != nullptr);
}

Napi::Value RequestKeyFrame(const Napi::CallbackInfo& info) {
  const auto capture = Named(info);
  if (capture != nullptr) capture->RequestKeyFrame();
  return Found(info, capture != nullptr);
}

Napi::Value SetBitrateKbps(const Napi::CallbackInfo& info) {
  const auto kbps = BitrateOf(info.Env(), info[1]);
  const auto capture = Named(info);
  if (capture != nullptr) capture->SetBitrateKbps(static_cast<int>(kbps));
  return Found(info, capture != nullptr);
}

Napi::Value PushFrame(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto capture = Named(info);
  const std::int64_t captured_us = WholeNumber(env, "capturedUs", info[2], 0, kMaxSafeInteger);
  napi_typedarray_type type = napi_int8_array;
  std::size_t bytes = 0;
  void* data = nullptr;
  if (!info[1].IsTypedArray() ||
      napi_get_typedarray_info(env, info[1], &type, &bytes, &data, nullptr, nullptr) != napi_ok ||
      (type != napi_uint8_array && type != napi_uint8_clamped_array)) {
    throw Napi::TypeError::New(env, "Expected rgba to be a Uint8Array or Uint8ClampedArray");
  }
  if (capture == nullptr) return Found(info, false);
  if (!capture->pushed()) throw Napi::TypeError::New(env, "Expected a capture whose source is pushed");
  if (bytes != capture->frame_bytes()) {
    throw Napi::RangeError::New(env, "Expected rgba to be " + std::to_string(capture->frame_bytes()) +
                                         " bytes but received " + std::to_string(bytes));
  }
  return Found(info, capture->Push(static_cast<const std::uint8_t*>(data), captured_us));
}

Napi::Value EndFrames(const Napi::CallbackInfo& info) {
  const auto capture = Named(info);
  if (capture != nullptr && !capture->pushed()) {
    throw Napi::TypeError::New(info.Env(), "Expected a capture whose source is pushed");
  }
  if (capture != nullptr) capture->EndFrames();
  return Found(info, capture != nullptr);
}

Napi::Value KeepUnits(const Napi::CallbackInfo& info) {
  if (!info[1].IsBoolean()) throw Napi::TypeError::New(info.Env(), "Expected keep to be true or false");
  const auto capture = Named(info);
  if (capture != nullptr) capture->KeepUnits(info[1].As<Napi::Boolean>());
  return Found(info, capture != nullptr);
}

Napi::Value Stats(const Napi::CallbackInfo& info) {
  const auto capture = Named(info);
  if (capture == nullptr) return info.Env().Null();
  return StatsObject(info.Env(), capture->Stats());
}

Napi::Value RunningCaptures(const Napi::CallbackInfo& info) {
  Napi::Array ids = Napi::Array::New(info.Env());
  for (const std::uint32_t id : Capture::Ids()) ids.Set(ids.Length(), id);
  return ids;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("startCapture", Napi::Function::New(env, StartCapture, "startCapture"));
  exports.Set("stopCapture", Napi::Function::New(env, StopCapture, "stopCapture"));
  exports.Set("requestKeyFrame", Napi::Function::New(env, RequestKeyFrame, "requestKeyFrame"));
  exports.Set("setBitrateKbps", Napi::Function::New(env, SetBitrateKbps, "setBitrateKbps"));
  exports.Set("keepUnits", Napi::Function::New(env, KeepUnits, "keepUnits"));
  exports.Set("pushFrame", Napi::Function::New(env, PushFrame, "pushFrame"));
  exports.Set("endFrames", Napi::Function::New(env, EndFrames, "endFrames"));
  exports.Set("captureStats", Napi::Function::New(env, Stats, "captureStats"));
  exports.Set("runningCaptures", Napi::Function::New(env, RunningCaptures, "runningCaptures"));
  exports.Set("kvs", KvsExports(env));
  return exports;
}

}  // namespace
}  // namespace roverd

static Napi::Object InitRoverd(Napi::Env env, Napi::Object exports) { return roverd::Init(env, exports); }
NODE_API_MODULE(roverd_native, InitRoverd)
