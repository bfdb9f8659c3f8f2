#include "arguments.h"

#include <cmath>
#include <string>

namespace roverd {
namespace {

[[noreturn]] void Refuse(const Napi::Env& env, const std::string& name, const std::string& expected,
                         const Napi::Value& received) {
  const std::string text = received.ToString().Utf8Value();
  const std::string message = "Expected " + name + " to be " + expected + " but received " + text;
  if (received.IsNumber()) throw Napi::RangeError::New(env, message);
  throw Napi::TypeError::New(env, message);
}

int Option(const Napi::Object& options, const char* name, int min, int max) {
  return static_cast<int>(WholeNumber(options.Env(), name, options.Get(name), min, max));
}

/** 4:2:0 chroma has one sample for two pixels each way. */
int PictureSide(const Napi::Object& options, const char* name, int max) {
  const int pixels = Option(options, name, 64, max);
  if (pixels % 2 != 0) Refuse(options.Env(), name, "even", options.Get(name));
  return pixels;
}

std::string Location(const Napi::Object& source, const char* name) {
  const Napi::Value value = source.Get(name);
  if (!value.IsString() || value.As<Napi::String>().Utf8Value().empty()) {
    Refuse(source.Env(), std::string("source.") + name, "a text that is not empty", value);
  }
  return value.As<Napi::String>().Utf8Value();
}

void ReadSource(const Napi::Env& env, const Napi::Value& value, CaptureOptions* options) {
  if (!value.IsObject()) Refuse(env, "source", "an object with a kind", value);
  const Napi::Object source = value.As<Napi::Object>();
  const std::string kind = source.Get("kind").ToString().Utf8Value();
  if (kind == "pushed") {
    options->source = Source::kPushed;
  } else if (kind == "test") {
    options->source = Source::kTest;
  } else if (kind == "file") {
    options->source = Source::kFile;
    options->location = Location(source, "path");
  } else if (kind == "v4l2") {
    options->source = Source::kV4l2;
    options->location = Location(source, "device");
  } else if (kind == "libcamera") {
    options->source = Source::kLibcamera;
    if (!source.Get("device").IsUndefined()) options->location = Location(source, "device");
  } else {
    Refuse(env, "source.kind", "one of pushed, test, file, v4l2, libcamera", source.Get("kind"));
  }
}

Encoder ReadEncoder(const Napi::Env& env, const Napi::Value& value) {
  const std::string name = value.ToString().Utf8Value();
  if (name == "auto") return Encoder::kAuto;
  if (name == "v4l2h264enc") return Encoder::kV4l2;
  if (name == "x264enc") return Encoder::kX264;
  Refuse(env, "encoder", "one of auto, v4l2h264enc, x264enc", value);
}

}  // namespace

std::int64_t WholeNumber(const Napi::Env& env, const char* name, const Napi::Value& value, std::int64_t min,
                         std::int64_t max) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (!(number >= static_cast<double>(min) && number <= static_cast<double>(max)) || number != std::floor(number)) {
    Refuse(env, name, "a whole number from " + std::to_string(min) + " to " + std::to_string(max), value);
  }
  return static_cast<std::int64_t>(number);
}

std::int64_t BitrateOf(const Napi::Env& env, const Napi::Value& value) {
  return WholeNumber(env, "bitrateKbps", value, 100, 8000);
}

CaptureOptions OptionsOf(const Napi::Env& env, const Napi::Value& value) {
  if (!value.IsObject()) Refuse(env, "options", "an object", value);
  const Napi::Object object = value.As<Napi::Object>();
  CaptureOptions options;
  ReadSource(env, object.Get("source"), &options);
  options.width = PictureSide(object, "width", 1920);
  options.height = PictureSide(object, "height", 1080);
  options.frames_per_s = Option(object, "framesPerS", 1, 120);
  options.bitrate_kbps = static_cast<int>(BitrateOf(env, object.Get("bitrateKbps")));
  options.key_frame_interval_s = Option(object, "keyFrameIntervalS", 1, 3600);
  options.encoder = ReadEncoder(env, object.Get("encoder"));
  options.stall_ms = Option(object, "stallMs", 100, 60'000);
  return options;
}

}  // namespace roverd
