#pragma once

#include <atomic>

/**
 * Stands in for a Raspberry Pi's v4l2h264enc on machines without one: the same name, pads and controls, with x264
 * behind them. It shows that the pipeline made for that element links, starts and obeys; not that a driver does.
 */
struct FakeEncoder {
  /** Registers the element; gst_init() must have been called. */
  static void Register();

  /** Whether READY succeeds, as when the device opens. */
  static std::atomic<bool> opens;
  /** Whether it then starts, which drivers may still refuse. */
  static std::atomic<bool> starts;
  static std::atomic<int> key_frames_forced;
  static std::atomic<int> bitrate;
};
