#include "capture.h"

#include <malloc.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "encoder.h"
#include "gst.h"
#include "registry.h"

namespace roverd {
namespace {

/** Half a second at 30/s: more than a garbage collection takes, less than a viewer would wait for. */
constexpr std::size_t kMaxUnits = 15;

Registry<Capture>& registry() { return Registry<Capture>::Instance(); }

}  // namespace

Capture::Capture(const CaptureOptions& options, std::function<void()> wake)
    : options_(options), wake_(std::move(wake)), id_(Registry<Capture>::NextId()), bitrate_kbps_(options.bitrate_kbps), units_(kMaxUnits) {}

std::shared_ptr<Capture> Capture::Start(const CaptureOptions& options, std::function<void()> wake) {
  std::shared_ptr<Capture> capture(new Capture(options, std::move(wake)));
  registry().Add(capture->id_, capture);
  try {
    std::thread([capture] { capture->ThreadMain(); }).detach();
  } catch (...) {
    registry().Remove(capture->id_);
    throw;
  }
  return capture;
}

std::shared_ptr<Capture> Capture::Find(std::uint32_t id) { return registry().Find(id); }

std::vector<std::uint32_t> Capture::Ids() {
  std::vector<std::uint32_t> ids;
  for (const auto& capture : registry().All()) ids.push_back(capture->id());
  return ids;
}

void Capture::ThreadMain() {
  try {
    InitGStreamer();
    Play();
  } catch (const Failure& failure) {
    Fail(failure);
  } catch (const std::exception& error) {
    Fail(Failure(FailureCode::kPipelineFailed, error.what()));
  }
  // Pictures and x264's state were freed by other threads' arenas; hand them back to the system.
  malloc_trim(0);
  End();
}

void Capture::Play() {
  Encoder encoder = ChooseEncoder(options_.encoder);
  for (;;) {
    bool delivered_any = false;
    try {
      return PlayOnce(encoder, &delivered_any);
    } catch (const Failure& failure) {
      const bool hardware_unfit = options_.encoder == Encoder::kAuto && encoder == Encoder::kV4l2 &&
                                  !delivered_any && failure.code() == FailureCode::kPipelineFailed;
      if (!hardware_unfit) throw;
      encoder = Encoder::kX264;
    }
  }
}

void Capture::PlayOnce(Encoder encoder, bool* delivered_any) {
  CaptureOptions options = options_;
  options.bitrate_kbps = bitrate_kbps_;
  const auto pipeline =
      std::make_shared<Pipeline>(options, encoder, [this](Unit&& unit) { Deliver(std::move(unit)); });
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return;
    if (bitrate_kbps_ != options.bitrate_kbps) pipeline->SetBitrateKbps(bitrate_kbps_);
    pipeline_ = pipeline;
    stats_.encoder = ElementName(encoder);
  }
  struct Release {
    Capture* capture;
    Pipeline* pipeline;
    bool* delivered_any;
    ~Release() {
      pipeline->Stop();
      *delivered_any = pipeline->delivered_any();
      const std::lock_guard<std::mutex> lock(capture->mutex_);
      capture->pipeline_.reset();
    }
  } release{this, pipeline.get(), delivered_any};
  pipeline->Run();
}

void Capture::Deliver(Unit&& delivered) {
  const auto unit = std::make_shared<const Unit>(std::move(delivered));
  std::vector<std::shared_ptr<UnitSink>> sinks;
  bool wake = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return;
    sinks = sinks_;
    if (!keep_units_) {
      wake = streaming_ == Streaming::kNotYet;
      if (wake) streaming_ = Streaming::kToTell;
    } else {
      const UnitQueue::Result result = units_.Put(unit);
      if (result == UnitQueue::Result::kOverflowed) key_frame_owed_ = true;
      if (result != UnitQueue::Result::kAwaitingKeyFrame) wake = true;
    }
  }
  for (const auto& sink : sinks) sink->Take(unit);
  if (wake) wake_();
}

SharedUnit Capture::TakeUnit() {
  std::shared_ptr<Pipeline> ask;
  SharedUnit unit;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return nullptr;
    if (std::exchange(key_frame_owed_, false) && units_.awaiting_key_frame()) ask = pipeline_;
    unit = units_.Take();
    if (unit != nullptr) stats_.units_delivered++;
  }
  if (ask != nullptr) ask->RequestKeyFrame();
  return unit;
}

bool Capture::TakeStreaming() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_ || streaming_ != Streaming::kToTell) return false;
  streaming_ = Streaming::kTold;
  return true;
}

void Capture::KeepUnits(bool keep) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (std::exchange(keep_units_, keep) == keep) return;
    units_.Restart();
  }
  // The reader who comes begins with one.
  if (keep) RequestKeyFrame();
}

bool Capture::AddSink(std::shared_ptr<UnitSink> sink) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_) return false;
  sinks_.push_back(std::move(sink));
  return true;
}

void Capture::RemoveSink(const UnitSink* sink) {
  const std::lock_guard<std::mutex> lock(mutex_);
  sinks_.erase(std::remove_if(sinks_.begin(), sinks_.end(), [sink](const auto& one) { return one.get() == sink; }),
               sinks_.end());
}

std::optional<Failure> Capture::TakeFailure() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(failure_, std::nullopt);
}

void Capture::Stop() {
  std::shared_ptr<Pipeline> pipeline;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    units_.Restart();
    sinks_.clear();
    pipeline = pipeline_;
  }
  if (pipeline != nullptr) pipeline->Interrupt();
}

bool Capture::WaitUntilEnded(int timeout_ms) {
  std::unique_lock<std::mutex> lock(mutex_);
  return ended_signal_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [this] { return ended_; });
}

void Capture::Fail(const Failure& failure) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return;
    failure_.emplace(failure);
  }
  wake_();
}

void Capture::End() {
  registry().Remove(id_);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
  }
  ended_signal_.notify_all();
  wake_();
}

std::shared_ptr<Pipeline> Capture::Current() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stopping_ ? nullptr : pipeline_;
}

bool Capture::Push(const std::uint8_t* rgba, std::int64_t captured_us) {
  const auto pipeline = Current();
  const bool taken = pipeline != nullptr && pipeline->frames()->Push(rgba, captured_us);
  const std::lock_guard<std::mutex> lock(mutex_);
  (taken ? stats_.frames_taken : stats_.frames_refused)++;
  return taken;
}

void Capture::EndFrames() {
  if (const auto pipeline = Current()) pipeline->frames()->End();
}

void Capture::RequestKeyFrame() {
  if (const auto pipeline = Current()) pipeline->RequestKeyFrame();
}

void Capture::SetBitrateKbps(int kbps) {
  const std::lock_guard<std::mutex> lock(mutex_);
  bitrate_kbps_ = kbps;
  if (pipeline_ != nullptr) pipeline_->SetBitrateKbps(kbps);
}

CaptureStats Capture::Stats() {
  const std::lock_guard<std::mutex> lock(mutex_);
  CaptureStats stats = stats_;
  stats.units_dropped = units_.dropped();
  return stats;
}

}  // namespace roverd
