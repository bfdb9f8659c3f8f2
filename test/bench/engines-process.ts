/**
 * Plays one clip to viewers by an engine, or as RTP to a port: run as a child process with what to play by, `kvs`,
 * `datachannel` or `rtp:<port>`. Signaling goes over the channel to the parent.
 */
import { createSocket } from 'node:dgram';
import { pino } from 'pino';
import type { AccessUnit } from '../../firmware/video/camera.ts';
import { rtpTimestamp, type VideoPeer } from '../../firmware/video/engine.ts';
import { createEngine } from '../../firmware/video/open-engine.ts';
import { createClipCamera, encodeClip } from '../video/contract/clip-camera.ts';

export type ToStand =
  | { readonly id: string; readonly offer: string }
  | { readonly id: string; readonly candidate: { candidate: string; sdpMid: string | null } };

export type FromStand =
  | { readonly ready: true }
  | { readonly id: string; readonly answer: string }
  | { readonly id: string; readonly candidate: { candidate: string; sdpMid: string | null } }
  /** When each frame was handed over, CLOCK_MONOTONIC in ms. */
  | { readonly sent: { readonly rtpTimestamp: number; readonly ms: number; readonly keyFrame: boolean } };

/** A key frame every second, for viewers that come in between: none can be asked for here. */
const CLIP = { width: 640, height: 480, framesPerS: 30, seconds: 1, kbps: 1500 };
const MAX_PAYLOAD_BYTES = 1200;
const PAYLOAD_TYPE = 96;

const tell = (message: FromStand) => process.send?.(message);

/** RFC 6184: single NAL units, and FU-A for those that are too long for a packet. */
export function* rtpPackets(unit: Pick<AccessUnit, 'data'>, timestamp: number, nextSequence: () => number) {
  const nals = nalUnits(unit.data);
  const payloads = nals.flatMap((nal) => {
    if (nal.length <= MAX_PAYLOAD_BYTES) return [nal];
    const [first = 0] = nal;
    const parts: Buffer[] = [];
    for (let at = 1; at < nal.length; at += MAX_PAYLOAD_BYTES - 2) {
      const rest = nal.subarray(at, at + MAX_PAYLOAD_BYTES - 2);
      const begin = at === 1 ? 0x80 : 0;
      const end = at + rest.length >= nal.length ? 0x40 : 0;
      parts.push(Buffer.concat([Buffer.from([(first & 0xe0) | 28, begin | end | (first & 0x1f)]), rest]));
    }
    return parts;
  });
  for (const [n, payload] of payloads.entries()) {
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = PAYLOAD_TYPE | (n === payloads.length - 1 ? 0x80 : 0);
    header.writeUInt16BE(nextSequence() & 0xffff, 2);
    header.writeUInt32BE(timestamp, 4);
    header.writeUInt32BE(0x726f7665, 8);
    yield Buffer.concat([header, payload]);
  }
}

const START = Buffer.from([0, 0, 1]);

/** Without the start codes, of three bytes or four, between them. */
function nalUnits(data: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  for (let start = data.indexOf(START); start >= 0; ) {
    const next = data.indexOf(START, start + START.length);
    let end = next < 0 ? data.length : next;
    while (next >= 0 && data[end - 1] === 0) end -= 1;
    nals.push(data.subarray(start + START.length, end));
    start = next;
  }
  return nals;
}

async function playTo(sink: (unit: AccessUnit) => void): Promise<void> {
  const camera = createClipCamera(await encodeClip(CLIP), CLIP.framesPerS);
  camera.accessUnits$.subscribe((unit) => {
    sink(unit);
    const ms = unit.capturedUs / 1000;
    tell({ sent: { rtpTimestamp: rtpTimestamp(unit.capturedUs), ms, keyFrame: unit.keyFrame } });
  });
  tell({ ready: true });
}

async function playByEngine(name: 'kvs' | 'datachannel'): Promise<void> {
  const log = pino({ level: 'error' }, pino.destination(2));
  const engine = createEngine(name, (severe, message) => log[severe ? 'error' : 'warn'](message));
  const peers = new Map<string, VideoPeer>();
  const gated = new Set<VideoPeer>();
  process.on('message', async (message: ToStand) => {
    let peer = peers.get(message.id);
    if (!peer) {
      peer = await engine.createPeer({ iceServers: [] });
      peers.set(message.id, peer);
      gated.add(peer);
      peer.localCandidates$.subscribe((candidate) => tell({ id: message.id, candidate }));
    }
    if ('offer' in message) tell({ id: message.id, answer: await peer.answer(message.offer) });
    else peer.addCandidate(message.candidate);
  });
  await playTo((unit) => {
    for (const peer of peers.values()) {
      if (gated.has(peer) && !unit.keyFrame) continue;
      if (peer.sendFrame(unit)) gated.delete(peer);
      else gated.add(peer);
    }
  });
}

async function playAsRtp(port: number): Promise<void> {
  const socket = createSocket('udp4');
  let sequence = 0;
  await playTo((unit) => {
    const packets = rtpPackets(unit, rtpTimestamp(unit.capturedUs), () => sequence++);
    for (const packet of packets) socket.send(packet, port, '127.0.0.1');
  });
}

const [by] = process.argv.slice(2);
if (process.send && by) {
  if (by === 'kvs' || by === 'datachannel') await playByEngine(by);
  else await playAsRtp(Number(by.replace('rtp:', '')));
  process.on('disconnect', () => process.exit(0));
}
