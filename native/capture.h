#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "options.h"
#include "pipeline.h"
#include "unit_queue.h"

namespace roverd {

struct CaptureStats {
  std::string encoder;
  std::uint64_t units_delivered = 0;
  std::uint64_t units_dropped = 0;
  std::uint64_t frames_taken = 0;
  std::uint64_t frames_refused = 0;
};

/**
 * A running capture: its thread, and a bounded queue of units from GStreamer's threads to one reader. A reader that
 * falls behind loses everything up to the next key frame, and that key frame is asked for when it reads again: what
 * it then gets is fresh and can be decoded. Sinks take the same units at once and see to themselves.
 *
 * Captures are found by id from any thread of the process while their thread is alive.
 */
class Capture : public UnitSource {
 public:
  /** `wake` tells the reader that there is something to take; it is called on the capture's threads and must not throw. */
  static std::shared_ptr<Capture> Start(const CaptureOptions& options, std::function<void()> wake);
  /** Null when there is none with this id. */
  static std::shared_ptr<Capture> Find(std::uint32_t id);
  static std::vector<std::uint32_t> Ids();

  std::uint32_t id() const { return id_; }
  std::size_t frame_bytes() const { return std::size_t{4} * options_.width * options_.height; }
  bool pushed() const { return options_.source == Source::kPushed; }

  /** Returns at once; the thread ends soon after. No unit can be taken from here on. */
  void Stop();
  /** Whether the capture's thread has ended, waiting for it up to `timeout_ms`. */
  bool WaitUntilEnded(int timeout_ms);

  /** Null when there is none. */
  SharedUnit TakeUnit();
  /** Whether a unit has come that was not kept, once. */
  bool TakeStreaming();
  /** Whether units are kept for the reader; they are unless told otherwise. Those kept already are dropped. */
  void KeepUnits(bool keep);
  bool AddSink(std::shared_ptr<UnitSink> sink) override;
  void RemoveSink(const UnitSink* sink) override;
  /** Why the capture broke, once. */
  std::optional<Failure> TakeFailure();

  bool Push(const std::uint8_t* rgba, std::int64_t captured_us);
  void EndFrames();
  void RequestKeyFrame();
  void SetBitrateKbps(int kbps);
  CaptureStats Stats();

 private:
  Capture(const CaptureOptions& options, std::function<void()> wake);
  void ThreadMain();
  void Play();
  void PlayOnce(Encoder encoder, bool* delivered_any);
  void Deliver(Unit&& unit);
  void Fail(const Failure& failure);
  void End();
  std::shared_ptr<Pipeline> Current();

  const CaptureOptions options_;
  const std::function<void()> wake_;
  const std::uint32_t id_;
  /** Written under the mutex. */
  std::atomic<int> bitrate_kbps_;

  std::mutex mutex_;
  std::condition_variable ended_signal_;
  bool stopping_ = false;
  bool ended_ = false;
  std::shared_ptr<Pipeline> pipeline_;
  UnitQueue units_;
  std::vector<std::shared_ptr<UnitSink>> sinks_;
  bool keep_units_ = true;
  enum class Streaming { kNotYet, kToTell, kTold } streaming_ = Streaming::kNotYet;
  bool key_frame_owed_ = false;
  std::optional<Failure> failure_;
  CaptureStats stats_;
};

}  // namespace roverd
