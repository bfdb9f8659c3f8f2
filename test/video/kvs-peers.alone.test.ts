/** The engine kvs with the real SDK and viewers without a browser: many, one after another, and in odd places. */
import { execFile } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { VideoEngine, VideoPeer } from '../../firmware/video/engine.ts';
import { createKvsEngine } from '../../firmware/video/kvs-engine.ts';
import { createNativeCamera, type NativeCamera } from '../../firmware/video/native-camera.ts';
import { createVideoSessions, type VideoSessions } from '../../firmware/video/sessions.ts';
import { loadAddon } from '../../native/addon.ts';
import { skipWithoutKvs } from '../native/kvs-present.ts';
import { residentMiB, settle, threads } from './contract/bench.ts';
import { until } from './contract/engine-rig.ts';
import { SESSIONS } from './contract/session-viewer.ts';
import { CHROMIUM_OFFER } from './offer.ts';
import { type PeerViewer, viewPeer } from './peer-viewer.ts';

/** Half of it is what libdatachannel on the viewers' side, in this same process, comes to over as many. */
const MAX_GROWTH_MIB = 10;
const CYCLES = 200;
const ADDRESSES = 40;

const moved = (peer: VideoPeer, viewer: PeerViewer) => peer.stats().framesSent > 3 && viewer.packets > 3;

interface Bench {
  readonly engine: VideoEngine;
  readonly camera: NativeCamera;
}

/** Engine and camera, closed whatever happens: open ones would keep the process alive. */
async function withBench(run: (bench: Bench) => Promise<void>): Promise<void> {
  const engine = createKvsEngine();
  const camera = createNativeCamera({ source: { kind: 'test' }, ...PICTURE });
  try {
    await run({ engine, camera });
  } finally {
    await engine.close();
    await camera.close();
  }
}

/** Keeps the camera running; gives the id of its capture. */
async function startCapture(camera: NativeCamera): Promise<number> {
  camera.captures$?.subscribe();
  await until('the capture', () => loadAddon().runningCaptures().length === 1);
  return loadAddon().runningCaptures()[0] ?? 0;
}

/** Watches one capture with one peer, as sessions do. */
async function connect(engine: VideoEngine, captureId: number) {
  const peer = await engine.createPeer({ iceServers: [] });
  peer.state$.subscribe((state) => state === 'connected' && loadAddon().requestKeyFrame(captureId));
  peer.keyFrameRequests$.subscribe(() => loadAddon().requestKeyFrame(captureId));
  peer.attachCapture?.(captureId);
  const viewer = await viewPeer(peer);
  return { peer, viewer };
}

/** Runs in a network of its own: this file with the word `addresses`. */
async function tellAddresses(): Promise<void> {
  await withBench(async ({ engine, camera }) => {
    const asked = await engine.createPeer({ iceServers: [] });
    const told: string[] = [];
    asked.localCandidates$.subscribe(({ candidate }) => told.push(candidate.split(' ')[4] ?? ''));
    await asked.answer(CHROMIUM_OFFER);
    await until('candidates', () => told.length >= 9);
    const { peer, viewer } = await connect(engine, await startCapture(camera));
    await until('pictures', () => moved(peer, viewer));
    console.log(JSON.stringify([...new Set(told)]));
    await viewer.close();
  });
}

const PICTURE = { width: 320, height: 240, framesPerS: 30, bitrateKbps: 500 };

if (process.argv[2] === 'addresses') {
  await tellAddresses();
  process.exit(0);
} else if (skipWithoutKvs('viewers of the real KVS SDK')) {
  test.skip('viewers of the real SDK', () => {});
  test.run();
} else {
  test('ten viewers get a camera whose pictures never come to JavaScript', async () => {
    await withBench(async ({ engine, camera }) => {
      const sessions: VideoSessions = createVideoSessions({ ...SESSIONS, camera, engine });
      const texts: string[] = [];
      const viewers = await Promise.all(
        Array.from({ length: 10 }, async (_, n) => {
          let session = null as ReturnType<VideoSessions['open']> | null;
          const toViewer: Parameters<VideoPeer['addCandidate']>[0][] = [];
          const listeners: ((candidate: (typeof toViewer)[number]) => void)[] = [];
          session = sessions.open(`viewer ${n}`, {
            candidate: (candidate) => {
              for (const listener of listeners) listener(candidate);
              toViewer.push(candidate);
            },
            data: (text) => texts.push(text),
            dataOpen: () => {},
            closed: () => {},
          });
          // What of a peer a viewer sees, by its session.
          const seen = {
            answer: (offer: string) => session.offer(offer),
            addCandidate: (candidate: (typeof toViewer)[number]) => session.candidate(candidate),
            localCandidates$: {
              subscribe: (listener: (typeof listeners)[number]) => {
                listeners.push(listener);
                for (const candidate of toViewer) listener(candidate);
                return { unsubscribe: () => {} };
              },
            },
          } as unknown as VideoPeer;
          return await viewPeer(seen);
        }),
      );
      await until('all connected', () => sessions.viewers === 10);
      await until('pictures for all', () => viewers.every(({ packets }) => packets > 30));
      await until('channels', () => viewers.every((viewer) => viewer.open));
      for (const [n, viewer] of viewers.entries()) viewer.send(`from ${n}`);
      await until('a word of each', () => texts.length === 10);
      assert.is(camera.stats().unitsDelivered, 0);
      assert.ok(sessions.status().perViewer.every(({ framesSent }) => framesSent > 0));
      await sessions.close();
      await Promise.all(viewers.map((viewer) => viewer.close()));
    });
    assert.equal([loadAddon().kvs?.runningPeers(), loadAddon().runningCaptures()], [[], []]);
  });

  test(`memory is flat over ${CYCLES} viewers that connect, watch and leave`, async () => {
    await withBench(async ({ engine, camera }) => {
      const captureId = await startCapture(camera);
      const cycle = async (n: number) => {
        const { peer, viewer } = await connect(engine, captureId);
        if (n % 2 === 0) await until('pictures', () => moved(peer, viewer));
        // By turns the viewer leaves first, the robot ends it, or both at once.
        if (n % 3 === 0) await viewer.close();
        else if (n % 3 === 1) await peer.close();
        await Promise.all([viewer.close(), peer.close()]);
      };
      const several = async (from: number, count: number) => {
        for (let n = from; n < from + count; n += 4) {
          await Promise.all([0, 1, 2, 3].map((more) => cycle(n + more)));
        }
      };
      await several(0, 60);
      await settle();
      const before = { threads: threads(), residentMiB: residentMiB() };
      await several(0, CYCLES);
      await settle();
      const grownMiB = residentMiB() - before.residentMiB;
      console.log(`MEASURED kvs: ${CYCLES} viewers came and went: ${grownMiB.toFixed(1)} MiB more resident`);
      assert.ok(grownMiB < MAX_GROWTH_MIB, `${grownMiB} MiB more`);
      assert.ok(threads() <= before.threads, `${threads()} threads, ${before.threads} before`);
    });
  });

  const asRoot = process.getuid?.() === 0;
  if (!asRoot) console.log('SKIP a host with 40 addresses: needs a network namespace; enable: run as root');
  (asRoot ? test : test.skip)(`a host with ${ADDRESSES} addresses`, async () => {
    const addresses = Array.from({ length: ADDRESSES }, (_, n) => `ip addr add 10.9.0.${n + 1}/24 dev v0`);
    const script = [
      'ip link set lo up',
      'ip link add v0 type veth peer name v1',
      ...addresses,
      'ip link set v0 up',
      'ip link set v1 up',
      'exec "$0" --enable-source-maps "$1" addresses',
    ].join(' && ');
    const output = await new Promise<string>((resolve, reject) => {
      const words = ['-n', 'sh', '-c', script, process.execPath, process.argv[1] ?? ''];
      execFile('unshare', words, { timeout: 60_000 }, (error, stdout, stderr) => {
        if (error) reject(new Error(`${error.message}\n${stdout}\n${stderr}`));
        else resolve(stdout);
      });
    });
    const told = JSON.parse(output.trim().split('\n').at(-1) ?? '') as string[];
    assert.is(told.length, 9, output);
    assert.ok(told.every((address) => address.startsWith('10.9.0.')));
  });

  test.run();
}
