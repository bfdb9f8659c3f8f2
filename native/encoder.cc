#include "encoder.h"

#include "gst.h"

namespace roverd {
namespace {

constexpr char kOutput[] = "video/x-h264,stream-format=byte-stream,alignment=au,profile=constrained-baseline";

/** v4l2h264enc exists on many machines with no encoder behind it; opening its device is what READY does. */
bool HardwareOpens() {
  ElementPtr element(gst_element_factory_make("v4l2h264enc", nullptr));
  if (element == nullptr) return false;
  gst_object_ref_sink(element.get());
  const bool opens = gst_element_set_state(element.get(), GST_STATE_READY) == GST_STATE_CHANGE_SUCCESS;
  gst_element_set_state(element.get(), GST_STATE_NULL);
  return opens;
}

/** Level 3.1 (what the viewers' 42e01f says) ends at 1280x720 at 30/s: ITU-T H.264, table A-1, MaxMBPS 108000. */
const char* Level(const CaptureOptions& options) {
  const int macroblocks = ((options.width + 15) / 16) * ((options.height + 15) / 16);
  return macroblocks <= 3600 && macroblocks * options.frames_per_s <= 108000 ? "3.1" : "4";
}

std::string V4l2Description(const CaptureOptions& options) {
  const int interval = options.key_frame_interval_s * options.frames_per_s;
  return std::string("videoconvert ! v4l2h264enc name=encoder extra-controls=\"controls,video_bitrate_mode=1") +
         ",video_bitrate=" + std::to_string(options.bitrate_kbps * 1000) +
         ",h264_i_frame_period=" + std::to_string(interval) + ",repeat_sequence_header=1\" ! " + kOutput +
         ",level=(string)" + Level(options) + " ! h264parse config-interval=-1 ! " + kOutput;
}

/**
 * A VBV of 200 ms keeps a key frame from taking the line for longer than that. Scene-cut key frames are off:
 * key frames come when a viewer needs one. One thread is enough up to 640x480 and costs least.
 */
std::string X264Description(const CaptureOptions& options) {
  const int interval = options.key_frame_interval_s * options.frames_per_s;
  const int threads = options.width * options.height > 640 * 480 ? 2 : 1;
  return std::string("videoconvert ! video/x-raw,format=I420 ! x264enc name=encoder tune=zerolatency") +
         " speed-preset=superfast byte-stream=true aud=false vbv-buf-capacity=200 option-string=\"scenecut=0\"" +
         " threads=" + std::to_string(threads) + " bitrate=" + std::to_string(options.bitrate_kbps) +
         " key-int-max=" + std::to_string(interval) + " ! " + kOutput;
}

/** Setting the property writes the controls to an open device, and replaces those kept for one not yet opened. */
void SetControl(GstElement* element, const char* name, int value) {
  GstStructure* controls = nullptr;
  if (GST_STATE(element) < GST_STATE_READY) g_object_get(element, "extra-controls", &controls, nullptr);
  if (controls == nullptr) controls = gst_structure_new_empty("controls");
  gst_structure_set(controls, name, G_TYPE_INT, value, nullptr);
  g_object_set(element, "extra-controls", controls, nullptr);
  gst_structure_free(controls);
}

}  // namespace

Encoder ChooseEncoder(Encoder wanted) {
  if (wanted == Encoder::kAuto) return HardwareOpens() ? Encoder::kV4l2 : Encoder::kX264;
  if (wanted == Encoder::kV4l2 && !HardwareOpens()) {
    throw Failure(FailureCode::kEncoderMissing,
                  "This machine has no H.264 encoder that GStreamer's v4l2h264enc can open "
                  "(a Raspberry Pi 5 has none; the element is in the Debian package gstreamer1.0-plugins-good)");
  }
  return wanted;
}

const char* ElementName(Encoder encoder) { return encoder == Encoder::kV4l2 ? "v4l2h264enc" : "x264enc"; }

std::string EncoderDescription(Encoder encoder, const CaptureOptions& options) {
  return encoder == Encoder::kV4l2 ? V4l2Description(options) : X264Description(options);
}

void SetBitrate(GstElement* element, Encoder encoder, int kbps) {
  if (encoder == Encoder::kV4l2) {
    SetControl(element, "video_bitrate", kbps * 1000);
  } else {
    g_object_set(element, "bitrate", static_cast<guint>(kbps), nullptr);
  }
}

void ForceKeyFrame(GstElement* element, Encoder encoder) {
  if (encoder == Encoder::kV4l2) {
    // GStreamer 1.22's v4l2h264enc does not tell the driver of the event below; this control does.
    SetControl(element, "force_key_frame", 1);
  }
  // The event of gst_video_event_new_upstream_force_key_unit(), without linking that library for it.
  GstStructure* request = gst_structure_new("GstForceKeyUnit", "running-time", GST_TYPE_CLOCK_TIME,
                                            GST_CLOCK_TIME_NONE, "all-headers", G_TYPE_BOOLEAN, TRUE, "count",
                                            G_TYPE_UINT, 0, nullptr);
  PadPtr pad(gst_element_get_static_pad(element, "src"));
  gst_pad_send_event(pad.get(), gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM, request));
}

}  // namespace roverd
