#pragma once

#include <gst/gst.h>

#include <cstddef>
#include <cstdint>
#include <mutex>

#include "gst.h"

namespace roverd {

/** Takes RGBA pictures into an appsrc, from any thread. Pictures wait in a pool of three; with none free, one is refused. */
class FrameInput {
 public:
  FrameInput(GstElement* appsrc, std::size_t frame_bytes);
  ~FrameInput();
  FrameInput(const FrameInput&) = delete;
  FrameInput& operator=(const FrameInput&) = delete;

  /** Copies `frame_bytes` from `rgba`. False when the encoder is behind, the time is not after the last one's, or it is closed. */
  bool Push(const std::uint8_t* rgba, std::int64_t captured_us);
  /** No more pictures: the pipeline comes to its end of stream. */
  void End();
  /** From here on nothing is taken. */
  void Close();

 private:
  std::mutex mutex_;
  GstElement* const appsrc_;
  const std::size_t frame_bytes_;
  PoolPtr pool_;
  std::int64_t last_captured_us_ = -1;
  bool closed_ = false;
};

}  // namespace roverd
