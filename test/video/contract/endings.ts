import * as assert from 'uvu/assert';
import { VideoError } from '../../../firmware/video/engine.ts';
import { createVideoSessions } from '../../../firmware/video/sessions.ts';
import { launchBrowser } from '../../browser.ts';
import { CHROMIUM_OFFER } from '../offer.ts';
import { assertRejects, type Check, pause, residentMiB, settle, threads } from './bench.ts';
import { until } from './engine-rig.ts';
import { SESSIONS, watch } from './session-viewer.ts';

/** Growth of resident memory: over 200 viewers that came and went, and over 20 that watched for a moment. */
const MAX_GROWTH_MIB = 3;
const MAX_WATCHED_GROWTH_MIB = 10;

/** That whatever ends is noticed and leaves nothing behind. */
export function checkEndings(check: Check): void {
  check(
    'a viewer whose browser is killed is closed, the others see no difference',
    async (_rig, { camera, bench }) => {
      const sessions = createVideoSessions({ ...SESSIONS, camera, engine: bench.engine });
      const doomed = await launchBrowser();
      const page = await bench.browser.browser.newPage();
      try {
        const staying = await watch(sessions, 'staying', page);
        const killed = await watch(sessions, 'killed', await doomed.browser.newPage());
        await until(
          'both decode',
          async () => (await staying.decoded()) > 10 && (await killed.decoded()) > 10,
        );
        assert.is(sessions.viewers, 2);
        await doomed.kill();
        const killedMs = performance.now();
        let before = await staying.decoded();
        while (killed.closed.length === 0) {
          await pause(1000);
          const now = await staying.decoded();
          assert.ok(now - before >= 20, `${now - before} frames in a second beside the dead viewer`);
          before = now;
          assert.ok(performance.now() - killedMs < 20_000, 'closed within 20 s');
        }
        const closedMs = performance.now() - killedMs;
        console.log(
          `MEASURED ${bench.engine.name}: killed viewer closed after ${(closedMs / 1000).toFixed(1)} s`,
        );
        assert.equal(
          killed.closed.map(({ code }) => code),
          ['connection_lost'],
        );
        assert.equal(staying.closed, []);
        assert.is(sessions.viewers, 1);
        await page.close();
      } finally {
        await sessions.close();
        await doomed.close();
      }
      assert.not(camera.running, 'nobody watches any more');
    },
  );

  check('a viewer that leaves without a word to the link is closed', async (_rig, { camera, bench }) => {
    const sessions = createVideoSessions({ ...SESSIONS, camera, engine: bench.engine });
    try {
      const page = await bench.browser.browser.newPage();
      const viewer = await watch(sessions, 'leaving', page);
      await until('frames are decoded', async () => (await viewer.decoded()) > 10);
      await viewer.page.close('v');
      await until('the session has ended', () => viewer.closed.length > 0, 45_000);
      assert.equal([sessions.viewers, camera.running], [0, false]);
      await page.close();
    } finally {
      await sessions.close();
    }
  });

  check('can be closed at any moment, and is silent afterwards', async (rig, { bench }) => {
    const unused = await bench.engine.createPeer({ iceServers: [] });
    await Promise.all([unused.close(), unused.close()]);
    await assertRejects(unused.answer(CHROMIUM_OFFER), 'closed');
    unused.addCandidate({ candidate: 'candidate:1 1 udp 1 192.0.2.7 9 typ host', sdpMid: '0' });

    const answering = await bench.engine.createPeer({ iceServers: [] });
    const answer = answering.answer(CHROMIUM_OFFER).catch((error: unknown) => error);
    await answering.close();
    await answer;

    for (const waitMs of [0, 5, 20, 50, 100]) {
      const id = `after ${waitMs}`;
      const { peer } = await rig.view(id);
      await pause(waitMs);
      let events = 0;
      let completed = 0;
      const streams = [
        peer.localCandidates$,
        peer.state$,
        peer.data$,
        peer.dataOpen$,
        peer.keyFrameRequests$,
        peer.reports$,
      ];
      for (const stream of streams as (typeof peer.state$)[]) {
        stream.subscribe({ next: () => (events += 1), complete: () => (completed += 1) });
      }
      const closing = peer.close();
      assert.is(completed, streams.length, 'every stream completes at once');
      events = 0;
      assert.not(peer.sendFrame({ data: Buffer.alloc(100), keyFrame: true, capturedUs: 0 }));
      assert.not(peer.sendData('x'));
      await closing;
      await pause(50);
      assert.is(events, 0);
    }
  });

  check('bad offers are refused in so many words, whatever they are', async (_rig, { bench }) => {
    const peer = await bench.engine.createPeer({ iceServers: [] });
    for (const offer of ['', 'v=0\r\n', CHROMIUM_OFFER.replaceAll('a=recvonly', 'a=sendonly')]) {
      await assertRejects(peer.answer(offer), 'bad_offer');
    }
    const lines = CHROMIUM_OFFER.split('\r\n');
    let taken = 0;
    for (let round = 0; round < 200; round += 1) {
      const mutated = lines.map((line, at) =>
        (at * 7 + round) % 41 === 0 ? line.slice(0, round % 13) : line,
      );
      const fuzzed = await bench.engine.createPeer({ iceServers: [] });
      try {
        await fuzzed.answer(mutated.join('\r\n'));
        taken += 1;
      } catch (error) {
        assert.ok(error instanceof VideoError && error.code === 'bad_offer', String(error));
      }
      await fuzzed.close();
    }
    console.log(`MEASURED ${bench.engine.name}: ${taken} of 200 damaged offers could still be answered`);
    assert.match(await peer.answer(CHROMIUM_OFFER), /^v=0/);
    await peer.close();
  });

  check('frees everything: 200 viewers come and go', async (rig, { bench }) => {
    const offer = await rig.viewers.open('template');
    const cycle = async () => {
      const peer = await bench.engine.createPeer({ iceServers: [] });
      await peer.answer(offer);
      peer.addCandidate({ candidate: 'candidate:1 1 udp 2113937151 127.0.0.1 9 typ host', sdpMid: '0' });
      await peer.close();
    };
    const connectedCycle = async (id: string) => {
      const { peer } = await rig.view(id);
      await until('frames are decoded', async () => (await rig.viewers.stats(id)).framesDecoded > 3);
      await peer.close();
      await rig.viewers.close(id);
    };
    const measure = async (what: string, times: number, once: (n: number) => Promise<void>) => {
      await settle();
      const before = { threads: threads(), residentMiB: residentMiB() };
      const startedMs = performance.now();
      for (let n = 0; n < times; n += 1) await once(n);
      const eachMs = (performance.now() - startedMs) / times;
      await settle();
      const grownMiB = residentMiB() - before.residentMiB;
      console.log(
        `MEASURED ${bench.engine.name}: ${times} viewers that ${what}: ${eachMs.toFixed(1)} ms each, then ` +
          `${grownMiB.toFixed(1)} MiB more resident, ${threads()} threads (${before.threads} before)`,
      );
      assert.ok(threads() <= before.threads, `${threads()} threads, ${before.threads} before`);
      return grownMiB;
    };
    for (let n = 0; n < 100; n += 1) await cycle();
    assert.ok((await measure('came and went', 200, cycle)) < MAX_GROWTH_MIB);
    for (let n = 0; n < 20; n += 1) await connectedCycle(`warm ${n}`);
    assert.ok((await measure('watched', 20, (n) => connectedCycle(`${n}`))) < MAX_WATCHED_GROWTH_MIB);
  });
}
