import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ntpMiddle, type RtcpFeedback, readRtcp, roundTripMs } from '../../firmware/video/rtcp.ts';

const SSRC = 0x01020304;
const NOTHING: RtcpFeedback = {
  lossRatio: null,
  cumulativeLost: 0,
  highestSequence: 0,
  nacked: [],
  lastSenderReport: 0,
  delaySinceSenderReport: 0,
  keyFrameRequests: 0,
  estimateKbps: null,
};

/** One RTCP packet: count (or format), type, then words of 32 bits. */
function packet(count: number, type: number, words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + words.length * 4);
  bytes[0] = 0x80 | count;
  bytes[1] = type;
  bytes.writeUInt16BE(words.length, 2);
  words.forEach((word, index) => {
    bytes.writeUInt32BE(word >>> 0, 4 + index * 4);
  });
  return bytes;
}

const block = (ssrc: number, lost256: number, lastSr = 0, delay = 0) => [
  ssrc,
  (lost256 << 24) | 7,
  1000,
  3,
  lastSr,
  delay,
];
const rembWord = (count: number, exponent: number, mantissa: number) =>
  (count << 24) | (exponent << 18) | mantissa;
const REMB = 0x52454d42;

const rows: readonly [string, Buffer, Partial<RtcpFeedback>][] = [
  ['an empty packet', Buffer.alloc(0), {}],
  ['a report without blocks', packet(0, 201, [9]), {}],
  [
    'a report without loss',
    packet(1, 201, [9, ...block(SSRC, 0)]),
    { lossRatio: 0, cumulativeLost: 7, highestSequence: 1000 },
  ],
  [
    'a quarter lost',
    packet(1, 201, [9, ...block(SSRC, 64)]),
    { lossRatio: 0.25, cumulativeLost: 7, highestSequence: 1000 },
  ],
  [
    'times of the sender report',
    packet(1, 201, [9, ...block(SSRC, 0, 0xfffffff0, 0x8000)]),
    {
      lossRatio: 0,
      cumulativeLost: 7,
      highestSequence: 1000,
      lastSenderReport: 0xfffffff0,
      delaySinceSenderReport: 0x8000,
    },
  ],
  [
    'fewer lost than came twice',
    packet(1, 201, [9, SSRC, 0x00fffffe, 1000, 3, 0, 0]),
    { lossRatio: 0, cumulativeLost: -2, highestSequence: 1000 },
  ],
  ['a report about another stream', packet(1, 201, [9, ...block(SSRC + 1, 64)]), {}],
  [
    'the second block of a report',
    packet(2, 201, [9, ...block(SSRC + 1, 64), ...block(SSRC, 128)]),
    { lossRatio: 0.5, cumulativeLost: 7, highestSequence: 1000 },
  ],
  [
    'blocks of a sender report',
    packet(1, 200, [9, 1, 2, 3, 4, 5, ...block(SSRC, 255)]),
    { lossRatio: 255 / 256, cumulativeLost: 7, highestSequence: 1000 },
  ],
  ['a block beyond the count', packet(0, 201, [9, ...block(SSRC, 64)]), {}],
  ['a block cut short', packet(1, 201, [9, ...block(SSRC, 64).slice(0, 5)]), {}],
  ['PLI', packet(1, 206, [9, SSRC]), { keyFrameRequests: 1 }],
  ['PLI for another stream', packet(1, 206, [9, SSRC + 1]), {}],
  ['PLI of RTP version 1', Buffer.concat([Buffer.from([0x41]), packet(1, 206, [9, SSRC]).subarray(1)]), {}],
  ['PLI cut short', packet(1, 206, [9]), {}],
  ['FIR', packet(4, 206, [9, 0, SSRC, 0x05000000]), { keyFrameRequests: 1 }],
  ['FIR, second entry', packet(4, 206, [9, 0, SSRC + 1, 0, SSRC, 0]), { keyFrameRequests: 1 }],
  ['FIR for another stream', packet(4, 206, [9, 0, SSRC + 1, 0]), {}],
  ['a NACK', packet(1, 205, [9, SSRC, 0x00640000]), { nacked: [100] }],
  [
    'a NACK of several',
    packet(1, 205, [9, SSRC, 0xfffe8005, 0x00070000]),
    { nacked: [65534, 65535, 1, 14, 7] },
  ],
  ['a NACK for another stream', packet(1, 205, [9, SSRC + 1, 0x00640000]), {}],
  ['a NACK cut short', packet(1, 205, [9]), {}],
  ['transport-wide feedback', packet(15, 205, [9, SSRC, 0x00640000]), {}],
  [
    'REMB, 1,000,000 bit/s as 250,000 times 4',
    packet(15, 206, [9, 0, REMB, rembWord(1, 2, 250_000), SSRC]),
    { estimateKbps: 1000 },
  ],
  ['REMB for another stream', packet(15, 206, [9, 0, REMB, rembWord(1, 2, 250_000), SSRC + 1]), {}],
  ['REMB for every stream', packet(15, 206, [9, 0, REMB, rembWord(0, 0, 3000)]), { estimateKbps: 3 }],
  ['other application feedback', packet(15, 206, [9, 0, 0x41424344, rembWord(0, 0, 3000)]), {}],
  ['REMB cut short', packet(15, 206, [9, 0, REMB]), {}],
  [
    'a compound packet',
    Buffer.concat([
      packet(1, 201, [9, ...block(SSRC, 32)]),
      packet(1, 202, [9, 0x01020000]),
      packet(1, 206, [9, SSRC]),
      packet(15, 206, [9, 0, REMB, rembWord(1, 0, 64_000), SSRC]),
    ]),
    { lossRatio: 0.125, cumulativeLost: 7, highestSequence: 1000, keyFrameRequests: 1, estimateKbps: 64 },
  ],
  [
    'what stands before nonsense',
    Buffer.concat([packet(1, 206, [9, SSRC]), Buffer.from([0x40, 206, 0, 0])]),
    { keyFrameRequests: 1 },
  ],
  [
    'what stands before a packet cut short',
    Buffer.concat([packet(1, 206, [9, SSRC]), packet(1, 206, [9, SSRC]).subarray(0, 8)]),
    { keyFrameRequests: 1 },
  ],
];

for (const [name, bytes, expected] of rows) {
  test(`reads ${name}`, () => assert.equal(readRtcp(bytes, SSRC), { ...NOTHING, ...expected }));
}

test('reads within a larger buffer', () => {
  const larger = Buffer.concat([Buffer.alloc(5), packet(1, 206, [9, SSRC]), Buffer.alloc(3)]);
  assert.is(readRtcp(larger.subarray(5, 17), SSRC).keyFrameRequests, 1);
});

test('random bytes never throw, and give only what a packet can say', () => {
  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed >>> 8;
  };
  for (let round = 0; round < 50_000; round += 1) {
    const bytes = Buffer.alloc(random() % 80);
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = random();
    // Half of them look like RTCP from the outside.
    if (round % 2 && bytes.length >= 4) {
      bytes[0] = 0x80 | (bytes[0]! & 0x1f);
      bytes[1] = 200 + (bytes[1]! % 8);
      bytes.writeUInt16BE(random() % 20, 2);
    }
    const { lossRatio, estimateKbps } = readRtcp(bytes, SSRC);
    assert.ok(lossRatio === null || (lossRatio >= 0 && lossRatio < 1));
    assert.ok(estimateKbps === null || estimateKbps >= 0);
  }
});

const UNIX_MS = 1_800_000_000_123;
const HALF_SECOND = 0x8000;
const roundTrips: readonly [string, number, number, number | null][] = [
  ['no sender report was seen', 0, HALF_SECOND, null],
  ['40 ms', ntpMiddle(UNIX_MS - 540), HALF_SECOND, 40],
  ['the 16 bits of seconds wrapped around', ntpMiddle(UNIX_MS - 60_000), 59 * 65_536, 1000],
  ['a rounding below zero', ntpMiddle(UNIX_MS - 495), HALF_SECOND, 0],
  ['the wall clock went back', ntpMiddle(UNIX_MS + 1000), HALF_SECOND, null],
  ['the wall clock went forward', ntpMiddle(UNIX_MS - 3_600_000), HALF_SECOND, null],
];
for (const [name, lastSenderReport, delaySinceSenderReport, expected] of roundTrips) {
  test(`round trip: ${name}`, () => {
    const ms = roundTripMs({ ...NOTHING, lossRatio: 0, lastSenderReport, delaySinceSenderReport }, UNIX_MS);
    if (expected === null) assert.is(ms, null);
    else assert.ok(ms !== null && Math.abs(ms - expected) < 0.1, `${ms}`);
  });
}

test('round trip: a wrap of the middle 32 bits between report and arrival', () => {
  // The 16 bits of seconds wrap every 65,536 s; this is 0.1 s after such a moment.
  const wrapMs = (Math.ceil((UNIX_MS / 1000 + 2_208_988_800) / 65_536) * 65_536 - 2_208_988_800) * 1000;
  const feedback = { ...NOTHING, lossRatio: 0, lastSenderReport: ntpMiddle(wrapMs - 100) };
  const ms = roundTripMs(feedback, wrapMs + 100);
  assert.ok(ms !== null && Math.abs(ms - 200) < 0.1, `${ms}`);
});

test.run();
