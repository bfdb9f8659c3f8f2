#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "../unit.h"
#include "../unit_queue.h"
#include "channels.h"
#include "connection.h"
#include "events.h"
#include "path.h"

namespace roverd::kvs {

struct PeerOptions {
  std::vector<IceServer> servers;
  /** Stream of a data channel that the viewer opened on an earlier connection and goes on using; -1 for none. */
  int kept_channel = -1;
};

struct PeerStats {
  std::uint64_t frames_sent = 0;
  std::uint64_t frames_dropped = 0;
  std::uint64_t bytes_sent = 0;
};

/**
 * One viewer: a connection, and the one thread that creates it, negotiates, writes frames, sends, closes and frees.
 * The SDK's callbacks only post to it. Every function but the constructor may be called from any thread.
 */
class Peer : public UnitSink, public std::enable_shared_from_this<Peer>, private ConnectionListener {
 public:
  /** `wake` tells that there is an event to take; called on any thread, must not throw. */
  static std::shared_ptr<Peer> Start(const PeerOptions& options, std::function<void()> wake);
  static std::shared_ptr<Peer> Find(std::uint32_t id);
  static std::vector<std::uint32_t> Ids();

  std::uint32_t id() const { return id_; }
  /** To be called once; kAnswer or kRefused follows. */
  void Answer(std::string offer);
  void AddCandidate(std::string candidate);
  /** False when the channel is not open or too much waits. */
  bool SendText(std::string text);
  /** Stream of the open data channel, -1 when there is none. */
  int channel() { return channels_.stream(); }
  /** False when not connected, before a key frame, or when too much waits. */
  bool Send(const SharedUnit& unit) noexcept;
  void Take(const SharedUnit& unit) noexcept override { Send(unit); }
  /** Takes the units of this source, and of no other, from here on; null for none. */
  bool Attach(std::shared_ptr<UnitSource> source);
  PeerStats Stats();
  std::optional<Event> TakeEvent() { return events_.Take(); }

  /** Returns at once; kClosed follows when all is freed. */
  void Stop();
  bool WaitUntilEnded(int timeout_ms);

 private:
  Peer(const PeerOptions& options, std::function<void()> wake);
  void OnState(RTC_PEER_CONNECTION_STATE state) noexcept override;
  void OnCandidate(const char* json) noexcept override;
  void OnChannel(RtcDataChannel* channel) noexcept override { channels_.OnChannel(channel); }
  void OnMessage(std::uint32_t stream, bool binary, const char* data, std::size_t bytes) noexcept override {
    channels_.OnMessage(stream, binary, data, bytes);
  }
  void OnPictureLoss() noexcept override { events_.WantKeyFrame(); }
  void OnEstimate(double kbps) noexcept override { path_.Estimated(kbps); }
  void OnArrivals(std::uint32_t sent, std::uint32_t arrived) noexcept override { path_.Arrived(sent, arrived); }

  void ThreadMain();
  void Work();
  void Negotiate(const std::string& offer);
  void WriteFrame(const Unit& unit);
  void ReportPath();
  /** Runs on the peer's thread, in order; dropped when that ends first. False when too much waits. */
  bool Post(std::function<void()> task);
  void Fail();

  const PeerOptions options_;
  const std::uint32_t id_;
  EventQueue events_;
  std::atomic<bool> connected_{false};
  std::atomic<std::size_t> waiting_texts_{0};

  std::mutex mutex_;
  std::condition_variable signal_;
  bool stopping_ = false;
  bool ended_ = false;
  std::deque<std::function<void()>> tasks_;
  UnitQueue frames_;
  PeerStats stats_;
  std::shared_ptr<UnitSource> source_;
  Channels channels_;
  Path path_;

  /** Of the peer's thread alone. */
  std::unique_ptr<Connection> connection_;
  std::chrono::steady_clock::time_point looked_;
};

}  // namespace roverd::kvs
