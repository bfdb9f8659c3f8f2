import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { KEPT_PACKETS, LossMeter } from '../../firmware/video/loss.ts';
import type { RtcpFeedback } from '../../firmware/video/rtcp.ts';

const feedback = (part: Partial<RtcpFeedback>): RtcpFeedback => ({
  lossRatio: null,
  cumulativeLost: 0,
  highestSequence: 0,
  nacked: [],
  lastSenderReport: 0,
  delaySinceSenderReport: 0,
  keyFrameRequests: 0,
  estimateKbps: null,
  ...part,
});
const report = (highestSequence: number, cumulativeLost = 0, ...nacked: number[]) =>
  feedback({ lossRatio: 0, highestSequence, cumulativeLost, nacked });
const nack = (...nacked: number[]) => feedback({ nacked });

const losses: readonly [string, RtcpFeedback[], number | null][] = [
  ['a first report has nothing before it', [report(1000, 500)], null],
  ['nothing lost', [report(1000), report(1100)], 0],
  ['a quarter lost for good', [report(1000, 5), report(1100, 30)], 0.25],
  [
    'packets sent again count as lost',
    [report(1000), nack(1001, 1002, 1003), report(1012), report(1024)],
    0.125,
  ],
  ['each of them once', [report(1000), nack(1001, 1002), nack(1002, 1001), report(1020)], 0.1],
  ['also those asked for in the report itself', [report(1000), report(1100, 0, 1050)], 0.01],
  ['the worse of both counts', [report(1000), nack(1001), report(1100, 50)], 0.5],
  ['what came twice is no loss', [report(1000, 0), report(1100, -10)], 0],
  ['19 packets tell nothing', [report(1000), report(1019, 19)], null],
  ['20 do', [report(1000), report(1020, 5)], 0.25],
  ['reports with too few are added up', [report(1000), report(1010, 4), report(1020, 5)], 0.25],
  ['an interval counts once', [report(1000), report(1100, 50), report(1200, 50)], 0],
  ['a wrap of the 32 bits', [report(0xfffffff6), report(10, 5)], 0.25],
  ['never above 1', [report(1000), nack(...Array.from({ length: 50 }, (_, n) => n)), report(1020)], 1],
  ['a receiver that counts anew', [report(100_000, 900), report(50, 1)], null],
  ['and goes on from there', [report(100_000, 900), report(50, 1), report(150, 11)], 0.1],
  ['a NACK alone ends no interval', [report(1000), nack(1001)], null],
];
for (const [name, feedbacks, expected] of losses) {
  test(`loss: ${name}`, () => {
    const meter = new LossMeter();
    assert.is(feedbacks.map((one) => meter.read(one).lossRatio).at(-1), expected);
  });
}

const repairs: readonly [string, RtcpFeedback[], boolean][] = [
  ['the newest kept packet', [report(1000), nack(1000)], false],
  ['the oldest kept packet', [report(1000), nack(1000 - KEPT_PACKETS + 1)], false],
  ['the one before that', [report(1000), nack(1000 - KEPT_PACKETS)], true],
  ['over a wrap of the sequence numbers', [report(0x10010), nack((0x10010 - KEPT_PACKETS) & 0xffff)], true],
  ['a packet newer than any reported', [report(1000), nack(3000)], false],
  ['then one too old for that', [report(1000), nack(3000), nack(2000)], true],
  ['both in one', [nack(2000, 3000)], true],
  ['the first ever', [nack(5)], false],
];
for (const [name, feedbacks, expected] of repairs) {
  test(`beyond repair: ${name}`, () => {
    const meter = new LossMeter();
    const losses = feedbacks.map((one) => meter.read(one));
    assert.is(losses.at(-1)?.beyondRepair, expected);
  });
}

test.run();
