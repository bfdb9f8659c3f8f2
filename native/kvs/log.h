#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace roverd::kvs {

struct LogLine {
  /** 1 verbose, 2 debug, 3 info, 4 warn, 5 error, 6 fatal: the SDK's own levels. */
  std::uint32_t level;
  std::string text;
};

/** Has the SDK log here instead of to stdout. */
void CatchLogs();

/**
 * Who is told that there are lines to take; one for the process, the last one counts. `wake` is called on any thread
 * and must not throw. Returns a ticket for StopListening().
 */
std::uint64_t ListenToLogs(std::function<void()> wake);

/** Does nothing when somebody else listens by now. `wake` is not called after this returns. */
void StopListening(std::uint64_t ticket);

/** What was logged since; when nobody takes them, the newest lines are dropped and counted. */
struct Logged {
  std::vector<LogLine> lines;
  std::size_t dropped = 0;
};
Logged TakeLogs();

}  // namespace roverd::kvs
