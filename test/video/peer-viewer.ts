/** A viewer without a browser: libdatachannel on the other side of an engine's peer. It counts packets and decodes none. */
import type { DataChannel, Track } from 'node-datachannel';
import type { VideoPeer } from '../../firmware/video/engine.ts';
import { rtpSequenceNumber } from './contract/udp-relay.ts';

export interface PeerViewer {
  readonly packets: number;
  readonly open: boolean;
  readonly texts: readonly string[];
  send(text: string): boolean;
  close(): Promise<void>;
}

export async function viewPeer(peer: VideoPeer): Promise<PeerViewer> {
  const { PeerConnection, RtcpReceivingSession, Video } = await import('node-datachannel');
  const connection = new PeerConnection('viewer', { iceServers: [] });
  const texts: string[] = [];
  let packets = 0;
  const closed = new Promise<void>((resolve) => {
    connection.onStateChange((state) => {
      if (state === 'closed') resolve();
    });
  });
  // Made as soon as there is a channel.
  const offer = new Promise<string>((resolve) => connection.onLocalDescription((sdp) => resolve(sdp)));
  connection.onLocalCandidate((candidate, sdpMid) => peer.addCandidate({ candidate, sdpMid }));
  const media = new Video('0', 'RecvOnly');
  media.addH264Codec(108, 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1');
  const track: Track = connection.addTrack(media);
  track.setMediaHandler(new RtcpReceivingSession());
  track.onMessage((packet) => {
    if (rtpSequenceNumber(packet) !== null) packets += 1;
  });
  const channel: DataChannel = connection.createDataChannel('drive', { unordered: true, maxRetransmits: 0 });
  channel.onMessage((text) => texts.push(String(text)));
  const waiting: { candidate: string; sdpMid: string | null }[] = [];
  let answered = false;
  const tell = (candidate: string, mid: string | null) => {
    if (answered) connection.addRemoteCandidate(candidate, mid ?? '0');
    else waiting.push({ candidate, sdpMid: mid });
  };
  const candidates = peer.localCandidates$.subscribe(({ candidate, sdpMid }) => tell(candidate, sdpMid));
  connection.setRemoteDescription(await peer.answer(await offer), 'answer');
  answered = true;
  for (const { candidate, sdpMid } of waiting.splice(0)) tell(candidate, sdpMid);
  return {
    get packets() {
      return packets;
    },
    get open() {
      return channel.isOpen();
    },
    texts,
    send: (text) => channel.isOpen() && channel.sendMessage(text),
    close: async () => {
      candidates.unsubscribe();
      channel.close();
      track.close();
      connection.close();
      await closed;
    },
  };
}
