/**
 * Stands between a viewer and the robot on the way of their packets, so that a test can lose some. The viewer is
 * told the relay's address in place of the robot's; the robot learns the relay's from the viewer's checks.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { IceCandidate } from '../../../firmware/video/engine.ts';

export interface UdpRelay {
  /** Gives what to tell the viewer for one of the robot's candidates; null for those that can't be relayed. */
  wrap(candidate: IceCandidate): Promise<IceCandidate | null>;
  /** Whether a packet passes. */
  passes: (packet: Buffer, towards: 'viewer' | 'robot') => boolean;
  /** How long a packet that passes is under way, each way. */
  delayMs: number;
  close(): Promise<void>;
}

export function createUdpRelay(): UdpRelay {
  const sockets = new Set<Socket>();
  const bind = async () => {
    const socket = createSocket('udp4');
    sockets.add(socket);
    socket.bind(0);
    await once(socket, 'listening');
    return socket;
  };
  const send = (socket: Socket, packet: Buffer, port: number, address: string) => {
    const now = () => {
      if (sockets.has(socket)) socket.send(packet, port, address);
    };
    if (relay.delayMs > 0) setTimeout(now, relay.delayMs);
    else now();
  };
  const relay: UdpRelay = {
    passes: () => true,
    delayMs: 0,
    wrap: async (candidate) => {
      const fields = candidate.candidate.split(' ');
      const [address = '', port = ''] = fields.slice(4, 6);
      if (!/^\d+\.\d+\.\d+\.\d+$/.test(address)) return null;
      const front = await bind();
      const backs = new Map<string, Promise<Socket>>();
      const backOf = async (viewer: RemoteInfo) => {
        const back = await bind();
        back.on('message', (packet) => {
          if (relay.passes(packet, 'viewer')) send(front, packet, viewer.port, viewer.address);
        });
        return back;
      };
      front.on('message', async (packet, viewer) => {
        const key = `${viewer.address}:${viewer.port}`;
        const back = backs.get(key) ?? backOf(viewer);
        backs.set(key, back);
        const socket = await back;
        if (relay.passes(packet, 'robot')) send(socket, packet, Number(port), address);
      });
      fields[5] = String(front.address().port);
      return { ...candidate, candidate: fields.join(' ') };
    },
    close: async () => {
      const closing = [...sockets];
      sockets.clear();
      await Promise.all(
        closing.map((socket) => {
          const closed = once(socket, 'close');
          socket.close();
          return closed;
        }),
      );
    },
  };
  return relay;
}

/** What an offer or answer itself lists would go past the relay. */
export function withoutCandidates(sdp: string): string {
  return sdp.replace(/^a=candidate:.*\r\n/gm, '');
}

/** RTP, not RTCP (RFC 5761 section 4), nor STUN or DTLS (RFC 7983). */
export function rtpSequenceNumber(packet: Buffer): number | null {
  const [first = 0, second = 0] = packet;
  const isRtp = first >= 128 && first <= 191 && !(second >= 192 && second <= 223);
  return isRtp ? packet.readUInt16BE(2) : null;
}
