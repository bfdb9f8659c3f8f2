#pragma once

#include <gst/app/gstappsink.h>
#include <gst/gst.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "file_player.h"
#include "frame_input.h"
#include "gst.h"
#include "options.h"
#include "unit.h"

namespace roverd {

/**
 * Source, encoder and sink, from built to torn down. One thread builds it, calls Run() and destroys it; the other
 * public functions may be called from any thread meanwhile.
 */
class Pipeline {
 public:
  /** `deliver` is called on GStreamer's threads and must not throw. Throws Failure. */
  Pipeline(const CaptureOptions& options, Encoder encoder, std::function<void(Unit&&)> deliver);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /** Plays until interrupted. Throws Failure. */
  void Run();
  /** Takes the devices back at once; Run() must have returned or thrown. */
  void Stop();

  void Interrupt();
  void RequestKeyFrame();
  void SetBitrateKbps(int kbps);
  /** Null unless the source is `pushed`. */
  FrameInput* frames() { return frames_.get(); }
  bool delivered_any() const { return delivered_ > 0; }

 private:
  static GstFlowReturn OnSample(GstAppSink* sink, gpointer self);
  Unit UnitOf(GstSample* sample);
  void Start();
  void Handle(GstMessage* message);
  Failure Silent() const;

  const CaptureOptions options_;
  const Encoder encoder_kind_;
  const std::function<void(Unit&&)> deliver_;
  ElementPtr pipeline_;
  ElementPtr encoder_;
  BusPtr bus_;
  std::unique_ptr<FrameInput> frames_;
  std::unique_ptr<FilePlayer> player_;
  std::atomic<bool> interrupted_{false};
  std::atomic<std::uint64_t> delivered_{0};
};

}  // namespace roverd
