#include "gst.h"

#include <cstring>
#include <mutex>

namespace roverd {
namespace {

struct Packaged {
  const char* element;
  const char* package;
};

/** Debian 12's packages, as `apt-file search` tells them; elements of GStreamer's core have none of their own. */
constexpr Packaged kPackages[] = {
    {"appsrc", "gstreamer1.0-plugins-base"},       {"appsink", "gstreamer1.0-plugins-base"},
    {"videotestsrc", "gstreamer1.0-plugins-base"}, {"videoconvert", "gstreamer1.0-plugins-base"},
    {"videoscale", "gstreamer1.0-plugins-base"},   {"videorate", "gstreamer1.0-plugins-base"},
    {"decodebin", "gstreamer1.0-plugins-base"},    {"v4l2src", "gstreamer1.0-plugins-good"},
    {"v4l2h264enc", "gstreamer1.0-plugins-good"},  {"h264parse", "gstreamer1.0-plugins-bad"},
    {"x264enc", "gstreamer1.0-plugins-ugly"},      {"libcamerasrc", "gstreamer1.0-libcamera"},
};

std::string PackageOf(const std::string& element) {
  for (const Packaged& entry : kPackages) {
    if (element == entry.element) return entry.package;
  }
  return "libgstreamer1.0-0";
}

FailureCode CodeOfMissing(const std::string& element) {
  if (element == "x264enc" || element == "v4l2h264enc") return FailureCode::kEncoderMissing;
  if (element == "v4l2src" || element == "libcamerasrc") return FailureCode::kCameraMissing;
  return FailureCode::kPipelineFailed;
}

[[noreturn]] void ThrowMissing(const std::string& element) {
  throw Failure(CodeOfMissing(element), "GStreamer has no element " + element +
                                            ": install the Debian package " + PackageOf(element));
}

/** The last line of an element's debug text holds the particulars ("No such file ..."); the rest is its source line. */
std::string Particulars(const char* debug) {
  if (debug == nullptr) return "";
  const char* line = std::strrchr(debug, '\n');
  return line == nullptr ? "" : line + 1;
}

bool IsCamera(GstMessage* message) {
  GstObject* from = GST_MESSAGE_SRC(message);
  return from != nullptr && std::strcmp(GST_OBJECT_NAME(from), "camera") == 0;
}

}  // namespace

void InitGStreamer() {
  static std::once_flag once;
  static std::string* refusal = nullptr;
  std::call_once(once, [] {
    GError* error = nullptr;
    if (gst_init_check(nullptr, nullptr, &error)) return;
    refusal = new std::string(error != nullptr ? error->message : "no reason given");
    g_clear_error(&error);
  });
  if (refusal != nullptr) throw Failure(FailureCode::kPipelineFailed, "GStreamer does not start: " + *refusal);
}

ElementPtr Launch(const std::string& description) {
  GstParseContext* context = gst_parse_context_new();
  GError* error = nullptr;
  ElementPtr pipeline(
      gst_parse_launch_full(description.c_str(), context, GST_PARSE_FLAG_FATAL_ERRORS, &error));
  gchar** missing = gst_parse_context_get_missing_elements(context);
  const std::string element = missing != nullptr && missing[0] != nullptr ? missing[0] : "";
  g_strfreev(missing);
  gst_parse_context_free(context);
  const std::string reason = error != nullptr ? error->message : "";
  g_clear_error(&error);
  if (!element.empty()) ThrowMissing(element);
  if (pipeline == nullptr || !reason.empty()) {
    throw Failure(FailureCode::kPipelineFailed, "GStreamer can't build the pipeline: " + reason);
  }
  return pipeline;
}

Failure FailureOf(GstMessage* message, bool had_pictures) {
  GError* error = nullptr;
  gchar* debug = nullptr;
  gst_message_parse_error(message, &error, &debug);
  std::string text = error->message;
  const std::string particulars = Particulars(debug);
  if (!particulars.empty()) text += " (" + particulars + ")";
  FailureCode code = FailureCode::kPipelineFailed;
  if (IsCamera(message) && error->domain == GST_RESOURCE_ERROR) {
    code = had_pictures ? FailureCode::kCameraLost : FailureCode::kCameraMissing;
  } else if (g_error_matches(error, GST_STREAM_ERROR, GST_STREAM_ERROR_CODEC_NOT_FOUND) ||
             g_error_matches(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN)) {
    text += "; the Debian package gstreamer1.0-libav has most decoders";
  }
  g_error_free(error);
  g_free(debug);
  return Failure(code, text);
}

}  // namespace roverd
