#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace roverd {

/** One coded picture. */
struct Unit {
  std::vector<std::uint8_t> data;
  /** Microseconds of CLOCK_MONOTONIC. */
  std::int64_t captured_us = 0;
  bool key_frame = false;
};

/** One copy for all who take it. */
using SharedUnit = std::shared_ptr<const Unit>;

/** Takes a capture's units without JavaScript in between. */
class UnitSink {
 public:
  virtual ~UnitSink() = default;
  /** Called on the capture's threads: must not block nor throw. */
  virtual void Take(const SharedUnit& unit) noexcept = 0;
};

/** Gives units to sinks; a capture, for one. */
class UnitSource {
 public:
  virtual ~UnitSource() = default;
  /** The sink takes every unit from the next one on; false when there will be none. */
  virtual bool AddSink(std::shared_ptr<UnitSink> sink) = 0;
  /** It may be given one more that is on its way. */
  virtual void RemoveSink(const UnitSink* sink) = 0;
};

}  // namespace roverd
