#include "sctp.h"

#include <arpa/inet.h>
#include <usrsctp.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace roverd::kvs {
namespace {

using Receive = int (*)(struct socket*, union sctp_sockstore, void*, size_t, struct sctp_rcvinfo, int, void*);

/** RFC 8832 section 5.1; label and protocol follow the 12 bytes that every announcement begins with. */
constexpr std::uint8_t kOpen = 3;
constexpr std::uint8_t kAcknowledged = 2;
constexpr std::size_t kOpenBytes = 12;
constexpr std::size_t kMaxNameBytes = 255;
/** RFC 8831 section 8. */
constexpr std::uint32_t kPpidAnnouncement = 50;

struct Association {
  Receive to_sdk = nullptr;
  void* session = nullptr;
  ChannelListener* listener = nullptr;
  std::set<std::uint16_t> streams;
  int announced = 0;
};

/** Leaked on purpose: the SDK's threads may still look into it while the process runs its destructors. */
struct Associations {
  std::mutex mutex;
  std::map<struct socket*, Association> all;
};

Associations& associations() {
  static Associations* const instance = new Associations;
  return *instance;
}

thread_local struct socket* new_socket = nullptr;

/** Nothing when it is not a well-formed announcement. */
std::optional<std::string> LabelOf(const std::uint8_t* data, std::size_t length) {
  if (length < kOpenBytes || data[0] != kOpen) return std::nullopt;
  const std::size_t label = static_cast<std::size_t>(data[8] << 8 | data[9]);
  const std::size_t protocol = static_cast<std::size_t>(data[10] << 8 | data[11]);
  // The SDK takes no channel without a name.
  if (label == 0 || label > kMaxNameBytes || protocol > kMaxNameBytes) return std::nullopt;
  if (kOpenBytes + label + protocol != length) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(data) + kOpenBytes, label);
}

void OnReset(struct socket* sctp, const std::uint8_t* data, std::size_t length) {
  sctp_stream_reset_event event;
  if (length < sizeof event) return;
  std::memcpy(&event, data, sizeof event);
  if (event.strreset_type != SCTP_STREAM_RESET_EVENT || (event.strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN) == 0) {
    return;
  }
  std::vector<std::uint16_t> streams((length - sizeof event) / sizeof(std::uint16_t));
  std::memcpy(streams.data(), data + sizeof event, streams.size() * sizeof(std::uint16_t));
  const std::lock_guard<std::mutex> lock(associations().mutex);
  const auto found = associations().all.find(sctp);
  if (found == associations().all.end() || found->second.listener == nullptr) return;
  for (const std::uint16_t stream : streams) found->second.listener->OnChannelReset(stream);
}

/** Whether the SDK is to see this announcement. */
bool Admit(struct socket* sctp, std::uint16_t stream, const std::uint8_t* data, std::size_t length) {
  // The other message of this protocol, an acknowledgement, means nothing to the SDK.
  const auto label = LabelOf(data, length);
  if (!label) return false;
  const std::lock_guard<std::mutex> lock(associations().mutex);
  const auto found = associations().all.find(sctp);
  if (found == associations().all.end()) return false;
  Association& association = found->second;
  if (association.listener != nullptr) association.listener->OnChannelsAnnounced(++association.announced);
  if (association.streams.insert(stream).second) return true;
  if (association.listener != nullptr) association.listener->OnChannelReopened(stream, *label);
  return false;
}

int OnReceive(struct socket* sctp, union sctp_sockstore from, void* data, size_t length, struct sctp_rcvinfo info,
              int flags, void* session) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  bool passes = data != nullptr;
  if (passes && (flags & MSG_NOTIFICATION) != 0) {
    OnReset(sctp, bytes, length);
    passes = false;
  } else if (passes && ntohl(info.rcv_ppid) == kPpidAnnouncement) {
    passes = Admit(sctp, info.rcv_sid, bytes, length);
  }
  Receive to_sdk = nullptr;
  if (passes) {
    const std::lock_guard<std::mutex> lock(associations().mutex);
    const auto found = associations().all.find(sctp);
    if (found != associations().all.end()) to_sdk = found->second.to_sdk;
  }
  if (to_sdk != nullptr) return to_sdk(sctp, from, data, length, info, flags, session);
  std::free(data);
  return 1;
}

}  // namespace

struct socket* TakeNewSocket() { return std::exchange(new_socket, nullptr); }

void Listen(struct socket* sctp, ChannelListener* listener) {
  const std::lock_guard<std::mutex> lock(associations().mutex);
  const auto found = associations().all.find(sctp);
  if (found != associations().all.end()) found->second.listener = listener;
}

void Forget(const ChannelListener* listener) {
  const std::lock_guard<std::mutex> lock(associations().mutex);
  for (auto& entry : associations().all) {
    if (entry.second.listener == listener) entry.second.listener = nullptr;
  }
}

bool ResetChannel(struct socket* sctp, std::uint16_t stream) {
  alignas(sctp_reset_streams) std::uint8_t request[sizeof(sctp_reset_streams) + sizeof stream] = {};
  auto* reset = reinterpret_cast<sctp_reset_streams*>(request);
  reset->srs_assoc_id = SCTP_ALL_ASSOC;
  reset->srs_flags = SCTP_STREAM_RESET_OUTGOING;
  reset->srs_number_streams = 1;
  std::memcpy(request + sizeof *reset, &stream, sizeof stream);
  return usrsctp_setsockopt(sctp, IPPROTO_SCTP, SCTP_RESET_STREAMS, request, sizeof request) == 0;
}

bool Acknowledge(struct socket* sctp, std::uint16_t stream) {
  struct sctp_sndinfo info = {};
  info.snd_sid = stream;
  info.snd_ppid = htonl(kPpidAnnouncement);
  return usrsctp_sendv(sctp, &kAcknowledged, sizeof kAcknowledged, nullptr, 0, &info, sizeof info, SCTP_SENDV_SNDINFO,
                       0) > 0;
}

void Announce(struct socket* sctp, std::uint16_t stream, const std::string& label) {
  Association association;
  {
    const std::lock_guard<std::mutex> lock(associations().mutex);
    const auto found = associations().all.find(sctp);
    if (found == associations().all.end()) return;
    found->second.streams.insert(stream);
    association = found->second;
  }
  // The SDK frees it.
  auto* data = static_cast<std::uint8_t*>(std::calloc(1, kOpenBytes + label.size()));
  if (data == nullptr) return;
  data[0] = kOpen;
  data[9] = static_cast<std::uint8_t>(label.size());
  std::memcpy(data + kOpenBytes, label.data(), label.size());
  struct sctp_rcvinfo info = {};
  info.rcv_sid = stream;
  info.rcv_ppid = htonl(kPpidAnnouncement);
  union sctp_sockstore from = {};
  association.to_sdk(sctp, from, data, kOpenBytes + label.size(), info, 0, association.session);
}

}  // namespace roverd::kvs

extern "C" {

struct socket* __real_usrsctp_socket(int domain, int type, int protocol, roverd::kvs::Receive receive,
                                     int (*send)(struct socket*, uint32_t, void*), uint32_t threshold, void* session);
void __real_usrsctp_close(struct socket* sctp);

struct socket* __wrap_usrsctp_socket(int domain, int type, int protocol, roverd::kvs::Receive receive,
                                     int (*send)(struct socket*, uint32_t, void*), uint32_t threshold, void* session) {
  using namespace roverd::kvs;
  struct socket* sctp = __real_usrsctp_socket(domain, type, protocol, &OnReceive, send, threshold, session);
  if (sctp == nullptr) return nullptr;
  struct sctp_assoc_value allow = {};
  allow.assoc_id = SCTP_ALL_ASSOC;
  allow.assoc_value = SCTP_ENABLE_RESET_STREAM_REQ;
  usrsctp_setsockopt(sctp, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, &allow, sizeof allow);
  struct sctp_event resets = {};
  resets.se_assoc_id = SCTP_ALL_ASSOC;
  resets.se_type = SCTP_STREAM_RESET_EVENT;
  resets.se_on = 1;
  usrsctp_setsockopt(sctp, IPPROTO_SCTP, SCTP_EVENT, &resets, sizeof resets);
  const std::lock_guard<std::mutex> lock(associations().mutex);
  associations().all[sctp] = Association{receive, session, nullptr, {}, 0};
  new_socket = sctp;
  return sctp;
}

void __wrap_usrsctp_close(struct socket* sctp) {
  {
    const std::lock_guard<std::mutex> lock(roverd::kvs::associations().mutex);
    roverd::kvs::associations().all.erase(sctp);
  }
  __real_usrsctp_close(sctp);
}

}  // extern "C"
