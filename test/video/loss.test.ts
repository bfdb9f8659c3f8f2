import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LossMeter } from '../../firmware/video/loss.ts';
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
  assert.is(meter.read(nack(1, 2, 3)), null);
  assert.is(meter.read(report(0.25, 1000)), 0.25);
});

test('packets that had to be sent again count as lost, each once', () => {
  const meter = new LossMeter();
  meter.read(report(0, 1000));
  meter.read(nack(1001, 1002));
  meter.read(nack(1002, 1003));
  assert.is(meter.read(report(0, 1012)), 0.25);
  assert.is(meter.read(report(0, 1024)), 0, 'and only in the report after');
});

test('the worse of both counts', () => {
  const meter = new LossMeter();
  meter.read(report(0, 1000));
  meter.read(nack(1001));
  assert.is(meter.read(report(0.5, 1100)), 0.5);
});

test('over a wrap of the sequence numbers, also that of all 32 bits', () => {
  const meter = new LossMeter();
  meter.read(report(0, 0xfffffffb));
  meter.read(nack(65_534));
  assert.is(meter.read(report(0, 5)), 0.1);
});

test('never above 1, and 0 where nothing came in between', () => {
  const meter = new LossMeter();
  meter.read(report(0, 1000));
  meter.read(nack(...Array.from({ length: 50 }, (_, n) => n)));
  assert.is(meter.read(report(0, 1010)), 1);
  meter.read(nack(1));
  assert.is(meter.read(report(0, 1010)), 0);
  meter.read(nack(1));
  assert.is(meter.read(report(0, 900)), 0, 'a number that went back');
});

test.run();
