#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace roverd::kvs {

/** What the receiver tells about the path since the last report; absent where it tells nothing. */
struct Report {
  std::optional<double> loss_ratio;
  std::optional<double> round_trip_ms;
  std::optional<double> estimate_kbps;
};

struct Event {
  enum class Kind {
    /** `text` is the SDP. */
    kAnswer,
    /** The answer failed: `text` is the call into the SDK, `number` its STATUS. The last event but kClosed. */
    kRefused,
    /** `text` is the state, in the words of the browser. */
    kState,
    /** `text` is the candidate as the SDK gives it: JSON. */
    kCandidate,
    kChannelOpen,
    kChannelClosed,
    /** `text` came on the channel. */
    kData,
    /** The viewer lost its picture, or the queue to it overflowed. */
    kKeyFrame,
    kReport,
    /** The last event: everything is freed. */
    kClosed,
  };
  Kind kind;
  std::string text;
  std::uint32_t number = 0;
  Report report;
};

/**
 * Events from a peer's threads to one reader. Control is never dropped: a viewer that sends more than fits is ended.
 * A report that was not read yet gives way to the next one, and any number of wishes for a key frame are one.
 */
class EventQueue {
 public:
  /** `wake` is called on any thread and must not throw. */
  explicit EventQueue(std::function<void()> wake) : wake_(std::move(wake)) {}

  /** False when too much waits, and then only this event was not taken. */
  bool Put(Event event) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (event.kind == Event::Kind::kData) {
        if (waiting_data_ >= kMaxMessages || waiting_bytes_ + event.text.size() > kMaxBytes) return false;
        waiting_data_++;
        waiting_bytes_ += event.text.size();
      }
      events_.push_back(std::move(event));
    }
    wake_();
    return true;
  }

  void PutReport(const Report& report) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      report_ = report;
    }
    wake_();
  }

  void WantKeyFrame() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (std::exchange(key_frame_wanted_, true)) return;
    }
    wake_();
  }

  std::optional<Event> Take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (std::exchange(key_frame_wanted_, false)) return Event{Event::Kind::kKeyFrame, "", 0, {}};
    if (report_) return Event{Event::Kind::kReport, "", 0, *std::exchange(report_, std::nullopt)};
    if (events_.empty()) return std::nullopt;
    Event event = std::move(events_.front());
    events_.pop_front();
    if (event.kind == Event::Kind::kData) {
      waiting_data_--;
      waiting_bytes_ -= event.text.size();
    }
    return event;
  }

 private:
  static constexpr std::size_t kMaxMessages = 1024;
  static constexpr std::size_t kMaxBytes = 1 << 20;

  const std::function<void()> wake_;
  std::mutex mutex_;
  std::deque<Event> events_;
  std::size_t waiting_data_ = 0;
  std::size_t waiting_bytes_ = 0;
  std::optional<Report> report_;
  bool key_frame_wanted_ = false;
};

}  // namespace roverd::kvs
