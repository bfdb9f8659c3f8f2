/** How the checks steer the double of the SDK, and what it saw. */
#pragma once

#include <com/amazonaws/kinesis/video/webrtcclient/Include.h>

#include <atomic>
#include <cstdint>
#include <string>

namespace kvs_double {

constexpr STATUS kInjected = 0x5a0000ff;
constexpr STATUS kSrtpNotReady = 0x5b000006;

/** The next call of this function of the SDK fails with kInjected; empty for none. */
void FailNext(const std::string& call);
/** Whether the failure has come to pass. */
bool FailureUsed();

/** What each viewer of the double does once connected. */
struct Script {
  /** Texts it sends on its channel. */
  int texts = 3;
  /** Channels named `other` it opens besides `drive`. */
  int others = 1;
  /** Whether it announces channels in ways no browser does. */
  bool malformed = false;
  /** Whether it closes its channel after its texts. */
  bool closes = false;
  /** Whether it opens that one again on the same stream. */
  bool reopens = false;
  /** How long writing a frame takes. */
  int write_ms = 0;
  /** Frames after which writing fails once; 0 for never. */
  int write_fails_after = 0;
};
void SetScript(const Script& script);

/** Since the program began. */
struct Seen {
  std::atomic<int> peers{0};
  std::atomic<int> peers_alive{0};
  std::atomic<int> certificates_alive{0};
  std::atomic<int> sockets_alive{0};
  std::atomic<int> frames{0};
  /** Frames that could not be decoded: no key frame came since the beginning or a gap. */
  std::atomic<int> broken_frames{0};
  std::atomic<int> texts{0};
  std::atomic<int> resets{0};
  /** Channels whose taking was told to the viewer. */
  std::atomic<int> acknowledged{0};
  /** Most addresses that the filter let pass for one peer. */
  std::atomic<int> addresses{0};
  /** Bytes of the longest channel name that came through. */
  std::atomic<int> longest_label{0};
};
Seen& seen();

}  // namespace kvs_double
