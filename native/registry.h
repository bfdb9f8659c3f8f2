#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace roverd {

/**
 * What runs on threads of its own, found by id from any thread of the process while it runs. `T` has `Stop()`, which
 * returns at once, and `WaitUntilEnded(timeout_ms)`.
 */
template <typename T>
class Registry {
 public:
  /** Leaked on purpose: threads may still look into it while the process runs its destructors. */
  static Registry& Instance() {
    static Registry* const instance = new Registry;
    return *instance;
  }

  static std::uint32_t NextId() {
    static std::atomic<std::uint32_t> next{1};
    return next++;
  }

  void Add(std::uint32_t id, std::shared_ptr<T> one) {
    // process.exit() runs no cleanup hooks: without this, threads would run into torn-down libraries.
    static std::once_flag once;
    std::call_once(once, [] { std::atexit(&Registry::StopAll); });
    const std::lock_guard<std::mutex> lock(mutex_);
    running_.emplace(id, std::move(one));
  }

  void Remove(std::uint32_t id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    running_.erase(id);
  }

  /** Null when there is none with this id. */
  std::shared_ptr<T> Find(std::uint32_t id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = running_.find(id);
    return found == running_.end() ? nullptr : found->second;
  }

  std::vector<std::shared_ptr<T>> All() {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<std::shared_ptr<T>> all;
    for (const auto& entry : running_) all.push_back(entry.second);
    return all;
  }

 private:
  static constexpr int kExitTimeoutMs = 2000;

  static void StopAll() {
    const auto all = Instance().All();
    for (const auto& one : all) one->Stop();
    for (const auto& one : all) one->WaitUntilEnded(kExitTimeoutMs);
  }

  std::mutex mutex_;
  std::map<std::uint32_t, std::shared_ptr<T>> running_;
};

}  // namespace roverd
