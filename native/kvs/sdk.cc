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

}  // namespace roverd::kvs
