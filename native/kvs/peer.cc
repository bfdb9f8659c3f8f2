#include "peer.h"

#include <malloc.h>

#include <thread>
#include <utility>

#include "../registry.h"
#include "certificates.h"

namespace roverd::kvs {
namespace {

/** A third of a second at 30/s. */
constexpr std::size_t kMaxFrames = 10;
/** Candidates, texts and channels to close; a viewer's bounds are far below. */
constexpr std::size_t kMaxTasks = 256;
/** The SDK doesn't tell how much waits in it; a viewer gets a few messages a second. */
constexpr std::size_t kMaxTexts = 64;
constexpr auto kReportEvery = std::chrono::milliseconds(250);

Registry<Peer>& registry() { return Registry<Peer>::Instance(); }

}  // namespace

Peer::Peer(const PeerOptions& options, std::function<void()> wake)
    : options_(options),
      id_(Registry<Peer>::NextId()),
      events_(std::move(wake)),
      frames_(kMaxFrames),
      channels_({&events_, [this](std::function<void()> task) { Post(std::move(task)); }, [this] { Fail(); }},
                options.kept_channel) {}

std::shared_ptr<Peer> Peer::Start(const PeerOptions& options, std::function<void()> wake) {
  std::shared_ptr<Peer> peer(new Peer(options, std::move(wake)));
  registry().Add(peer->id_, peer);
  try {
    std::thread([peer] { peer->ThreadMain(); }).detach();
  } catch (...) {
    registry().Remove(peer->id_);
    throw;
  }
  return peer;
}

std::shared_ptr<Peer> Peer::Find(std::uint32_t id) { return registry().Find(id); }

std::vector<std::uint32_t> Peer::Ids() {
  std::vector<std::uint32_t> ids;
  for (const auto& peer : registry().All()) ids.push_back(peer->id());
  return ids;
}

void Peer::ThreadMain() {
  try {
    Work();
  } catch (const std::exception&) {
    // Out of memory.
    Fail();
  }
  channels_.Leave();
  connection_.reset();
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // Its buffers were freed by other threads' arenas; hand them back to the system. Sanitizers have heaps of their own.
  malloc_trim(0);
#endif
  registry().Remove(id_);
  events_.Put({Event::Kind::kClosed, "", 0, {}});
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
  }
  signal_.notify_all();
}

void Peer::Work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    if (!tasks_.empty()) {
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    } else if (const SharedUnit unit = frames_.Take()) {
      lock.unlock();
      WriteFrame(*unit);
      lock.lock();
    } else {
      signal_.wait_for(lock, kReportEvery, [this] { return stopping_ || !tasks_.empty() || !frames_.empty(); });
    }
    lock.unlock();
    ReportPath();
    lock.lock();
  }
}

void Peer::ReportPath() {
  const auto now = std::chrono::steady_clock::now();
  if (!connected_ || now - looked_ < kReportEvery) return;
  looked_ = now;
  if (const auto report = path_.Look(connection_->Stats(), now)) events_.PutReport(*report);
}

bool Peer::Post(std::function<void()> task) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_ || tasks_.size() >= kMaxTasks) return false;
    tasks_.push_back(std::move(task));
  }
  signal_.notify_all();
  return true;
}

void Peer::Answer(std::string offer) {
  Post([this, offer = std::move(offer)] { Negotiate(offer); });
}

void Peer::Negotiate(const std::string& offer) {
  try {
    connection_ = std::make_unique<Connection>(options_.servers, static_cast<ConnectionListener*>(this));
    events_.Put({Event::Kind::kAnswer, connection_->Answer(offer), 0, {}});
  } catch (const SdkError& error) {
    // What was begun would go on without the answer.
    channels_.Leave();
    connection_.reset();
    connected_ = false;
    events_.Put({Event::Kind::kRefused, error.call(), error.status(), {}});
  }
  StockCertificates();
}

void Peer::AddCandidate(std::string candidate) {
  Post([this, candidate = std::move(candidate)] {
    if (connection_ != nullptr) connection_->AddCandidate(candidate);
  });
}

bool Peer::SendText(std::string text) {
  if (channels_.stream() < 0 || !connected_) return false;
  if (++waiting_texts_ > kMaxTexts) {
    waiting_texts_--;
    return false;
  }
  const bool posted = Post([this, text = std::move(text)] {
    waiting_texts_--;
    RtcDataChannel* channel = channels_.open();
    if (channel != nullptr) connection_->Send(channel, text);
  });
  if (!posted) waiting_texts_--;
  return posted;
}

bool Peer::Send(const SharedUnit& unit) noexcept {
  UnitQueue::Result result;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_ || !connected_) {
      stats_.frames_dropped++;
      return false;
    }
    result = frames_.Put(unit);
  }
  if (result == UnitQueue::Result::kOverflowed) events_.WantKeyFrame();
  if (result != UnitQueue::Result::kKept) return false;
  signal_.notify_all();
  return true;
}

void Peer::WriteFrame(const Unit& unit) {
  const bool written = connected_ && STATUS_SUCCEEDED(connection_->Write(unit));
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (written) {
      stats_.frames_sent++;
      stats_.bytes_sent += unit.data.size();
      return;
    }
    stats_.frames_dropped++;
    frames_.Restart();
  }
  events_.WantKeyFrame();
}

bool Peer::Attach(std::shared_ptr<UnitSource> source) {
  const bool added = source == nullptr || source->AddSink(shared_from_this());
  std::shared_ptr<UnitSource> leave;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    leave = stopping_ ? source : std::exchange(source_, added ? source : nullptr);
    frames_.Restart();
  }
  if (leave != nullptr) leave->RemoveSink(this);
  return added;
}

PeerStats Peer::Stats() {
  const std::lock_guard<std::mutex> lock(mutex_);
  PeerStats stats = stats_;
  stats.frames_dropped += frames_.dropped();
  return stats;
}

void Peer::Stop() {
  std::shared_ptr<UnitSource> source;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    connected_ = false;
    source = std::exchange(source_, nullptr);
    tasks_.clear();
    frames_.Restart();
  }
  if (source != nullptr) source->RemoveSink(this);
  signal_.notify_all();
}

bool Peer::WaitUntilEnded(int timeout_ms) {
  std::unique_lock<std::mutex> lock(mutex_);
  return signal_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [this] { return ended_; });
}

void Peer::OnState(RTC_PEER_CONNECTION_STATE state) noexcept {
  const bool connected = state == RTC_PEER_CONNECTION_STATE_CONNECTED;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return;
    connected_ = connected;
    frames_.Restart();
  }
  events_.Put({Event::Kind::kState, StateName(state), 0, {}});
  if (connected) channels_.OnConnected();
}

void Peer::OnCandidate(const char* json) noexcept { events_.Put({Event::Kind::kCandidate, json, 0, {}}); }

void Peer::Fail() {
  connected_ = false;
  events_.Put({Event::Kind::kState, "failed", 0, {}});
}

}  // namespace roverd::kvs
