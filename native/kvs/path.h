#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "connection.h"
#include "events.h"

namespace roverd::kvs {

/** What the receiver told about the path, put together to reports. Callable from any thread. */
class Path {
 public:
  void Arrived(std::uint32_t sent, std::uint32_t arrived);
  /** What the path carries by the receiver's word. */
  void Estimated(double kbps);
  /**
   * To be called regularly; nothing while nothing is heard of the receiver. After an outage its requests to send again
   * are the first sign of it, and a report that tells nothing else tells this.
   */
  std::optional<Report> Look(const PathStats& stats, std::chrono::steady_clock::time_point now);

 private:
  std::optional<double> Loss(const PathStats& stats, bool reported);

  std::mutex mutex_;
  bool counts_arrivals_ = false;
  std::uint64_t sent_ = 0;
  std::uint64_t arrived_ = 0;
  std::optional<double> estimate_kbps_;
  std::uint64_t reports_ = 0;
  std::uint64_t requests_ = 0;
  PathStats begin_;
  std::optional<std::chrono::steady_clock::time_point> first_sent_;
};

}  // namespace roverd::kvs
