#include "sdk.h"

#include <arpa/inet.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "socket.h"

namespace kvs_double {
namespace {

std::mutex mutex;
std::string fail_next;
bool failure_used = false;
Script next_script;

void Pause(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

bool Fails(const char* call) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (fail_next != call) return false;
  fail_next.clear();
  failure_used = true;
  return true;
}

}  // namespace

void FailNext(const std::string& call) {
  const std::lock_guard<std::mutex> lock(mutex);
  fail_next = call;
  failure_used = false;
}

bool FailureUsed() {
  const std::lock_guard<std::mutex> lock(mutex);
  return failure_used;
}

void SetScript(const Script& script) {
  const std::lock_guard<std::mutex> lock(mutex);
  next_script = script;
}

Seen& seen() {
  static Seen* const instance = new Seen;
  return *instance;
}

}  // namespace kvs_double

using namespace kvs_double;

#define MAY_FAIL() \
  if (Fails(__func__)) return kInjected

namespace {

/** As the SDK's own: takes what came off the wire, and frees it. */
int FromWire(struct socket*, union sctp_sockstore, void* data, std::size_t length, struct sctp_rcvinfo info, int,
             void* session) {
  auto* peer = static_cast<DoublePeer*>(session);
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  if (ntohl(info.rcv_ppid) == 50) {
    const std::size_t label = static_cast<std::size_t>(bytes[8] << 8 | bytes[9]);
    seen().longest_label = std::max<int>(seen().longest_label, static_cast<int>(label));
    auto channel = std::make_unique<DoubleChannel>();
    std::memset(channel->channel.name, 0, sizeof channel->channel.name);
    // Written past the name's end by the SDK when the label is longer; here the sanitizer would tell.
    std::memcpy(channel->channel.name, bytes + 12, label);
    channel->channel.id = info.rcv_sid;
    channel->peer = peer;
    DoubleChannel* made = channel.get();
    peer->channels[info.rcv_sid] = std::move(channel);
    peer->on_channel(peer->channel_data, &made->channel);
  } else {
    const auto found = peer->channels.find(info.rcv_sid);
    if (found != peer->channels.end() && found->second->on_message != nullptr) {
      std::string copy(reinterpret_cast<const char*>(bytes), length);
      found->second->on_message(found->second->data, &found->second->channel, FALSE,
                                reinterpret_cast<PBYTE>(copy.data()), static_cast<UINT32>(length));
    }
  }
  std::free(data);
  return 1;
}

}  // namespace

void DoublePeer::Gather() {
  for (const char* address : {"192.0.2.1", "2001:db8::1"}) {
    if (closing) return;
    std::string json = std::string("{\"candidate\":\"candidate:0 1 udp 2130706431 ") + address +
                       " 50000 typ host raddr ::/0 rport 0\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}";
    on_candidate(candidate_data, json.data());
    Pause(1);
  }
  on_candidate(candidate_data, nullptr);
}

void DoublePeer::Announce(UINT32 stream, const std::string& label, std::size_t claimed_length) {
  const std::size_t bytes = 12 + label.size();
  auto* data = static_cast<std::uint8_t*>(std::calloc(1, bytes));
  data[0] = 3;
  data[8] = static_cast<std::uint8_t>(claimed_length >> 8);
  data[9] = static_cast<std::uint8_t>(claimed_length);
  std::memcpy(data + 12, label.data(), label.size());
  struct sctp_rcvinfo info = {};
  info.rcv_sid = static_cast<std::uint16_t>(stream);
  info.rcv_ppid = htonl(50);
  sctp->receive(sctp, {}, data, bytes, info, 0, this);
}

void DoublePeer::Text(UINT32 stream, const std::string& text) {
  auto* data = std::malloc(text.size());
  std::memcpy(data, text.data(), text.size());
  struct sctp_rcvinfo info = {};
  info.rcv_sid = static_cast<std::uint16_t>(stream);
  info.rcv_ppid = htonl(51);
  sctp->receive(sctp, {}, data, text.size(), info, 0, this);
}

/** The other side closes its direction of a channel too. */
void DoublePeer::TellResets() {
  std::vector<std::uint16_t> streams;
  {
    const std::lock_guard<std::mutex> lock(sctp->mutex);
    if (sctp->resets_enabled && sctp->tells_resets) streams.swap(sctp->reset);
  }
  for (const std::uint16_t stream : streams) {
    const std::size_t bytes = sizeof(sctp_stream_reset_event) + sizeof stream;
    auto* event = static_cast<sctp_stream_reset_event*>(std::calloc(1, bytes));
    event->strreset_type = SCTP_STREAM_RESET_EVENT;
    event->strreset_flags = SCTP_STREAM_RESET_INCOMING_SSN;
    std::memcpy(reinterpret_cast<char*>(event) + sizeof *event, &stream, sizeof stream);
    sctp->receive(sctp, {}, event, bytes, {}, MSG_NOTIFICATION, this);
  }
}

void DoublePeer::Listen() {
  on_state(state_data, RTC_PEER_CONNECTION_STATE_CONNECTING);
  Pause(2);
  if (closing) return;
  encrypted = true;
  sctp = usrsctp_socket(0, 0, 0, &FromWire, nullptr, 0, this);
  on_state(state_data, RTC_PEER_CONNECTION_STATE_CONNECTED);
  if (script.malformed) {
    Announce(9, std::string(300, 'x'), 300);
    Announce(11, "short", 5000);
    Announce(13, "", 0);
  }
  Announce(1, "drive", 5);
  for (int n = 0; n < script.others; n++) Announce(static_cast<UINT32>(3 + 2 * n), "other", 5);
  for (int n = 0; n < script.texts && !closing; n++) Text(1, "text " + std::to_string(n));
  if (script.closes) {
    const std::lock_guard<std::mutex> lock(sctp->mutex);
    sctp->reset.push_back(1);
    sctp->closed_by_viewer.insert(1);
  }
  bool reopens = script.reopens;
  while (!closing) {
    TellResets();
    if (reopens) Announce(1, "drive", 5);
    reopens = false;
    track->on_loss(track->loss_data);
    track->on_estimate(track->estimate_data, 2'000'000);
    on_arrivals(arrivals_data, 0, 0, 100, 90, 1);
    Pause(1);
  }
}

extern "C" {

static VOID Nowhere(UINT32, const PCHAR, const PCHAR, ...) {}
logPrintFunc globalCustomLogPrintFn = &Nowhere;

STATUS initKvsWebRtc() {
  MAY_FAIL();
  return STATUS_SUCCESS;
}

STATUS createRtcCertificate(PRtcCertificate* certificate) {
  MAY_FAIL();
  *certificate = new RtcCertificate{};
  seen().certificates_alive++;
  return STATUS_SUCCESS;
}

STATUS freeRtcCertificate(PRtcCertificate certificate) {
  delete certificate;
  seen().certificates_alive--;
  MAY_FAIL();
  return STATUS_SUCCESS;
}

STATUS createPeerConnection(PRtcConfiguration configuration, PRtcPeerConnection* peer) {
  MAY_FAIL();
  const auto& kvs = configuration->kvsRtcConfiguration;
  CHAR interface[] = "double0";
  int passed = 0;
  for (int at = 0; at < 40; at++) passed += kvs.iceSetInterfaceFilterFunc(kvs.filterCustomData, interface);
  seen().addresses = std::max<int>(seen().addresses, passed);
  *peer = new DoublePeer;
  {
    const std::lock_guard<std::mutex> lock(kvs_double::mutex);
    (*peer)->script = next_script;
  }
  seen().peers++;
  seen().peers_alive++;
  return STATUS_SUCCESS;
}

STATUS closePeerConnection(PRtcPeerConnection peer) {
  peer->closing = true;
  Pause(2);
  MAY_FAIL();
  return STATUS_SUCCESS;
}

STATUS freePeerConnection(PRtcPeerConnection* peer) {
  (*peer)->closing = true;
  for (std::thread* thread : {&(*peer)->timer, &(*peer)->listener}) {
    // Ends the program when it is called on one of them, as it ends the SDK's.
    if (thread->joinable()) thread->join();
  }
  if ((*peer)->sctp != nullptr) usrsctp_close((*peer)->sctp);
  delete *peer;
  *peer = nullptr;
  seen().peers_alive--;
  MAY_FAIL();
  return STATUS_SUCCESS;
}

STATUS peerConnectionOnIceCandidate(PRtcPeerConnection peer, UINT64 data, RtcOnIceCandidate callback) {
  MAY_FAIL();
  peer->candidate_data = data;
  peer->on_candidate = callback;
  return STATUS_SUCCESS;
}

STATUS peerConnectionOnConnectionStateChange(PRtcPeerConnection peer, UINT64 data, RtcOnConnectionStateChange callback) {
  MAY_FAIL();
  peer->state_data = data;
  peer->on_state = callback;
  return STATUS_SUCCESS;
}

STATUS peerConnectionOnDataChannel(PRtcPeerConnection peer, UINT64 data, RtcOnDataChannel callback) {
  MAY_FAIL();
  peer->channel_data = data;
  peer->on_channel = callback;
  return STATUS_SUCCESS;
}

STATUS peerConnectionOnSenderBandwidthEstimation(PRtcPeerConnection peer, UINT64 data,
                                                 RtcOnSenderBandwidthEstimation callback) {
  MAY_FAIL();
  peer->arrivals_data = data;
  peer->on_arrivals = callback;
  return STATUS_SUCCESS;
}

STATUS addSupportedCodec(PRtcPeerConnection, RTC_CODEC) {
  MAY_FAIL();
  return STATUS_SUCCESS;
}

STATUS addTransceiver(PRtcPeerConnection peer, PRtcMediaStreamTrack, PRtcRtpTransceiverInit, PRtcRtpTransceiver* track) {
  MAY_FAIL();
  peer->track = std::make_unique<DoubleTrack>();
  peer->track->peer = peer;
  *track = peer->track.get();
  return STATUS_SUCCESS;
}

STATUS configureTransceiverRollingBuffer(PRtcRtpTransceiver, PRtcMediaStreamTrack, DOUBLE, DOUBLE) {
  MAY_FAIL();
  return STATUS_SUCCESS;
}

STATUS transceiverOnPictureLoss(PRtcRtpTransceiver track, UINT64 data, RtcOnPictureLoss callback) {
  MAY_FAIL();
  track->loss_data = data;
  track->on_loss = callback;
  return STATUS_SUCCESS;
}

STATUS transceiverOnBandwidthEstimation(PRtcRtpTransceiver track, UINT64 data, RtcOnBandwidthEstimation callback) {
  MAY_FAIL();
  track->estimate_data = data;
  track->on_estimate = callback;
  return STATUS_SUCCESS;
}

STATUS setRemoteDescription(PRtcPeerConnection peer, PRtcSessionDescriptionInit description) {
  MAY_FAIL();
  peer->offer = description->sdp;
  return STATUS_SUCCESS;
}

STATUS setLocalDescription(PRtcPeerConnection peer, PRtcSessionDescriptionInit) {
  MAY_FAIL();
  peer->timer = std::thread([peer] { peer->Gather(); });
  peer->listener = std::thread([peer] { peer->Listen(); });
  return STATUS_SUCCESS;
}

STATUS createAnswer(PRtcPeerConnection peer, PRtcSessionDescriptionInit description) {
  MAY_FAIL();
  const std::string sdp = "v=0\r\n" + peer->offer;
  std::memcpy(description->sdp, sdp.c_str(), std::min<std::size_t>(sdp.size() + 1, sizeof description->sdp));
  description->sdp[sizeof description->sdp - 1] = '\0';
  return STATUS_SUCCESS;
}

STATUS addIceCandidate(PRtcPeerConnection peer, PCHAR) {
  MAY_FAIL();
  return peer->closing ? kInjected : STATUS_SUCCESS;
}

STATUS writeFrame(PRtcRtpTransceiver track, PFrame frame) {
  MAY_FAIL();
  DoublePeer* peer = track->peer;
  if (!peer->encrypted) return kSrtpNotReady;
  Pause(peer->script.write_ms);
  peer->frames++;
  if (peer->script.write_fails_after != 0 && peer->frames == peer->script.write_fails_after) return kInjected;
  // The checks number frames by their first bytes.
  UINT64 number = 0;
  std::memcpy(&number, frame->frameData, std::min<std::size_t>(sizeof number, frame->size));
  const bool key = (frame->flags & FRAME_FLAG_KEY_FRAME) != 0;
  peer->decodable = key || (peer->decodable && number == peer->last_frame + 1);
  if (!peer->decodable) seen().broken_frames++;
  peer->last_frame = number;
  peer->packets += 3;
  seen().frames++;
  return STATUS_SUCCESS;
}

STATUS dataChannelOnMessage(PRtcDataChannel channel, UINT64 data, RtcOnMessage callback) {
  MAY_FAIL();
  auto* own = reinterpret_cast<DoubleChannel*>(channel);
  own->data = data;
  own->on_message = callback;
  return STATUS_SUCCESS;
}

STATUS dataChannelSend(PRtcDataChannel channel, BOOL, PBYTE, UINT32) {
  MAY_FAIL();
  reinterpret_cast<DoubleChannel*>(channel)->peer->sends++;
  seen().texts++;
  return STATUS_SUCCESS;
}

STATUS rtcPeerConnectionGetMetrics(PRtcPeerConnection peer, PRtcRtpTransceiver, PRtcStats stats) {
  MAY_FAIL();
  stats->rtcStatsObject.outboundRtpStreamStats.sent.packetsSent = peer->packets;
  stats->rtcStatsObject.remoteInboundRtpStreamStats.reportsReceived = peer->packets;
  stats->rtcStatsObject.remoteInboundRtpStreamStats.roundTripTime = 20;
  return STATUS_SUCCESS;
}

}  // extern "C"
