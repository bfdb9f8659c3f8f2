/**
 * Stands in for the header of Amazon's KVS WebRTC C SDK: our own declarations of no more than native/kvs uses. Sizes
 * and numbers are as in the SDK where they matter to the code under test.
 */
#pragma once

#include <cstddef>
#include <cstdint>

using UINT16 = std::uint16_t;
using UINT32 = std::uint32_t;
using UINT64 = std::uint64_t;
using INT32 = std::int32_t;
using BOOL = INT32;
using DOUBLE = double;
using CHAR = char;
using BYTE = std::uint8_t;
using VOID = void;
using PCHAR = CHAR*;
using PBYTE = BYTE*;
using STATUS = UINT32;

#ifndef TRUE
#define TRUE 1
#define FALSE 0
#endif
#define STATUS_SUCCESS ((STATUS)0)
#define STATUS_FAILED(status) ((status) != STATUS_SUCCESS)
#define STATUS_SUCCEEDED(status) ((status) == STATUS_SUCCESS)

#define LOG_LEVEL_WARN 4
#define LOG_LEVEL_SILENT 7
#define MAX_ICE_SERVERS_COUNT 21
#define MAX_ICE_CONFIG_URI_LEN 127
#define MAX_ICE_CONFIG_USER_NAME_LEN 256
#define MAX_ICE_CONFIG_CREDENTIAL_LEN 256
#define MAX_SESSION_DESCRIPTION_INIT_SDP_LEN 25000
#define MAX_ICE_CANDIDATE_INIT_CANDIDATE_LEN 255
#define MAX_DATA_CHANNEL_NAME_LEN 255
#define MAX_MEDIA_STREAM_ID_LEN 255
#define MAX_RTCCONFIGURATION_CERTIFICATES 3
#define FRAME_CURRENT_VERSION 0

extern "C" {

typedef VOID (*logPrintFunc)(UINT32, const PCHAR, const PCHAR, ...);
extern logPrintFunc globalCustomLogPrintFn;

typedef enum {
  RTC_PEER_CONNECTION_STATE_NONE = 0,
  RTC_PEER_CONNECTION_STATE_NEW = 1,
  RTC_PEER_CONNECTION_STATE_CONNECTING = 2,
  RTC_PEER_CONNECTION_STATE_CONNECTED = 3,
  RTC_PEER_CONNECTION_STATE_DISCONNECTED = 4,
  RTC_PEER_CONNECTION_STATE_FAILED = 5,
  RTC_PEER_CONNECTION_STATE_CLOSED = 6,
} RTC_PEER_CONNECTION_STATE;

typedef enum { SDP_TYPE_OFFER = 1, SDP_TYPE_ANSWER = 2 } SDP_TYPE;
typedef enum { MEDIA_STREAM_TRACK_KIND_VIDEO = 2 } MEDIA_STREAM_TRACK_KIND;
typedef enum { RTC_CODEC_H264_PROFILE_42E01F_LEVEL_ASYMMETRY_ALLOWED_PACKETIZATION_MODE = 1 } RTC_CODEC;
typedef enum { ICE_TRANSPORT_POLICY_ALL = 2 } ICE_TRANSPORT_POLICY;
typedef enum { RTC_RTP_TRANSCEIVER_DIRECTION_SENDONLY = 2 } RTC_RTP_TRANSCEIVER_DIRECTION;
typedef enum { FRAME_FLAG_NONE = 0, FRAME_FLAG_KEY_FRAME = 1 } FRAME_FLAGS;
typedef enum { RTC_STATS_TYPE_OUTBOUND_RTP = 4, RTC_STATS_TYPE_REMOTE_INBOUND_RTP = 5 } RTC_STATS_TYPE;

typedef struct DoublePeer* PRtcPeerConnection;
typedef struct DoubleTrack* PRtcRtpTransceiver;

typedef struct {
  CHAR name[MAX_DATA_CHANNEL_NAME_LEN + 1];
  UINT32 id;
} RtcDataChannel, *PRtcDataChannel;

typedef struct {
  PBYTE pCertificate;
  UINT32 certificateSize;
  PBYTE pPrivateKey;
  UINT32 privateKeySize;
} RtcCertificate, *PRtcCertificate;

typedef BOOL (*IceSetInterfaceFilterFunc)(UINT64, PCHAR);

typedef struct {
  CHAR urls[MAX_ICE_CONFIG_URI_LEN + 1];
  CHAR username[MAX_ICE_CONFIG_USER_NAME_LEN + 1];
  CHAR credential[MAX_ICE_CONFIG_CREDENTIAL_LEN + 1];
} RtcIceServer;

typedef struct {
  UINT16 maximumTransmissionUnit;
  UINT64 filterCustomData;
  IceSetInterfaceFilterFunc iceSetInterfaceFilterFunc;
} KvsRtcConfiguration;

typedef struct {
  ICE_TRANSPORT_POLICY iceTransportPolicy;
  RtcIceServer iceServers[MAX_ICE_SERVERS_COUNT];
  KvsRtcConfiguration kvsRtcConfiguration;
  RtcCertificate certificates[MAX_RTCCONFIGURATION_CERTIFICATES];
} RtcConfiguration, *PRtcConfiguration;

typedef struct {
  SDP_TYPE type;
  BOOL useTrickleIce;
  CHAR sdp[MAX_SESSION_DESCRIPTION_INIT_SDP_LEN + 1];
} RtcSessionDescriptionInit, *PRtcSessionDescriptionInit;

typedef struct {
  RTC_CODEC codec;
  CHAR trackId[MAX_MEDIA_STREAM_ID_LEN + 1];
  CHAR streamId[MAX_MEDIA_STREAM_ID_LEN + 1];
  MEDIA_STREAM_TRACK_KIND kind;
} RtcMediaStreamTrack, *PRtcMediaStreamTrack;

typedef struct {
  RTC_RTP_TRANSCEIVER_DIRECTION direction;
} RtcRtpTransceiverInit, *PRtcRtpTransceiverInit;

typedef struct {
  UINT32 version;
  UINT32 index;
  FRAME_FLAGS flags;
  UINT64 decodingTs;
  UINT64 presentationTs;
  UINT64 duration;
  UINT32 size;
  PBYTE frameData;
  UINT64 trackId;
} Frame, *PFrame;

typedef struct {
  UINT64 roundTripTime;
  DOUBLE fractionLost;
  UINT64 reportsReceived;
} RtcRemoteInboundRtpStreamStats;

typedef struct {
  struct {
    UINT64 packetsSent;
  } sent;
  UINT32 nackCount;
  UINT64 retransmittedPacketsSent;
} RtcOutboundRtpStreamStats;

typedef struct {
  RTC_STATS_TYPE requestedTypeOfStats;
  struct {
    RtcOutboundRtpStreamStats outboundRtpStreamStats;
    RtcRemoteInboundRtpStreamStats remoteInboundRtpStreamStats;
  } rtcStatsObject;
} RtcStats, *PRtcStats;

typedef VOID (*RtcOnIceCandidate)(UINT64, PCHAR);
typedef VOID (*RtcOnConnectionStateChange)(UINT64, RTC_PEER_CONNECTION_STATE);
typedef VOID (*RtcOnDataChannel)(UINT64, PRtcDataChannel);
typedef VOID (*RtcOnMessage)(UINT64, PRtcDataChannel, BOOL, PBYTE, UINT32);
typedef VOID (*RtcOnPictureLoss)(UINT64);
typedef VOID (*RtcOnBandwidthEstimation)(UINT64, DOUBLE);
typedef VOID (*RtcOnSenderBandwidthEstimation)(UINT64, UINT32, UINT32, UINT32, UINT32, UINT64);

STATUS initKvsWebRtc(VOID);
STATUS createRtcCertificate(PRtcCertificate*);
STATUS freeRtcCertificate(PRtcCertificate);
STATUS createPeerConnection(PRtcConfiguration, PRtcPeerConnection*);
STATUS freePeerConnection(PRtcPeerConnection*);
STATUS closePeerConnection(PRtcPeerConnection);
STATUS peerConnectionOnIceCandidate(PRtcPeerConnection, UINT64, RtcOnIceCandidate);
STATUS peerConnectionOnConnectionStateChange(PRtcPeerConnection, UINT64, RtcOnConnectionStateChange);
STATUS peerConnectionOnDataChannel(PRtcPeerConnection, UINT64, RtcOnDataChannel);
STATUS peerConnectionOnSenderBandwidthEstimation(PRtcPeerConnection, UINT64, RtcOnSenderBandwidthEstimation);
STATUS addSupportedCodec(PRtcPeerConnection, RTC_CODEC);
STATUS addTransceiver(PRtcPeerConnection, PRtcMediaStreamTrack, PRtcRtpTransceiverInit, PRtcRtpTransceiver*);
STATUS configureTransceiverRollingBuffer(PRtcRtpTransceiver, PRtcMediaStreamTrack, DOUBLE, DOUBLE);
STATUS transceiverOnPictureLoss(PRtcRtpTransceiver, UINT64, RtcOnPictureLoss);
STATUS transceiverOnBandwidthEstimation(PRtcRtpTransceiver, UINT64, RtcOnBandwidthEstimation);
STATUS setRemoteDescription(PRtcPeerConnection, PRtcSessionDescriptionInit);
STATUS setLocalDescription(PRtcPeerConnection, PRtcSessionDescriptionInit);
STATUS createAnswer(PRtcPeerConnection, PRtcSessionDescriptionInit);
STATUS addIceCandidate(PRtcPeerConnection, PCHAR);
STATUS writeFrame(PRtcRtpTransceiver, PFrame);
STATUS dataChannelOnMessage(PRtcDataChannel, UINT64, RtcOnMessage);
STATUS dataChannelSend(PRtcDataChannel, BOOL, PBYTE, UINT32);
STATUS rtcPeerConnectionGetMetrics(PRtcPeerConnection, PRtcRtpTransceiver, PRtcStats);

}  // extern "C"
