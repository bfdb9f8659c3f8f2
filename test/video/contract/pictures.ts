import * as assert from 'uvu/assert';
import type { ReceiverReport } from '../../../firmware/video/engine.ts';
import { createVideoSessions } from '../../../firmware/video/sessions.ts';
import { ageMs, type Check, collectGarbage, pause, residentMiB } from './bench.ts';
import { until } from './engine-rig.ts';
import { SESSIONS, watch } from './session-viewer.ts';
import { createUdpRelay, rtpSequenceNumber } from './udp-relay.ts';

/** That pictures come, how soon, how old, and what becomes of them when packets are lost. */
export function checkPictures(check: Check): void {
  check('shows the first frame within a second', async (rig, { bench }) => {
    const tookMs: number[] = [];
    for (const id of ['a', 'b', 'c']) {
      await rig.view(id, { show: true });
      await until('a frame is shown', async () => (await rig.viewers.firstFrameMs(id)) !== null);
      tookMs.push((await rig.viewers.firstFrameMs(id)) ?? Number.NaN);
    }
    console.log(
      `MEASURED ${bench.engine.name}: first frame after ${tookMs.map((ms) => ms.toFixed(0)).join(', ')} ms`,
    );
    assert.ok(Math.max(...tookMs) < 1000);
  });

  check('shows every frame, and each as old as its time stamp says', async (rig, { bench }) => {
    await rig.view('a', { show: true });
    await until('a frame is shown', async () => (await rig.viewers.firstFrameMs('a')) !== null);
    await until('the data channel is open', async () => (await rig.viewers.channelState('a')) === 'open');
    const offsetMs = await rig.viewers.clockOffsetMs('a');
    const before = await rig.viewers.stats('a');
    const shownBefore = (await rig.viewers.frames('a')).length;
    await pause(3000);
    const after = await rig.viewers.stats('a');
    const decoded = after.framesDecoded - before.framesDecoded;
    assert.ok(decoded >= 75, `${decoded} frames decoded in 3 s`);
    assert.is(after.packetsLost, 0);
    assert.is(after.keyFramesDecoded, before.keyFramesDecoded, 'no further key frame was needed');
    const ages = (await rig.viewers.frames('a'))
      .slice(shownBefore)
      .map(({ shownMs, rtpTimestamp }) => ageMs(shownMs + offsetMs, rtpTimestamp))
      .sort((a, b) => a - b);
    const [p50, p95] = [0.5, 0.95].map((share) => ages[Math.floor(ages.length * share)] ?? Number.NaN);
    console.log(
      `MEASURED ${bench.engine.name}: ${decoded} frames in 3 s, from sendFrame to the page p50 ${p50?.toFixed(1)} ms, ` +
        `p95 ${p95?.toFixed(1)} ms, jitter buffer ${after.jitterBufferMs.toFixed(1)} ms`,
    );
    assert.ok(p50! > -2 && p50! < 60, `median age ${p50} ms`);
    assert.ok(p95! < 150, `age p95 ${p95} ms`);
  });

  check(
    'a viewer that lost packets for good asks for a key frame and goes on',
    async (rig, { camera, bench }) => {
      const relay = createUdpRelay();
      try {
        const { peer } = await rig.view('a', { relay, candidates: 'never' });
        const reports: ReceiverReport[] = [];
        peer.reports$.subscribe((report) => reports.push(report));
        let asked = 0;
        peer.keyFrameRequests$.subscribe(() => (asked += 1));
        await until('frames are decoded', async () => (await rig.viewers.stats('a')).framesDecoded > 30);
        const before = { ...(await rig.viewers.stats('a')), requests: camera.keyFrameRequests };
        // Sent again at the viewer's wish (NACK), they are lost again.
        const lost = new Set<number>();
        relay.passes = (packet) => {
          const sequenceNumber = rtpSequenceNumber(packet);
          if (sequenceNumber !== null && lost.size < 4) lost.add(sequenceNumber);
          return sequenceNumber === null || !lost.has(sequenceNumber);
        };
        const tookMs = await until('the viewer asks for a key frame', () => asked > 0);
        assert.ok(camera.keyFrameRequests > before.requests);
        const recoveredMs = await until('a key frame is decoded', async () => {
          const { keyFramesDecoded } = await rig.viewers.stats('a');
          return keyFramesDecoded > before.keyFramesDecoded;
        });
        const { framesDecoded } = await rig.viewers.stats('a');
        await until(
          'frames follow it',
          async () => (await rig.viewers.stats('a')).framesDecoded > framesDecoded + 30,
        );
        await until('a report tells of loss', () => reports.some(({ lossRatio }) => (lossRatio ?? 0) > 0));
        assert.ok(reports.some(({ roundTripMs }) => roundTripMs !== null && roundTripMs < 1000));
        assert.is(peer.stats().keyFrameRequests, asked);
        console.log(
          `MEASURED ${bench.engine.name}: key frame asked for ${tookMs.toFixed(0)} ms after the loss, ` +
            `decoded ${recoveredMs.toFixed(0)} ms after that`,
        );
      } finally {
        await relay.close();
      }
    },
  );

  check('a packet lost once is sent again', async (rig, { camera }) => {
    const relay = createUdpRelay();
    try {
      await rig.view('a', { relay, candidates: 'never' });
      await until('frames are decoded', async () => (await rig.viewers.stats('a')).framesDecoded > 30);
      const requests = camera.keyFrameRequests;
      const seen = new Set<number>();
      relay.passes = (packet) => {
        const sequenceNumber = rtpSequenceNumber(packet);
        if (sequenceNumber === null || sequenceNumber % 20 !== 0 || seen.has(sequenceNumber)) return true;
        seen.add(sequenceNumber);
        return false;
      };
      const { framesDecoded } = await rig.viewers.stats('a');
      await until(
        'frames are decoded',
        async () => (await rig.viewers.stats('a')).framesDecoded > framesDecoded + 60,
      );
      assert.ok(seen.size > 5, `${seen.size} packets were lost`);
      assert.is(camera.keyFrameRequests, requests, 'without a key frame');
      assert.ok((await rig.viewers.stats('a')).nackCount > 0);
    } finally {
      await relay.close();
    }
  });

  check('the bit rate follows what a real receiver reports', async (_rig, { camera, bench }) => {
    const relay = createUdpRelay();
    const sessions = createVideoSessions({ ...SESSIONS, camera, engine: bench.engine });
    const page = await bench.browser.browser.newPage();
    try {
      const viewer = await watch(sessions, 'a', page, { relay });
      await until('frames are decoded', async () => (await viewer.decoded()) > 10);
      const [status] = sessions.status().perViewer;
      assert.is(status?.state, 'connected');
      let packet = 0;
      relay.passes = (bytes) => {
        if (rtpSequenceNumber(bytes) === null) return true;
        packet += 1;
        return packet % 4 !== 0;
      };
      const tookMs = await until('a quarter lost lowers it', () => (camera.bitrateKbps ?? 0) < 1100, 20_000);
      relay.passes = () => true;
      const lowest = camera.bitrateKbps ?? 0;
      await until('a clean path raises it', () => (camera.bitrateKbps ?? 0) > lowest * 1.1, 20_000);
      console.log(`MEASURED ${bench.engine.name}: bit rate lowered ${tookMs.toFixed(0)} ms after loss began`);
    } finally {
      await sessions.close();
      await relay.close();
      await page.close();
    }
  });

  check('after seven seconds without a link the picture is soon back', async (_rig, { camera, bench }) => {
    const relay = createUdpRelay();
    const sessions = createVideoSessions({ ...SESSIONS, camera, engine: bench.engine });
    const page = await bench.browser.browser.newPage();
    try {
      const viewer = await watch(sessions, 'a', page, { relay });
      // Long enough for the first report.
      await until('frames are decoded', async () => (await viewer.decoded()) > 60);
      relay.passes = () => false;
      await pause(7000);
      const before = await viewer.decoded();
      relay.passes = () => true;
      const tookMs = await until(
        'frames are decoded again',
        async () => (await viewer.decoded()) > before + 5,
      );
      console.log(
        `MEASURED ${bench.engine.name}: picture back ${tookMs.toFixed(0)} ms after an outage of 7 s`,
      );
      assert.ok(tookMs < 2000, `${tookMs} ms`);
      assert.equal(viewer.closed, []);
    } finally {
      await sessions.close();
      await relay.close();
      await page.close();
    }
  });

  check(
    'ten viewers all get their pictures',
    async (rig, { bench }) => {
      collectGarbage();
      const beforeMiB = residentMiB();
      const ids = Array.from({ length: 10 }, (_, n) => `viewer ${n}`);
      for (const id of ids) await rig.view(id);
      const decoded = async () =>
        await Promise.all(ids.map(async (id) => (await rig.viewers.stats(id)).framesDecoded));
      await until('all decode', async () => (await decoded()).every((frames) => frames > 0));
      const before = await decoded();
      const cpuBefore = process.cpuUsage();
      await pause(3000);
      const cpu = process.cpuUsage(cpuBefore);
      const counts = (await decoded()).map((frames, n) => frames - (before[n] ?? 0));
      const perViewerMiB = (residentMiB() - beforeMiB) / ids.length;
      console.log(
        `MEASURED ${bench.engine.name}: 10 viewers, ${Math.min(...counts)} to ${Math.max(...counts)} frames in 3 s, ` +
          `${perViewerMiB.toFixed(2)} MiB a viewer, ${(((cpu.user + cpu.system) / 3e6 / ids.length) * 100).toFixed(1)} % of a core each`,
      );
      assert.ok(Math.min(...counts) >= 60, `${counts} frames in 3 s`);
      assert.ok(perViewerMiB < 6, `${perViewerMiB} MiB a viewer`);
    },
    'small',
  );
}
