#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../unit.h"
#include "addresses.h"
#include "sdk.h"

namespace roverd::kvs {

struct IceServer {
  std::string url;
  std::string username;
  std::string credential;
};

/** Called on the SDK's threads: must only post, and above all never free the connection. */
class ConnectionListener {
 public:
  virtual ~ConnectionListener() = default;
  virtual void OnState(RTC_PEER_CONNECTION_STATE state) noexcept = 0;
  virtual void OnCandidate(const char* json) noexcept = 0;
  virtual void OnChannel(RtcDataChannel* channel) noexcept = 0;
  virtual void OnMessage(std::uint32_t stream, bool binary, const char* data, std::size_t bytes) noexcept = 0;
  virtual void OnPictureLoss() noexcept = 0;
  /** The viewer's estimate of what the path carries, where it gives one (REMB). */
  virtual void OnEstimate(double kbps) noexcept = 0;
  /** Of so many packets sent, so many arrived (TWCC); those sent again are counted as lost and sent again. */
  virtual void OnArrivals(std::uint32_t sent, std::uint32_t arrived) noexcept = 0;
};

struct PathStats {
  /** Reports received since the beginning. */
  std::uint64_t reports = 0;
  double fraction_lost = 0;
  std::uint64_t round_trip_ms = 0;
  std::uint64_t packets_sent = 0;
  std::uint64_t packets_sent_again = 0;
  /** Requests to send packets again. */
  std::uint64_t requests = 0;
};

/**
 * One answering connection of the SDK, from created to freed, with one H.264 track to send. Used by one thread
 * alone, which is what serializes writing, sending and freeing.
 */
class Connection {
 public:
  /** Throws SdkError. */
  Connection(const std::vector<IceServer>& servers, ConnectionListener* listener);
  /** Closes and frees; takes some 60 ms, up to two seconds with TURN. No callback comes after. */
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /** To be called once. Throws SdkError. */
  std::string Answer(const std::string& offer);
  void AddCandidate(const std::string& candidate);
  STATUS Write(const Unit& unit);
  STATUS Send(RtcDataChannel* channel, const std::string& text);
  PathStats Stats();

 private:
  /** Gives back what a constructor that throws has made. */
  void Free();
  void Create(const std::vector<IceServer>& servers);
  void AddTrack();

  ConnectionListener* const listener_;
  AddressFilter filter_;
  PRtcPeerConnection peer_ = nullptr;
  PRtcRtpTransceiver track_ = nullptr;
  std::uint32_t frames_ = 0;
};

}  // namespace roverd::kvs
