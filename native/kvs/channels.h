#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "events.h"
#include "sctp.h"
#include "sdk.h"

namespace roverd::kvs {

/**
 * The data channels of one connection: the viewer's first one named `drive` is taken, every other one is closed.
 * Callbacks come on the SDK's threads; what has to be done in the SDK is posted to the peer's thread.
 */
class Channels : private ChannelListener {
 public:
  struct Host {
    EventQueue* events;
    std::function<void(std::function<void()>)> post;
    /** The viewer opens or sends more than anyone needs. */
    std::function<void()> flooded;
  };

  /** `kept` is the stream of a channel opened on an earlier connection, -1 for none. */
  Channels(Host host, int kept) : host_(std::move(host)), kept_(kept) {}

  /** On the thread on which the SDK tells that the peer is connected. */
  void OnConnected();
  void OnChannel(RtcDataChannel* channel);
  void OnMessage(std::uint32_t stream, bool binary, const char* data, std::size_t bytes);

  /** The one that is taken; null while there is none. Valid until the connection is freed. */
  RtcDataChannel* open();
  /** Its stream, or -1. */
  int stream();
  /** Nothing comes from here on; to be called before the connection is freed. */
  void Leave();

 private:
  void OnChannelReset(std::uint16_t stream) noexcept override;
  void OnChannelReopened(std::uint16_t stream, const std::string& label) noexcept override;
  void OnChannelsAnnounced(int channels) noexcept override;
  void Opened(std::uint32_t stream, const std::string& label);
  /** Has the peer's thread do this with the socket. */
  void OnSocket(std::uint32_t stream, bool (*act)(struct socket*, std::uint16_t));

  const Host host_;
  const int kept_;
  std::mutex mutex_;
  struct socket* sctp_ = nullptr;
  std::map<std::uint32_t, RtcDataChannel*> known_;
  /** Streams that are not closed in both directions, and whether their closing began here. */
  std::map<std::uint32_t, bool> live_;
  int open_ = -1;
};

}  // namespace roverd::kvs
