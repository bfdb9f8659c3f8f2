#pragma once

#include <cstdint>
#include <string>

struct socket;

/**
 * What the SDK leaves out of data channels: acknowledging them, closing them (RFC 8831 section 6.7), noticing that the viewer closed one,
 * and checking what announces one (up to 1.16 a label longer than its own length says writes past the channel's
 * name). The linker puts this between the SDK and usrsctp: `--wrap=usrsctp_socket` in binding.gyp.
 */
namespace roverd::kvs {

/** Called on the SDK's threads: must only post. */
class ChannelListener {
 public:
  virtual ~ChannelListener() = default;
  /** The viewer closed this channel. */
  virtual void OnChannelReset(std::uint16_t stream) noexcept = 0;
  /** The viewer opened one again that the SDK still has from before. */
  virtual void OnChannelReopened(std::uint16_t stream, const std::string& label) noexcept = 0;
  /** The viewer has announced this many channels. */
  virtual void OnChannelsAnnounced(int channels) noexcept = 0;
};

/**
 * The socket that the SDK made on this thread last, or null. It does so right before it tells that the peer is
 * connected, on the same thread; told once.
 */
struct socket* TakeNewSocket();

/** `listener` hears of this socket until Forget(). */
void Listen(struct socket* sctp, ChannelListener* listener);

/** To be called before the connection is freed; `listener` is not called after this returns. */
void Forget(const ChannelListener* listener);

/** Closes the robot's direction of a channel; the viewer then closes its own. On the thread that frees the peer. */
bool ResetChannel(struct socket* sctp, std::uint16_t stream);

/**
 * Tells the viewer that its channel is taken (RFC 8832 section 5.2), which the SDK doesn't: until then all viewers send
 * in order, and some not at all. On the thread that frees the peer.
 */
bool Acknowledge(struct socket* sctp, std::uint16_t stream);

/** Has the SDK take up a channel as if the viewer had announced it. Only right after TakeNewSocket(). */
void Announce(struct socket* sctp, std::uint16_t stream, const std::string& label);

}  // namespace roverd::kvs
