/**
 * The engines side by side with a peer from Debian, Janus: the same frames at the same pace, in turn, to the same
 * page. Neither engine may be behind the peer.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { packageRoot } from '../../config/paths.ts';
import { launchBrowser } from '../browser.ts';
import { kvsMissing } from '../native/kvs-present.ts';
import { ageMs } from '../video/contract/bench.ts';
import { openViewerPage, type PageViewers } from '../video/contract/viewer-page.ts';
import type { FromStand, ToStand } from './engines-process.ts';
import { type Figure, figure, monotonicMs, quantile, sleep } from './figure.ts';
import { type Janus, janusMissing, startJanus } from './janus.ts';
import { residentMiB } from './process.ts';

const ROUNDS = 3;
const FIRST_FRAMES = 5;
const WATCH_S = 8;
const FURTHER_VIEWERS = 4;
const CLOCK_TICKS_PER_S = 100;

type Sent = Extract<FromStand, { readonly sent: unknown }>['sent'];

/** One way from frames to a page. */
interface Stand {
  readonly name: string;
  /** What serves the viewers. */
  readonly pid: number;
  readonly sent: readonly Sent[];
  view(page: Page, viewers: PageViewers, id: string): Promise<void>;
  close(): Promise<void>;
}

interface Measured {
  readonly firstFrameMs: number[];
  readonly agesMs: number[];
  readonly percentPerViewer: number;
  readonly mibPerViewer: number;
}

export async function bench(): Promise<Figure[]> {
  const stands: Readonly<Record<string, () => Promise<Stand>>> = {
    ...(present(janusMissing(), 'apt-get install janus', 'the peer') ? { janus: janusStand } : {}),
    datachannel: () => engineStand('datachannel'),
    ...(present(kvsMissing(), 'KVS_WEBRTC_PREFIX', 'kvs') ? { kvs: () => engineStand('kvs') } : {}),
  };
  const measured: Record<string, Measured[]> = Object.fromEntries(
    Object.keys(stands).map((name) => [name, []]),
  );
  // In turn, so that what else the machine does falls on all alike.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, open] of Object.entries(stands)) measured[name]?.push(await measure(open));
  }
  const { janus = null, ...engines } = measured;
  return [
    ...(janus ? figuresOf('janus', janus, null) : []),
    ...Object.entries(engines).flatMap(([name, rounds]) => figuresOf(name, rounds, janus)),
  ];
}

function present(missing: string | null, enable: string, what: string): boolean {
  if (missing) console.error(`SKIP ${what}: ${missing}; enable: ${enable}`);
  return missing === null;
}

/** A value for each round, or more. Targets are what the peer came to. */
function figuresOf(name: string, rounds: readonly Measured[], peer: readonly Measured[] | null): Figure[] {
  const one = (what: string, unit: string, pick: (of: Measured) => readonly number[]) =>
    figure(
      `${name}: ${what}`,
      unit,
      rounds.flatMap(pick),
      peer ? { median: Number(quantile(peer.flatMap(pick), 0.5).toPrecision(3)) } : {},
    );
  return [
    one('frame to picture, p50', 'ms', ({ agesMs }) => [quantile(agesMs, 0.5)]),
    one('frame to picture, p95', 'ms', ({ agesMs }) => [quantile(agesMs, 0.95)]),
    one('first frame', 'ms', ({ firstFrameMs }) => firstFrameMs),
    one('share of one core a further viewer', '%', ({ percentPerViewer }) => [percentPerViewer]),
    one('memory a further viewer', 'MiB', ({ mibPerViewer }) => [mibPerViewer]),
  ];
}

async function measure(open: () => Promise<Stand>): Promise<Measured> {
  const { browser, close } = await launchBrowser();
  const stand = await open();
  try {
    const firstFrameMs: number[] = [];
    for (let n = 0; n < FIRST_FRAMES; n++) {
      const page = await browser.newPage();
      const { viewers } = await view(stand, page, ['first']);
      firstFrameMs.push((await viewers.firstFrameMs('first')) ?? Number.NaN);
      await page.close();
    }
    const page = await browser.newPage();
    const { viewers } = await view(stand, page, ['one']);
    const offsetMs = await clockOffsetMs(page);
    const one = await cost(stand.pid);
    const agesMs = agesOf(await viewers.frames('one'), stand.sent, offsetMs);
    const others = await browser.newPage();
    await view(
      stand,
      others,
      Array.from({ length: FURTHER_VIEWERS }, (_, n) => `further ${n}`),
    );
    const more = await cost(stand.pid);
    return {
      firstFrameMs,
      agesMs,
      percentPerViewer: (more.percent - one.percent) / FURTHER_VIEWERS,
      mibPerViewer: (more.mib - one.mib) / FURTHER_VIEWERS,
    };
  } finally {
    await stand.close();
    await close();
  }
}

async function view(stand: Stand, page: Page, ids: readonly string[]) {
  // Whoever serves learns the page's addresses from its checks.
  const viewers = await openViewerPage(page, () => {});
  for (const id of ids) {
    await stand.view(page, viewers, id);
    const endMs = monotonicMs() + 15_000;
    while ((await viewers.firstFrameMs(id)) === null) {
      if (monotonicMs() > endMs) throw new Error(`${stand.name} showed no frame`);
      await sleep(20);
    }
  }
  return { viewers };
}

async function cost(pid: number): Promise<{ percent: number; mib: number }> {
  await sleep(2000);
  const [cpuBefore, before] = [cpuS(pid), monotonicMs()];
  await sleep(WATCH_S * 1000);
  const percent = (100 * (cpuS(pid) - cpuBefore)) / ((monotonicMs() - before) / 1000);
  return { percent, mib: residentMiB(pid) };
}

/** User and system time of a process so far, proc(5) stat fields 14 and 15. */
function cpuS(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_S;
}

/**
 * From handing a frame over to the page's callback for it. Janus begins its time stamps anew for each viewer: the
 * first one shown is the last key frame that was sent by then.
 */
function agesOf(
  shown: readonly { readonly rtpTimestamp: number; readonly shownMs: number }[],
  sent: readonly Sent[],
  offsetMs: number,
): number[] {
  const first = shown[0];
  const origin = sent.findLast(({ ms, keyFrame }) => keyFrame && ms < (first?.shownMs ?? 0) + offsetMs);
  if (!first || !origin) throw new Error('No frame was shown');
  const known = sent.some(({ rtpTimestamp }) => rtpTimestamp === first.rtpTimestamp);
  const shift = known ? 0 : origin.rtpTimestamp - first.rtpTimestamp;
  return shown
    .slice(30)
    .map(({ rtpTimestamp, shownMs }) => ageMs(shownMs + offsetMs, (rtpTimestamp + shift) >>> 0));
}

/** What to add to the page's performance.now() for CLOCK_MONOTONIC, by the quickest of some round trips. */
async function clockOffsetMs(page: Page): Promise<number> {
  let best = { roundTripMs: Number.POSITIVE_INFINITY, offsetMs: 0 };
  for (let n = 0; n < 300; n++) {
    const before = monotonicMs();
    const nowMs = await page.evaluate(() => performance.now());
    const roundTripMs = monotonicMs() - before;
    if (roundTripMs < best.roundTripMs) best = { roundTripMs, offsetMs: before + roundTripMs / 2 - nowMs };
  }
  return best.offsetMs;
}

async function startPlaying(by: string): Promise<{ child: ChildProcess; sent: Sent[] }> {
  const child = fork(join(packageRoot(), 'dist/test/bench/engines-process.js'), [by]);
  // One for each viewer.
  child.setMaxListeners(0);
  const sent: Sent[] = [];
  child.on('message', (message: FromStand) => {
    if ('sent' in message) sent.push(message.sent);
  });
  for (;;) {
    const [message] = (await once(child, 'message')) as [FromStand];
    if ('ready' in message || 'sent' in message) return { child, sent };
  }
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function engineStand(name: 'kvs' | 'datachannel'): Promise<Stand> {
  const { child, sent } = await startPlaying(name);
  let views = 0;
  return {
    name,
    pid: child.pid ?? 0,
    sent,
    view: async (_page, viewers, id) => {
      // A peer for each: pages come and go.
      const key = `${id} ${views++}`;
      const early: Extract<FromStand, { readonly candidate: unknown }>['candidate'][] = [];
      let answered = false;
      const done = new Promise<void>((resolve) => {
        child.on('message', async (message: FromStand) => {
          if (!('id' in message) || message.id !== key) return;
          if ('candidate' in message) {
            if (answered) await viewers.candidate(id, message.candidate).catch(() => {});
            else early.push(message.candidate);
            return;
          }
          await viewers.answer(id, message.answer);
          answered = true;
          for (const candidate of early) await viewers.candidate(id, candidate);
          resolve();
        });
      });
      child.send({ id: key, offer: await viewers.open(id, { show: true }) } satisfies ToStand);
      await done;
    },
    close: () => stop(child),
  };
}

async function janusStand(): Promise<Stand> {
  const janus: Janus = await startJanus();
  const { child, sent } = await startPlaying(`rtp:${janus.rtpPort}`);
  return {
    name: 'janus',
    pid: janus.pid,
    sent,
    view: async (page, _viewers, id) => {
      const { offer, start } = await janus.watch();
      await start(await page.evaluate(answerJanus, { id, offer }));
    },
    close: async () => {
      await stop(child);
      await janus.close();
    },
  };
}

/** In the page: as its viewers are, but that the other side offers. */
async function answerJanus({ id, offer }: { id: string; offer: string }): Promise<string> {
  const connection = new RTCPeerConnection();
  const viewer = {
    connection,
    channel: null as never,
    startedMs: performance.now(),
    messages: [] as string[],
    frames: [] as { rtpTimestamp: number; shownMs: number }[],
    firstFrameMs: null as number | null,
  };
  window.viewers.set(id, viewer);
  connection.ontrack = ({ track }) => {
    const video = document.createElement('video');
    video.muted = true;
    video.srcObject = new MediaStream([track]);
    document.body.append(video);
    const note = (_nowMs: number, { rtpTimestamp }: VideoFrameCallbackMetadata) => {
      const shownMs = performance.now();
      viewer.firstFrameMs ??= shownMs - viewer.startedMs;
      viewer.frames.push({ rtpTimestamp: rtpTimestamp ?? 0, shownMs });
      video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
    void video.play();
  };
  await connection.setRemoteDescription({ type: 'offer', sdp: offer });
  await connection.setLocalDescription();
  // Janus takes no candidates here: they are in the answer.
  await new Promise<void>((resolve) => {
    const done = () => connection.iceGatheringState === 'complete' && resolve();
    connection.onicegatheringstatechange = done;
    done();
  });
  return connection.localDescription!.sdp;
}
