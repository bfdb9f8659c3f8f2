#pragma once

#include <string>

namespace roverd {

enum class Source { kPushed, kTest, kFile, kV4l2, kLibcamera };
enum class Encoder { kAuto, kV4l2, kX264 };

/** Validated by the binding; native/addon.ts gives ranges and units. */
struct CaptureOptions {
  Source source = Source::kTest;
  /** File path, V4L2 device or libcamera camera name. */
  std::string location;
  int width = 640;
  int height = 480;
  int frames_per_s = 30;
  int bitrate_kbps = 1000;
  int key_frame_interval_s = 10;
  Encoder encoder = Encoder::kAuto;
  int stall_ms = 5000;
};

}  // namespace roverd
