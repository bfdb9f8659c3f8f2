import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { KEPT_PACKETS, LossMeter } from '../../firmware/video/loss.ts';
import type { RtcpFeedback } from '../../firmware/video/rtcp.ts';

const feedback = (part: Partial<RtcpFeedback>): RtcpFeedback => ({
  lossRatio: null,
  highestSequence: 0,
  nacked: [],
  lastSenderReport: 0,
  delaySinceSenderReport: 0,
  keyFrameRequests: 0,
  estimateKbps: null,
  ...part,
});
const report = (lossRatio: number, highestSequence: number) => feedback({ lossRatio, highestSequence });
const nack = (...nacked: number[]) => feedback({ nacked });

test('a first report counts as it stands', () => {
  const meter = new LossMeter();
  assert.is(meter.read(nack(1, 2, 3)).lossRatio, null);
  assert.is(meter.read(report(0.25, 1000)).lossRatio, 0.25);
});

test('packets that had to be sent again count as lost, each once', () => {
  const meter = new LossMeter();
  meter.read(report(0, 1000));
  meter.read(nack(1001, 1002));
  meter.read(nack(1002, 1003));
  assert.is(meter.read(report(0, 1012)).lossRatio, 0.25);
  assert.is(meter.read(report(0, 1024)).lossRatio, 0, 'and only in the report after');
});

test('the worse of both counts', () => {
  const meter = new LossMeter();
  meter.read(report(0, 1000));
  meter.read(nack(1001));
  assert.is(meter.read(report(0.5, 1100)).lossRatio, 0.5);
});

test('over a wrap of the sequence numbers, also that of all 32 bits', () => {
  const meter = new LossMeter();
  meter.read(report(0, 0xfffffffb));
  meter.read(nack(65_534));
  assert.is(meter.read(report(0, 5)).lossRatio, 0.1);
});

test('never above 1, and 0 where nothing came in between', () => {
  const meter = new LossMeter();
  meter.read(report(0, 1000));
  meter.read(nack(...Array.from({ length: 50 }, (_, n) => n)));
  assert.is(meter.read(report(0, 1010)).lossRatio, 1);
  meter.read(nack(1));
  assert.is(meter.read(report(0, 1010)).lossRatio, 0);
  meter.read(nack(1));
  assert.is(meter.read(report(0, 900)).lossRatio, 0, 'a number that went back');
});

const repairs: readonly [string, RtcpFeedback[], boolean][] = [
  ['the newest kept packet', [report(0, 1000), nack(1000)], false],
  ['the oldest kept packet', [report(0, 1000), nack(1000 - KEPT_PACKETS + 1)], false],
  ['the one before that', [report(0, 1000), nack(1000 - KEPT_PACKETS)], true],
  [
    'over a wrap of the sequence numbers',
    [report(0, 0x10010), nack((0x10010 - KEPT_PACKETS) & 0xffff)],
    true,
  ],
  ['a packet newer than any reported', [report(0, 1000), nack(3000)], false],
  ['then one too old for that', [report(0, 1000), nack(3000), nack(2000)], true],
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
