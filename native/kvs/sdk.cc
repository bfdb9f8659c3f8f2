#include "sdk.h"

#include <mutex>

#include "log.h"

namespace roverd::kvs {

void InitSdk() {
  static std::mutex mutex;
  static bool done = false;
  const std::lock_guard<std::mutex> lock(mutex);
  if (done) return;
  CatchLogs();
  Check("initKvsWebRtc", initKvsWebRtc());
  done = true;
}

const char* StateName(RTC_PEER_CONNECTION_STATE state) {
  switch (state) {
    case RTC_PEER_CONNECTION_STATE_CONNECTING:
      return "connecting";
    case RTC_PEER_CONNECTION_STATE_CONNECTED:
      return "connected";
    case RTC_PEER_CONNECTION_STATE_DISCONNECTED:
      return "disconnected";
    case RTC_PEER_CONNECTION_STATE_FAILED:
      return "failed";
    case RTC_PEER_CONNECTION_STATE_CLOSED:
      return "closed";
    default:
      return "new";
  }
}

}  // namespace roverd::kvs
