#include "certificates.h"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace roverd::kvs {
namespace {

/** Viewers that come at the same moment are rarely more. */
constexpr std::size_t kStock = 3;

/** Leaked on purpose: what it holds was made by libraries that may be torn down first. */
struct Stock {
  std::mutex mutex;
  std::condition_variable idle;
  bool making = false;
  bool closing = false;
  std::vector<CertificatePtr> certificates;
};

Stock& stock() {
  static Stock* const instance = new Stock;
  return *instance;
}

void Done() {
  const std::lock_guard<std::mutex> lock(stock().mutex);
  stock().making = false;
  stock().idle.notify_all();
}

bool Full() {
  const std::lock_guard<std::mutex> lock(stock().mutex);
  return stock().certificates.size() >= kStock || stock().closing;
}

void Make() {
  while (!Full()) {
    PRtcCertificate made = nullptr;
    // Without one, the connection that needs it says what is wrong.
    if (STATUS_FAILED(createRtcCertificate(&made)) || made == nullptr) break;
    CertificatePtr certificate(made);
    const std::lock_guard<std::mutex> lock(stock().mutex);
    stock().certificates.push_back(std::move(certificate));
  }
  Done();
}

/** At the exit of the process OpenSSL is torn down, under the hands of a thread that uses it. */
void AwaitMaker() {
  std::unique_lock<std::mutex> lock(stock().mutex);
  stock().closing = true;
  stock().idle.wait_for(lock, std::chrono::seconds(2), [] { return !stock().making; });
}

}  // namespace

CertificatePtr TakeCertificate() {
  const std::lock_guard<std::mutex> lock(stock().mutex);
  if (stock().certificates.empty()) return nullptr;
  CertificatePtr certificate = std::move(stock().certificates.back());
  stock().certificates.pop_back();
  return certificate;
}

void StockCertificates() {
  {
    const std::lock_guard<std::mutex> lock(stock().mutex);
    if (stock().making || stock().certificates.size() >= kStock) return;
    stock().making = true;
  }
  static std::once_flag once;
  std::call_once(once, [] { std::atexit(&AwaitMaker); });
  try {
    std::thread(&Make).detach();
  } catch (const std::system_error&) {
    // Without them, connections begin slower.
    Done();
  }
}

}  // namespace roverd::kvs
