/**
 * Viewers that receive and count but do not decode: ten decoding pages would take the cores from the robot.
 * Run as a child process: `node viewers-process.js <url of /teleop> <how many>`; each second it sends the
 * pictures received per viewer and second.
 */
import { PeerConnection, RtcpReceivingSession, Video } from 'node-datachannel';
import { WebSocket } from 'ws';
import type { ServerMessage } from '../../firmware/teleop/wire.ts';

const RTP_MARKER = 0x80;

function openViewer(url: string, onPicture: () => void): void {
  const socket = new WebSocket(url);
  const peer = new PeerConnection('viewer', { iceServers: [] });
  const send = (message: unknown) => socket.send(JSON.stringify(message));
  socket.on('open', () => {
    peer.onLocalDescription((sdp) => send({ offer: { sdp } }));
    peer.onLocalCandidate((candidate, sdpMid) => send({ candidate: { candidate, sdpMid } }));
    const video = new Video('video', 'RecvOnly');
    video.addH264Codec(102, 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f');
    const track = peer.addTrack(video);
    track.setMediaHandler(new RtcpReceivingSession());
    track.onMessage((packet) => {
      // RFC 3550 5.1: the marker bit ends a picture. RTCP has types 200 and up in the same byte.
      if (packet.length > 12 && packet[1]! & RTP_MARKER && (packet[1]! & 0x7f) === 102) onPicture();
    });
    peer.createDataChannel('drive', { unordered: true, maxRetransmits: 0 });
    kept.push(peer, track);
  });
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as ServerMessage;
    if ('answer' in message) peer.setRemoteDescription(message.answer.sdp, 'answer');
    else if ('candidate' in message)
      peer.addRemoteCandidate(message.candidate.candidate, message.candidate.sdpMid ?? '');
    else if ('videoClosed' in message) throw new Error(message.videoClosed.message);
  });
}

/** What the garbage collector would close. */
const kept: unknown[] = [];
const [url, count] = process.argv.slice(2);
if (url !== undefined && count !== undefined) {
  let pictures = 0;
  for (let i = 0; i < Number(count); i++) openViewer(url, () => pictures++);
  setInterval(() => {
    process.send?.(pictures / Number(count));
    pictures = 0;
  }, 1000);
}
