#pragma once

#include <com/amazonaws/kinesis/video/webrtcclient/Include.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace roverd::kvs {

/** A call into the SDK that did not succeed; firmware/video/kvs-status.ts names its STATUS. */
class SdkError : public std::runtime_error {
 public:
  SdkError(const char* call, STATUS status) : std::runtime_error(call), call_(call), status_(status) {}
  const char* call() const { return call_; }
  STATUS status() const { return status_; }

 private:
  const char* call_;
  STATUS status_;
};

inline void Check(const char* call, STATUS status) {
  if (STATUS_FAILED(status)) throw SdkError(call, status);
}

/**
 * Initialises the SDK, once for the process. It is never taken down again: deinitKvsWebRtc waits without limit for
 * SCTP sockets to be gone. Throws SdkError, and the next call tries again.
 */
void InitSdk();

/** In the words of the browser's RTCPeerConnectionState. */
const char* StateName(RTC_PEER_CONNECTION_STATE state);

}  // namespace roverd::kvs
