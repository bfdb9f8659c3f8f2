#include "connection.h"

#include <cstring>

#include "certificates.h"

namespace roverd::kvs {
namespace {

/** RTP packets with the headers of IP, UDP, SRTP and extensions stay below 1280, the least MTU of IPv6. */
constexpr UINT16 kMtu = 1200;

/**
 * What is kept for sending again, at most some 440 packets: one second of the highest usual bit rate. The SDK's own
 * 3 s at 10 Mbit/s are 4 MiB a viewer, of packets that would come too late for a picture to be shown at once.
 */
constexpr DOUBLE kKeptS = 1;
constexpr DOUBLE kKeptBitsPerS = 4 * 1024 * 1024;

ConnectionListener* ListenerOf(UINT64 data) { return reinterpret_cast<ConnectionListener*>(data); }

/** Cut where it does not fit; the caller has checked the lengths. */
template <std::size_t N>
void Copy(CHAR (&target)[N], const std::string& source) {
  const std::size_t bytes = std::min(source.size(), N - 1);
  std::memcpy(target, source.data(), bytes);
  target[bytes] = '\0';
}

BOOL PassesFilter(UINT64 filter, PCHAR interface) {
  return reinterpret_cast<AddressFilter*>(filter)->Passes(interface) ? TRUE : FALSE;
}

VOID Candidate(UINT64 data, PCHAR json) {
  if (json != nullptr) ListenerOf(data)->OnCandidate(json);
}

VOID State(UINT64 data, RTC_PEER_CONNECTION_STATE state) { ListenerOf(data)->OnState(state); }

VOID Message(UINT64 data, PRtcDataChannel channel, BOOL binary, PBYTE bytes, UINT32 size) {
  ListenerOf(data)->OnMessage(channel->id, binary != FALSE, reinterpret_cast<const char*>(bytes), size);
}

VOID Channel(UINT64 data, PRtcDataChannel channel) {
  // Only here is it known before its first message.
  dataChannelOnMessage(channel, data, &Message);
  ListenerOf(data)->OnChannel(channel);
}

VOID PictureLoss(UINT64 data) { ListenerOf(data)->OnPictureLoss(); }

VOID Estimate(UINT64 data, DOUBLE bits_per_s) { ListenerOf(data)->OnEstimate(bits_per_s / 1000); }

VOID Arrivals(UINT64 data, UINT32, UINT32, UINT32 sent, UINT32 arrived, UINT64) {
  ListenerOf(data)->OnArrivals(sent, arrived);
}

}  // namespace

Connection::Connection(const std::vector<IceServer>& servers, ConnectionListener* listener)
    : listener_(listener), filter_(LocalAddresses()) {
  InitSdk();
  try {
    Create(servers);
    AddTrack();
  } catch (...) {
    Free();
    throw;
  }
}

Connection::~Connection() {
  closePeerConnection(peer_);
  Free();
}

void Connection::Free() {
  if (peer_ != nullptr) freePeerConnection(&peer_);
}

void Connection::Create(const std::vector<IceServer>& servers) {
  // 13.6 KB, too much for the stack of a small thread.
  const auto configuration = std::make_unique<RtcConfiguration>();
  std::memset(configuration.get(), 0, sizeof *configuration);
  configuration->iceTransportPolicy = ICE_TRANSPORT_POLICY_ALL;
  configuration->kvsRtcConfiguration.maximumTransmissionUnit = kMtu;
  configuration->kvsRtcConfiguration.iceSetInterfaceFilterFunc = &PassesFilter;
  configuration->kvsRtcConfiguration.filterCustomData = reinterpret_cast<UINT64>(&filter_);
  for (std::size_t at = 0; at < servers.size() && at < MAX_ICE_SERVERS_COUNT; at++) {
    Copy(configuration->iceServers[at].urls, servers[at].url);
    Copy(configuration->iceServers[at].username, servers[at].username);
    Copy(configuration->iceServers[at].credential, servers[at].credential);
  }
  const CertificatePtr certificate = TakeCertificate();
  if (certificate != nullptr) configuration->certificates[0] = *certificate;
  Check("createPeerConnection", createPeerConnection(configuration.get(), &peer_));

  const auto listener = reinterpret_cast<UINT64>(listener_);
  Check("peerConnectionOnIceCandidate", peerConnectionOnIceCandidate(peer_, listener, &Candidate));
  Check("peerConnectionOnConnectionStateChange", peerConnectionOnConnectionStateChange(peer_, listener, &State));
  Check("peerConnectionOnDataChannel", peerConnectionOnDataChannel(peer_, listener, &Channel));
  Check("peerConnectionOnSenderBandwidthEstimation",
        peerConnectionOnSenderBandwidthEstimation(peer_, listener, &Arrivals));
}

void Connection::AddTrack() {
  constexpr RTC_CODEC kCodec = RTC_CODEC_H264_PROFILE_42E01F_LEVEL_ASYMMETRY_ALLOWED_PACKETIZATION_MODE;
  Check("addSupportedCodec", addSupportedCodec(peer_, kCodec));
  RtcMediaStreamTrack track;
  std::memset(&track, 0, sizeof track);
  track.kind = MEDIA_STREAM_TRACK_KIND_VIDEO;
  track.codec = kCodec;
  Copy(track.streamId, "robot");
  Copy(track.trackId, "camera");
  RtcRtpTransceiverInit direction = {RTC_RTP_TRANSCEIVER_DIRECTION_SENDONLY};
  Check("addTransceiver", addTransceiver(peer_, &track, &direction, &track_));
  Check("configureTransceiverRollingBuffer",
        configureTransceiverRollingBuffer(track_, &track, kKeptS, kKeptBitsPerS));
  const auto listener = reinterpret_cast<UINT64>(listener_);
  Check("transceiverOnPictureLoss", transceiverOnPictureLoss(track_, listener, &PictureLoss));
  Check("transceiverOnBandwidthEstimation", transceiverOnBandwidthEstimation(track_, listener, &Estimate));
}

std::string Connection::Answer(const std::string& offer) {
  const auto description = std::make_unique<RtcSessionDescriptionInit>();
  std::memset(description.get(), 0, sizeof *description);
  description->type = SDP_TYPE_OFFER;
  description->useTrickleIce = TRUE;
  Copy(description->sdp, offer);
  Check("setRemoteDescription", setRemoteDescription(peer_, description.get()));
  std::memset(description.get(), 0, sizeof *description);
  description->type = SDP_TYPE_ANSWER;
  description->useTrickleIce = TRUE;
  // Begins to gather; the answer then holds the candidates found so far.
  Check("setLocalDescription", setLocalDescription(peer_, description.get()));
  Check("createAnswer", createAnswer(peer_, description.get()));
  return description->sdp;
}

void Connection::AddCandidate(const std::string& candidate) {
  // What it can't use it refuses, and connects without.
  std::string text = candidate;
  addIceCandidate(peer_, text.data());
}

STATUS Connection::Write(const Unit& unit) {
  Frame frame;
  std::memset(&frame, 0, sizeof frame);
  frame.version = FRAME_CURRENT_VERSION;
  frame.index = frames_++;
  frame.flags = unit.key_frame ? FRAME_FLAG_KEY_FRAME : FRAME_FLAG_NONE;
  // In 100 ns.
  frame.decodingTs = static_cast<UINT64>(unit.captured_us) * 10;
  frame.presentationTs = frame.decodingTs;
  frame.size = static_cast<UINT32>(unit.data.size());
  // Only read.
  frame.frameData = const_cast<PBYTE>(unit.data.data());
  return writeFrame(track_, &frame);
}

STATUS Connection::Send(RtcDataChannel* channel, const std::string& text) {
  std::string copy = text;
  return dataChannelSend(channel, FALSE, reinterpret_cast<PBYTE>(copy.data()), static_cast<UINT32>(copy.size()));
}

PathStats Connection::Stats() {
  const auto stats = std::make_unique<RtcStats>();
  PathStats path;
  std::memset(stats.get(), 0, sizeof *stats);
  stats->requestedTypeOfStats = RTC_STATS_TYPE_REMOTE_INBOUND_RTP;
  if (STATUS_SUCCEEDED(rtcPeerConnectionGetMetrics(peer_, track_, stats.get()))) {
    const auto& receiver = stats->rtcStatsObject.remoteInboundRtpStreamStats;
    path.reports = receiver.reportsReceived;
    path.fraction_lost = receiver.fractionLost;
    path.round_trip_ms = receiver.roundTripTime;
  }
  std::memset(stats.get(), 0, sizeof *stats);
  stats->requestedTypeOfStats = RTC_STATS_TYPE_OUTBOUND_RTP;
  if (STATUS_SUCCEEDED(rtcPeerConnectionGetMetrics(peer_, track_, stats.get()))) {
    const auto& sender = stats->rtcStatsObject.outboundRtpStreamStats;
    path.packets_sent = sender.sent.packetsSent;
    path.packets_sent_again = sender.retransmittedPacketsSent;
    path.requests = sender.nackCount;
  }
  return path;
}

}  // namespace roverd::kvs
