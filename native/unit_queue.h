#pragma once

#include <cstdint>
#include <deque>
#include <utility>

#include "unit.h"

namespace roverd {

/**
 * Units on their way to one reader, who begins with a key frame. When it falls behind it loses everything up to the
 * next key frame: what it then gets is fresh and can be decoded. Guarded by its owner's mutex.
 */
class UnitQueue {
 public:
  enum class Result { kKept, kAwaitingKeyFrame, kOverflowed };

  explicit UnitQueue(std::size_t max_units) : max_units_(max_units) {}

  Result Put(const SharedUnit& unit) {
    if (awaiting_key_frame_ && !unit->key_frame) {
      dropped_++;
      return Result::kAwaitingKeyFrame;
    }
    if (units_.size() >= max_units_) {
      dropped_ += units_.size() + 1;
      Restart();
      return Result::kOverflowed;
    }
    awaiting_key_frame_ = false;
    units_.push_back(unit);
    return Result::kKept;
  }

  /** Null when there is none. */
  SharedUnit Take() {
    if (units_.empty()) return nullptr;
    SharedUnit unit = std::move(units_.front());
    units_.pop_front();
    return unit;
  }

  /** What waits is forgotten, and the next to be kept is a key frame. */
  void Restart() {
    units_.clear();
    awaiting_key_frame_ = true;
  }

  bool empty() const { return units_.empty(); }
  bool awaiting_key_frame() const { return awaiting_key_frame_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  const std::size_t max_units_;
  std::deque<SharedUnit> units_;
  bool awaiting_key_frame_ = true;
  std::uint64_t dropped_ = 0;
};

}  // namespace roverd
