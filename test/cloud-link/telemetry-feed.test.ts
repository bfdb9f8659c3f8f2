import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TelemetryFeed, type TelemetrySample } from '../../firmware/cloud-link/telemetry-feed.ts';

function begin({ bufferSamples = 3, replayPerS = 10 } = {}) {
  const sent: (TelemetrySample & { dropped: number; late?: boolean })[] = [];
  let failing = false;
  const feed = new TelemetryFeed({
    bufferSamples,
    replayPerS,
    publish: async (payload) => {
      if (failing) throw new Error('no connection');
      sent.push(JSON.parse(payload));
    },
  });
  return {
    feed,
    sent,
    fail: (now: boolean) => {
      failing = now;
    },
  };
}

test('connected, a sample goes out at once and as it is', async () => {
  const { feed, sent } = begin();
  feed.connection(true);
  await feed.add({ atMs: 1, wheels: { left: 0, right: 0 } });
  assert.equal(sent, [{ atMs: 1, wheels: { left: 0, right: 0 }, dropped: 0 }]);
  assert.equal(feed.counts, { published: 1, buffered: 0, dropped: 0 });
});

test('offline the newest are kept, the oldest dropped and counted', async () => {
  const { feed, sent } = begin({ bufferSamples: 3 });
  for (let atMs = 1; atMs <= 5; atMs++) await feed.add({ atMs });
  assert.equal(feed.counts, { published: 0, buffered: 3, dropped: 2 });
  feed.connection(true);
  for (let nowMs = 0; nowMs < 1_000; nowMs += 100) await feed.replay(nowMs);
  assert.equal(sent, [
    { atMs: 3, dropped: 2, late: true },
    { atMs: 4, dropped: 2, late: true },
    { atMs: 5, dropped: 2, late: true },
  ]);
});

test('what was kept goes out at its pace, while new samples go at once', async () => {
  const { feed, sent } = begin({ replayPerS: 10 });
  for (let atMs = 1; atMs <= 3; atMs++) await feed.add({ atMs });
  feed.connection(true);
  await feed.replay(0);
  await feed.replay(99);
  await feed.add({ atMs: 9 });
  await feed.replay(100);
  assert.equal(
    sent.map(({ atMs }) => atMs),
    [1, 9, 2],
  );
});

test('what fails on its way is kept, in its order', async () => {
  const { feed, sent, fail } = begin();
  await feed.add({ atMs: 1 });
  feed.connection(true);
  fail(true);
  await feed.replay(0);
  await feed.add({ atMs: 2 });
  assert.is(feed.counts.buffered, 2);
  fail(false);
  await feed.replay(1_000);
  await feed.replay(2_000);
  assert.equal(
    sent.map(({ atMs }) => atMs),
    [1, 2],
  );
});

test('a sample that fails late takes its place before newer ones', async () => {
  const sent: number[] = [];
  const failing: (() => void)[] = [];
  const feed = new TelemetryFeed({
    bufferSamples: 3,
    replayPerS: 10,
    publish: (payload) =>
      failing.length === 0
        ? new Promise((_, reject) => failing.push(() => reject(new Error('no connection'))))
        : Promise.resolve(void sent.push(JSON.parse(payload).atMs)),
  });
  feed.connection(true);
  const first = feed.add({ atMs: 1 });
  feed.connection(false);
  await feed.add({ atMs: 2 });
  failing[0]!();
  await first;
  feed.connection(true);
  for (let nowMs = 0; nowMs < 300; nowMs += 100) await feed.replay(nowMs);
  assert.equal(sent, [1, 2]);
});

test('what fails when the buffer has filled meanwhile is dropped as the oldest', async () => {
  const { feed, fail } = begin({ bufferSamples: 1 });
  await feed.add({ atMs: 1 });
  feed.connection(true);
  fail(true);
  const replaying = feed.replay(0);
  await feed.add({ atMs: 2 });
  await replaying;
  assert.equal(feed.counts, { published: 0, buffered: 1, dropped: 1 });
});

test.run();
