/** What a Chromium offers for one video to receive and one data channel, shortened to what matters here. */
export const CHROMIUM_OFFER = `${`v=0
o=- 3650112738312045612 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
a=msid-semantic: WMS
m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 104 108 109 116
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 192.0.2.7 45639 typ host generation 0 network-cost 999
a=candidate:2 1 udp 2113942271 2001:db8::7 47037 typ host generation 0 network-cost 999
a=ice-ufrag:Xv0s
a=ice-pwd:Zt7cJ3oP1mQ9wE5rT2yU8iKa
a=ice-options:trickle
a=fingerprint:sha-256 ${'0F:'.repeat(31)}0F
a=setup:actpass
a=mid:0
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay
a=recvonly
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:102 H264/90000
a=rtcp-fb:102 nack pli
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
a=rtpmap:104 H264/90000
a=rtcp-fb:104 nack pli
a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f
a=rtpmap:108 H264/90000
a=rtcp-fb:108 goog-remb
a=rtcp-fb:108 transport-cc
a=rtcp-fb:108 ccm fir
a=rtcp-fb:108 nack
a=rtcp-fb:108 nack pli
a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:109 rtx/90000
a=fmtp:109 apt=108
a=rtpmap:116 H264/90000
a=rtcp-fb:116 nack pli
a=fmtp:116 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=ice-ufrag:Xv0s
a=ice-pwd:Zt7cJ3oP1mQ9wE5rT2yU8iKa
a=ice-options:trickle
a=fingerprint:sha-256 ${'0F:'.repeat(31)}0F
a=setup:actpass
a=mid:1
a=sctp-port:5000
a=max-message-size:262144`.replaceAll('\n', '\r\n')}\r\n`;
