#include "channels.h"

#include <utility>

namespace roverd::kvs {
namespace {

/** The data channel a viewer opens for commands. */
constexpr const char* kLabel = "drive";
/** A viewer needs one. */
constexpr int kMaxAnnounced = 8;
/** Commands are at most 1 KiB. */
constexpr std::size_t kMaxMessageBytes = 16 * 1024;

}  // namespace

void Channels::OnConnected() {
  struct socket* fresh = TakeNewSocket();
  if (fresh == nullptr) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    sctp_ = fresh;
  }
  Listen(fresh, this);
  if (kept_ >= 0) Announce(fresh, static_cast<std::uint16_t>(kept_), kLabel);
}

void Channels::OnChannel(RtcDataChannel* channel) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    known_[channel->id] = channel;
  }
  Opened(channel->id, channel->name);
}

void Channels::Opened(std::uint32_t stream, const std::string& label) {
  bool taken = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    taken = open_ < 0 && label == kLabel;
    if (taken) open_ = static_cast<int>(stream);
    live_[stream] = !taken;
  }
  // One that is kept was acknowledged long ago.
  if (taken && static_cast<int>(stream) != kept_) OnSocket(stream, &Acknowledge);
  if (taken) host_.events->Put({Event::Kind::kChannelOpen, "", stream, {}});
  else OnSocket(stream, &ResetChannel);
}

void Channels::OnMessage(std::uint32_t stream, bool binary, const char* data, std::size_t bytes) {
  if (binary || static_cast<int>(stream) != this->stream()) return;
  const bool fits = bytes <= kMaxMessageBytes;
  if (!fits || !host_.events->Put({Event::Kind::kData, std::string(data, bytes), 0, {}})) host_.flooded();
}

void Channels::OnChannelReset(std::uint16_t stream) noexcept {
  bool began_here = false;
  bool was_open = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto live = live_.find(stream);
    if (live == live_.end()) return;
    began_here = live->second;
    live_.erase(live);
    was_open = open_ == stream;
    if (was_open) open_ = -1;
  }
  if (was_open) host_.events->Put({Event::Kind::kChannelClosed, "", stream, {}});
  // The viewer's channel is closed when both directions are.
  if (!began_here) OnSocket(stream, &ResetChannel);
}

void Channels::OnChannelReopened(std::uint16_t stream, const std::string& label) noexcept { Opened(stream, label); }

void Channels::OnChannelsAnnounced(int channels) noexcept {
  if (channels > kMaxAnnounced) host_.flooded();
}

void Channels::OnSocket(std::uint32_t stream, bool (*act)(struct socket*, std::uint16_t)) {
  host_.post([this, stream, act] {
    struct socket* sctp = nullptr;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      sctp = sctp_;
    }
    if (sctp != nullptr) act(sctp, static_cast<std::uint16_t>(stream));
  });
}

RtcDataChannel* Channels::open() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = open_ < 0 ? known_.end() : known_.find(static_cast<std::uint32_t>(open_));
  return found == known_.end() ? nullptr : found->second;
}

int Channels::stream() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return open_;
}

void Channels::Leave() {
  Forget(this);
  const std::lock_guard<std::mutex> lock(mutex_);
  sctp_ = nullptr;
  known_.clear();
  open_ = -1;
}

}  // namespace roverd::kvs
