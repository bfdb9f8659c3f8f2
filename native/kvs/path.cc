#include "path.h"

#include <algorithm>
#include <utility>

namespace roverd::kvs {
namespace {

/** Fewer packets than this tell nothing (as in firmware/video/loss.ts). */
constexpr std::uint64_t kMinPackets = 20;
/** The SDK sends its first sender report 2.5 s after the first frame; before that it gives a round trip of 0. */
constexpr auto kUntilRoundTrips = std::chrono::milliseconds(3500);
/** Above, the wall clock was set: the SDK takes round trips from it, without a sign. */
constexpr std::uint64_t kMaxRoundTripMs = 60'000;

}  // namespace

void Path::Arrived(std::uint32_t sent, std::uint32_t arrived) {
  const std::lock_guard<std::mutex> lock(mutex_);
  counts_arrivals_ = true;
  sent_ += sent;
  arrived_ += arrived;
}

void Path::Estimated(double kbps) {
  const std::lock_guard<std::mutex> lock(mutex_);
  estimate_kbps_ = kbps;
}

std::optional<Report> Path::Look(const PathStats& stats, std::chrono::steady_clock::time_point now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stats.packets_sent > 0 && !first_sent_) first_sent_ = now;
  const bool reported = std::exchange(reports_, stats.reports) != stats.reports;
  const bool requested = std::exchange(requests_, stats.requests) != stats.requests;
  if (!reported && !requested && sent_ == 0 && !estimate_kbps_) return std::nullopt;
  Report report;
  report.loss_ratio = Loss(stats, reported);
  report.estimate_kbps = std::exchange(estimate_kbps_, std::nullopt);
  const bool timed = first_sent_ && now - *first_sent_ >= kUntilRoundTrips && stats.round_trip_ms <= kMaxRoundTripMs;
  if (reported && timed) report.round_trip_ms = static_cast<double>(stats.round_trip_ms);
  return report;
}

/**
 * By arrivals where the receiver tells them, and by its report besides: the SDK passes over what is told of a single
 * packet. Else by its reports, which hide what came when sent again within the stream, and by what was sent again.
 */
std::optional<double> Path::Loss(const PathStats& stats, bool reported) {
  double loss = reported ? stats.fraction_lost : 0;
  if (counts_arrivals_) {
    if (sent_ < kMinPackets) return loss > 0 ? std::optional<double>(std::min(loss, 1.0)) : std::nullopt;
    loss = std::max(loss, 1 - static_cast<double>(arrived_) / static_cast<double>(sent_));
    sent_ = 0;
    arrived_ = 0;
  } else {
    const std::uint64_t sent = stats.packets_sent - begin_.packets_sent;
    if (sent < kMinPackets) return std::nullopt;
    const std::uint64_t again = stats.packets_sent_again - begin_.packets_sent_again;
    loss = std::max(stats.fraction_lost, static_cast<double>(again) / static_cast<double>(sent));
    begin_ = stats;
  }
  return std::clamp(loss, 0.0, 1.0);
}

}  // namespace roverd::kvs
