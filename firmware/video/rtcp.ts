/**
 * Reads what a receiver sends back about a stream: compound RTCP packets (RFC 3550 section 6), of which
 * reports about us, lost pictures and bandwidth estimates matter here. All else is skipped.
 */

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const TRANSPORT_FEEDBACK = 205;
const PAYLOAD_FEEDBACK = 206;
/** Format of transport-layer feedback: RFC 4585 section 6.2.1. */
const NACK = 1;
/** Formats of payload-specific feedback: RFC 4585 section 6.3, RFC 5104 section 4.3.1, REMB. */
const PLI = 1;
const FIR = 4;
const APPLICATION_LAYER = 15;
const REMB_MARK = 0x52454d42;

export interface RtcpFeedback {
  /**
   * Share of packets missing since the last report, 0..1, those that came when sent again not counted; null where
   * no report block is about this stream.
   */
  readonly lossRatio: number | null;
  /** Packets missing since the stream began, less those that came twice; goes with lossRatio. */
  readonly cumulativeLost: number;
  /** Highest sequence number received, with the count of its wrap-arounds above 16 bits; goes with lossRatio. */
  readonly highestSequence: number;
  /** Middle 32 bits of the NTP time in the sender report that the receiver saw last; 0 before the first. */
  readonly lastSenderReport: number;
  /** Between seeing that sender report and sending this, in 1/65536 s. */
  readonly delaySinceSenderReport: number;
  /** Sequence numbers to be sent again. */
  readonly nacked: readonly number[];
  /** PLI or FIR requests for this stream. */
  readonly keyFrameRequests: number;
  /** REMB, in kbit/s. */
  readonly estimateKbps: number | null;
}

/** Never throws: reading stops where the packet stops making sense, what was read before counts. */
export function readRtcp(packet: Uint8Array, ssrc: number): RtcpFeedback {
  const feedback = {
    lossRatio: null as number | null,
    cumulativeLost: 0,
    highestSequence: 0,
    nacked: [] as number[],
    lastSenderReport: 0,
    delaySinceSenderReport: 0,
    keyFrameRequests: 0,
    estimateKbps: null as number | null,
  };
  for (const { type, count, body } of parts(packet)) {
    if (type === SENDER_REPORT || type === RECEIVER_REPORT) {
      const block = reportBlock(body, type === SENDER_REPORT ? 24 : 4, count, ssrc);
      if (block) Object.assign(feedback, block);
    } else if (type === TRANSPORT_FEEDBACK && count === NACK) {
      feedback.nacked.push(...nackedSequences(body, ssrc));
    } else if (type === PAYLOAD_FEEDBACK && body.byteLength >= 8) {
      if (count === PLI && body.getUint32(4) === ssrc) feedback.keyFrameRequests += 1;
      else if (count === FIR && hasFirEntry(body, ssrc)) feedback.keyFrameRequests += 1;
      else if (count === APPLICATION_LAYER) feedback.estimateKbps = remb(body, ssrc) ?? feedback.estimateKbps;
    }
  }
  return feedback;
}

/** `body` is what follows the four bytes that all RTCP packets begin with. */
function* parts(packet: Uint8Array) {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  let start = 0;
  while (start + 4 <= view.byteLength) {
    const first = view.getUint8(start);
    const end = start + 4 + view.getUint16(start + 2) * 4;
    if (first >> 6 !== 2 || end > view.byteLength) return;
    yield {
      type: view.getUint8(start + 1),
      count: first & 0x1f,
      body: new DataView(view.buffer, view.byteOffset + start + 4, end - start - 4),
    };
    start = end;
  }
}

/** RFC 3550 section 6.4.1: blocks of 24 bytes, the first at `at`. */
function reportBlock(body: DataView, at: number, count: number, ssrc: number) {
  for (let block = at; block < at + count * 24 && block + 24 <= body.byteLength; block += 24) {
    if (body.getUint32(block) !== ssrc) continue;
    return {
      lossRatio: body.getUint8(block + 4) / 256,
      // 24 bits, signed.
      cumulativeLost: (body.getInt32(block + 4) << 8) >> 8,
      highestSequence: body.getUint32(block + 8),
      lastSenderReport: body.getUint32(block + 16),
      delaySinceSenderReport: body.getUint32(block + 20),
    };
  }
  return null;
}

/** Each entry: a sequence number, and a bit mask of those of the 16 after it that are missing too. */
function* nackedSequences(body: DataView, ssrc: number): Generator<number> {
  if (body.byteLength < 8 || body.getUint32(4) !== ssrc) return;
  for (let entry = 8; entry + 4 <= body.byteLength; entry += 4) {
    const first = body.getUint16(entry);
    const mask = body.getUint16(entry + 2);
    yield first;
    for (let bit = 0; bit < 16; bit += 1) {
      if (mask & (1 << bit)) yield (first + bit + 1) & 0xffff;
    }
  }
}

function hasFirEntry(body: DataView, ssrc: number): boolean {
  for (let entry = 8; entry + 8 <= body.byteLength; entry += 8) {
    if (body.getUint32(entry) === ssrc) return true;
  }
  return false;
}

/** draft-alvestrand-rmcat-remb-03 section 2.2: mantissa of 18 bits, exponent of 6, in bit/s. */
function remb(body: DataView, ssrc: number): number | null {
  if (body.byteLength < 16 || body.getUint32(8) !== REMB_MARK) return null;
  const word = body.getUint32(12);
  const count = word >>> 24;
  let meant = count === 0;
  for (let entry = 16; entry < 16 + count * 4 && entry + 4 <= body.byteLength; entry += 4) {
    meant ||= body.getUint32(entry) === ssrc;
  }
  return meant ? ((word & 0x3ffff) * 2 ** ((word >>> 18) & 0x3f)) / 1000 : null;
}

const NTP_EPOCH_BEFORE_UNIX_S = 2_208_988_800;

/** Middle 32 bits of the NTP time (RFC 3550 section 4), in 1/65536 s. */
export function ntpMiddle(unixMs: number): number {
  return Math.floor((unixMs / 1000 + NTP_EPOCH_BEFORE_UNIX_S) * 65_536) % 2 ** 32;
}

/**
 * RFC 3550 section 6.4.1: arrival - LSR - DLSR, in ms. Null where the receiver saw no sender report yet, and
 * where the wall clock, which sender reports carry, was set in between (below -20 ms or above a minute).
 */
export function roundTripMs(feedback: RtcpFeedback, unixMs: number): number | null {
  if (feedback.lossRatio === null || feedback.lastSenderReport === 0) return null;
  const ticks = (ntpMiddle(unixMs) - feedback.lastSenderReport - feedback.delaySinceSenderReport) | 0;
  const ms = (ticks * 1000) / 65_536;
  if (ms < -20 || ms > 60_000) return null;
  return Math.max(0, ms);
}
