#include "source.h"

namespace roverd {
namespace {

std::string Size(const CaptureOptions& options) {
  return "width=" + std::to_string(options.width) + ",height=" + std::to_string(options.height);
}

std::string Rate(const CaptureOptions& options) {
  return "framerate=" + std::to_string(options.frames_per_s) + "/1";
}

/**
 * Two pictures at most wait for the encoder, so that a slow one costs pictures and not delay. What the camera
 * gives is brought to size and rate; all of these pass pictures through untouched when they already fit.
 */
std::string FromDevice(const CaptureOptions& options) {
  return " ! queue max-size-buffers=2 max-size-bytes=0 max-size-time=0 leaky=downstream"
         " ! videorate drop-only=true ! videoscale ! video/x-raw," +
         Size(options) + ",pixel-aspect-ratio=1/1,framerate=[0/1," + std::to_string(options.frames_per_s) + "/1]";
}

std::string FilePictures(const CaptureOptions& options) {
  return "video/x-raw,format=I420,pixel-aspect-ratio=1/1,interlace-mode=progressive," + Size(options) + "," +
         Rate(options);
}

}  // namespace

std::string FileDescription(const CaptureOptions& options) {
  return "filesrc name=camera ! decodebin ! videorate ! videoscale add-borders=true ! videoconvert ! " +
         FilePictures(options) + " ! appsink name=pictures sync=false max-buffers=1";
}

std::string SourceDescription(const CaptureOptions& options) {
  const std::string size = Size(options);
  const std::string rate = Rate(options);
  switch (options.source) {
    case Source::kPushed:
      // FrameInput's pool bounds what waits here, so appsrc's own limits are off.
      return "appsrc name=camera is-live=true format=time block=false max-bytes=0 max-buffers=0"
             " caps=video/x-raw,format=RGBA,pixel-aspect-ratio=1/1," +
             size + "," + rate;
    case Source::kTest:
      return "videotestsrc name=camera is-live=true pattern=smpte horizontal-speed=2"
             " ! video/x-raw,format=I420,pixel-aspect-ratio=1/1," +
             size + "," + rate;
    case Source::kFile:
      // Six pictures are decoded ahead while the sink keeps the pace.
      return "appsrc name=camera format=time block=true max-buffers=6 max-bytes=0 caps=" + FilePictures(options);
    case Source::kV4l2:
      // Raw where the camera has it in this size; many USB cameras give larger pictures only as JPEG.
      return "v4l2src name=camera ! capsfilter caps=\"video/x-raw," + size + ";image/jpeg," + size +
             ";video/x-raw;image/jpeg\" ! decodebin" + FromDevice(options);
    case Source::kLibcamera:
      break;
  }
  // NV12 is what a Pi's image processor and encoder share; its colours named, because libcamerasrc and v4l2h264enc
  // do not agree on the default (libcamera, README, "Using GStreamer plugin").
  const std::string nv12 = "video/x-raw,format=NV12," + size + "," + rate;
  return "libcamerasrc name=camera ! capsfilter caps=\"" + nv12 + ",colorimetry=bt709;" + nv12 + ";video/x-raw," +
         size + "," + rate + ";video/x-raw\"" + FromDevice(options);
}

void PointCamera(GstElement* camera, const CaptureOptions& options) {
  const char* location = options.location.c_str();
  if (options.source == Source::kV4l2) g_object_set(camera, "device", location, nullptr);
  if (options.source == Source::kLibcamera && !options.location.empty()) {
    g_object_set(camera, "camera-name", location, nullptr);
  }
}

}  // namespace roverd
