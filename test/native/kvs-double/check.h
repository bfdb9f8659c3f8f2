#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>

/** Ends the program at the first thing that does not hold. */
#define CHECK(what)                                                         \
  do {                                                                      \
    if (!(what)) {                                                          \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #what); \
      std::_Exit(1);                                                        \
    }                                                                       \
  } while (false)

inline void Pause(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

inline bool Until(const std::function<bool()>& holds, int timeout_ms = 20'000) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    Pause(1);
  }
  return true;
}
