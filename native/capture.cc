#include "capture.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <thread>
#include <utility>

#include "encoder.h"
#include "gst.h"

namespace roverd {
namespace {

/** Half a second at 30/s: more than a garbage collection takes, less than a viewer would wait for. */
constexpr std::size_t kMaxUnits = 15;
constexpr int kExitTimeoutMs = 2000;

/** Leaked on purpose: threads may still look into it while the process runs its destructors. */
struct Registry {
  std::mutex mutex;
  std::map<std::uint32_t, std::shared_ptr<Capture>> captures;
};

Registry& registry() {
  static Registry* const instance = new Registry;
  return *instance;
}

std::vector<std::shared_ptr<Capture>> All() {
  const std::lock_guard<std::mutex> lock(registry().mutex);
  std::vector<std::shared_ptr<Capture>> all;
  for (const auto& entry : registry().captures) all.push_back(entry.second);
  return all;
}

/** process.exit() runs no cleanup hooks: without this, GStreamer's threads would run into torn-down libraries. */
void StopAllAtExit() {
  const auto all = All();
  for (const auto& capture : all) capture->Stop();
  for (const auto& capture : all) capture->WaitUntilEnded(kExitTimeoutMs);
}

std::uint32_t NextId() {
  static std::atomic<std::uint32_t> next{1};
  return next++;
}

}  // namespace

Capture::Capture(const CaptureOptions& options, std::function<void()> wake)
    : options_(options), wake_(std::move(wake)), id_(NextId()), bitrate_kbps_(options.bitrate_kbps) {}

std::shared_ptr<Capture> Capture::Start(const CaptureOptions& options, std::function<void()> wake) {
  static std::once_flag once;
  std::call_once(once, [] { std::atexit(StopAllAtExit); });
  std::shared_ptr<Capture> capture(new Capture(options, std::move(wake)));
  {
    const std::lock_guard<std::mutex> lock(registry().mutex);
    registry().captures.emplace(capture->id_, capture);
  }
  try {
    std::thread([capture] { capture->ThreadMain(); }).detach();
  } catch (...) {
    const std::lock_guard<std::mutex> lock(registry().mutex);
    registry().captures.erase(capture->id_);
    throw;
  }
  return capture;
}

std::shared_ptr<Capture> Capture::Find(std::uint32_t id) {
  const std::lock_guard<std::mutex> lock(registry().mutex);
  const auto found = registry().captures.find(id);
  return found == registry().captures.end() ? nullptr : found->second;
}

std::vector<std::uint32_t> Capture::Ids() {
  std::vector<std::uint32_t> ids;
  for (const auto& capture : All()) ids.push_back(capture->id());
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

void Capture::Deliver(Unit&& unit) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return;
    if (waiting_for_key_frame_ && !unit.key_frame) {
      stats_.units_dropped++;
      return;
    }
    waiting_for_key_frame_ = false;
    if (units_.size() >= kMaxUnits) {
      stats_.units_dropped += units_.size() + 1;
      units_.clear();
      waiting_for_key_frame_ = true;
      key_frame_owed_ = true;
    } else {
      units_.push_back(std::move(unit));
    }
  }
  wake_();
}

std::optional<Unit> Capture::TakeUnit() {
  std::shared_ptr<Pipeline> ask;
  std::optional<Unit> unit;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return std::nullopt;
    if (std::exchange(key_frame_owed_, false) && waiting_for_key_frame_) ask = pipeline_;
    if (!units_.empty()) {
      unit = std::move(units_.front());
      units_.pop_front();
      stats_.units_delivered++;
    }
  }
  if (ask != nullptr) ask->RequestKeyFrame();
  return unit;
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
    units_.clear();
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
  {
    const std::lock_guard<std::mutex> lock(registry().mutex);
    registry().captures.erase(id_);
  }
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
  return stats_;
}

}  // namespace roverd
