/** `checks`: all of them. `checks exit`: ends the process with viewers watching. */
#include <cstring>

#include "checks.h"

using namespace roverd::kvs;

int main(int arguments, char** words) {
  if (arguments > 1 && std::strcmp(words[1], "exit") == 0) {
    // Never taken down, as GStreamer's threads are when the process ends.
    auto* camera = new Camera;
    for (int n = 0; n < 4; n++) {
      const auto peer = Peer::Start({}, [] {});
      peer->Attach(std::shared_ptr<roverd::UnitSource>(camera, [](roverd::UnitSource*) {}));
      peer->Answer("offer");
      CHECK(Until([&] { return peer->Stats().frames_sent > 5; }));
    }
    std::exit(0);
  }
  CheckInitFails();
  CheckParts();
  CheckViewers();
  CheckFailures();
  std::printf("everything holds: %d viewers, %d frames\n", kvs_double::seen().peers.load(),
              kvs_double::seen().frames.load());
  return 0;
}
