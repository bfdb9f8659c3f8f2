/**
 * A viewer as AWS's own example makes one: the signaling client of amazon-kinesis-video-streams-webrtc, and the
 * browser's RTCPeerConnection. Bundled for the browser by viewer-site.ts.
 */
import { Role, SignalingClient } from 'amazon-kinesis-video-streams-webrtc';

export interface ViewerOptions {
  readonly channelARN: string;
  readonly channelEndpoint: string;
  readonly clientId: string;
  readonly region: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string; sessionToken: string };
}

export interface PageViewer {
  readonly messages: string[];
  frames: number;
  offers: number;
  readonly faults: string[];
  readonly peer: RTCPeerConnection;
  send(text: string): void;
  /** Sends this again and again, as a page does while a control is held. */
  hold(text: string | null): void;
}

declare global {
  interface Window {
    startViewer(options: ViewerOptions): void;
    viewer: PageViewer;
  }
}

const HOLD_EVERY_MS = 80;

window.startViewer = (options) => {
  const client = new SignalingClient({ ...options, role: Role.VIEWER });
  const peer = new RTCPeerConnection();
  const channel = peer.createDataChannel('drive', { ordered: false, maxRetransmits: 0 });
  let holding: ReturnType<typeof setInterval> | undefined;
  const viewer: PageViewer = {
    messages: [],
    frames: 0,
    offers: 0,
    faults: [],
    peer,
    send: (text) => channel.send(text),
    hold(text) {
      clearInterval(holding);
      if (text === null) return;
      channel.send(text);
      holding = setInterval(() => channel.send(text), HOLD_EVERY_MS);
    },
  };
  window.viewer = viewer;
  channel.onmessage = ({ data }) => viewer.messages.push(data);

  client.on('open', async () => {
    peer.addTransceiver('video', { direction: 'recvonly' });
    await peer.setLocalDescription(await peer.createOffer());
    viewer.offers += 1;
    client.sendSdpOffer(peer.localDescription!);
  });
  client.on('sdpAnswer', (answer) => void peer.setRemoteDescription(answer));
  client.on('iceCandidate', (candidate) => void peer.addIceCandidate(candidate));
  client.on('error', (error: unknown) => viewer.faults.push(String(error)));
  peer.onicecandidate = ({ candidate }) => {
    if (candidate) client.sendIceCandidate(candidate);
  };
  peer.ontrack = ({ streams, track }) => {
    const video = document.querySelector('video')!;
    video.srcObject = streams[0] ?? new MediaStream([track]);
    const count = () => {
      viewer.frames += 1;
      video.requestVideoFrameCallback(count);
    };
    video.requestVideoFrameCallback(count);
    void video.play();
  };
  client.open();
};
