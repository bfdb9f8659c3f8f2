#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "../../../native/kvs/peer.h"
#include "check.h"

namespace roverd::kvs {

inline SharedUnit UnitOf(std::uint64_t number, bool key_frame) {
  Unit unit;
  unit.data.resize(64);
  std::memcpy(unit.data.data(), &number, sizeof number);
  unit.captured_us = static_cast<std::int64_t>(number) * 33'333;
  unit.key_frame = key_frame;
  return std::make_shared<const Unit>(std::move(unit));
}

/** A camera that gives a unit every millisecond, a key frame every 20 or when asked, on a thread of its own. */
class Camera : public UnitSource {
 public:
  Camera() : thread_([this] { Run(); }) {}
  ~Camera() override {
    stopping_ = true;
    thread_.join();
  }
  bool AddSink(std::shared_ptr<UnitSink> sink) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    sinks_.push_back(std::move(sink));
    return true;
  }
  void RemoveSink(const UnitSink* sink) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    sinks_.erase(std::remove_if(sinks_.begin(), sinks_.end(), [&](const auto& one) { return one.get() == sink; }),
                 sinks_.end());
  }
  std::size_t sinks() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return sinks_.size();
  }

 private:
  void Run() {
    for (std::uint64_t number = 0; !stopping_; number++) {
      std::vector<std::shared_ptr<UnitSink>> sinks;
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        sinks = sinks_;
      }
      const SharedUnit unit = UnitOf(number, number % 20 == 7);
      for (const auto& sink : sinks) sink->Take(unit);
      Pause(1);
    }
  }

  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<std::shared_ptr<UnitSink>> sinks_;
  std::thread thread_;
};

/** Reads a peer's events, as JavaScript does. */
class Viewer {
 public:
  explicit Viewer(const PeerOptions& options = {}) : peer_(Peer::Start(options, [] {})) {}
  ~Viewer() {
    peer_->Stop();
    CHECK(Until([&] { return Has(Event::Kind::kClosed); }));
    CHECK(peer_->WaitUntilEnded(1000));
    CHECK(!peer_->TakeEvent());
  }
  Peer& peer() { return *peer_; }

  const std::vector<Event>& Read() {
    while (auto event = peer_->TakeEvent()) events_.push_back(std::move(*event));
    return events_;
  }
  int Count(Event::Kind kind, const std::string& text = "") {
    const auto& events = Read();
    return static_cast<int>(std::count_if(events.begin(), events.end(), [&](const Event& event) {
      return event.kind == kind && (text.empty() || event.text == text);
    }));
  }
  bool Has(Event::Kind kind, const std::string& text = "") { return Count(kind, text) > 0; }
  const Event* Last(Event::Kind kind) {
    const auto& events = Read();
    const auto found = std::find_if(events.rbegin(), events.rend(), [&](const Event& event) { return event.kind == kind; });
    return found == events.rend() ? nullptr : &*found;
  }
  bool Connected() { return Has(Event::Kind::kState, "connected"); }

 private:
  std::shared_ptr<Peer> peer_;
  std::vector<Event> events_;
};

}  // namespace roverd::kvs
