#include "log.h"

#include <com/amazonaws/kinesis/video/webrtcclient/Include.h>

#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <utility>

namespace roverd::kvs {
namespace {

constexpr std::size_t kMaxLines = 256;
/** Warnings and worse: below that it writes several lines for every packet of a handshake. */
constexpr std::uint32_t kLeastLevel = LOG_LEVEL_WARN;

/** Leaked on purpose: the SDK's threads may log while the process runs its destructors. */
struct Log {
  std::mutex mutex;
  Logged waiting;
  std::function<void()> wake;
  std::uint64_t ticket = 0;
};

Log& log() {
  static Log* const instance = new Log;
  return *instance;
}

VOID Write(UINT32 level, const PCHAR tag, const PCHAR format, ...) {
  if (level < kLeastLevel || level >= LOG_LEVEL_SILENT) return;
  char text[512];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  try {
    const std::lock_guard<std::mutex> lock(log().mutex);
    if (log().waiting.lines.size() >= kMaxLines) {
      log().waiting.dropped++;
      return;
    }
    log().waiting.lines.push_back({level, std::string(tag == nullptr ? "" : tag) + ": " + text});
    if (log().wake) log().wake();
  } catch (const std::exception&) {
    // Out of memory: a line of the log is the least of it.
  }
}

}  // namespace

void CatchLogs() { globalCustomLogPrintFn = &Write; }

std::uint64_t ListenToLogs(std::function<void()> wake) {
  const std::lock_guard<std::mutex> lock(log().mutex);
  log().wake = std::move(wake);
  return ++log().ticket;
}

void StopListening(std::uint64_t ticket) {
  const std::lock_guard<std::mutex> lock(log().mutex);
  if (log().ticket == ticket) log().wake = nullptr;
}

Logged TakeLogs() {
  const std::lock_guard<std::mutex> lock(log().mutex);
  return std::exchange(log().waiting, Logged());
}

}  // namespace roverd::kvs
