import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../config/paths.ts';
import { makeVideo } from '../native/rig.ts';
import { STOP_BOUND_MS } from './bounds.ts';
import { nowNs } from './motors.ts';
import { RobotBench, TOKEN } from './robot.ts';
import { type AnyRow, type Row, row, type Stage } from './row.ts';
import { World } from './world.ts';

const WITHIN_MS = 20_000;

interface Watched extends RobotBench {
  readonly world: World;
  /** Plays in a loop as the camera. */
  readonly video: string;
}

/** The pictures fail while somebody watches them. */
export const videoRows: readonly AnyRow[] = [
  row(pictureFault('the camera dies', ({ video }) => truncateSync(video))),
  row(pictureFault('the encoder dies', ({ world }) => world.failEncoder(true))),
];

function pictureFault(fault: string, strike: (bench: Watched) => void): Row<Watched> {
  return {
    fault,
    measured: 'from letting go, once the robot says that its camera fails; driving goes on until then',
    boundMs: STOP_BOUND_MS,
    trials: 200,
    shortTrials: 2,
    lanes: 2,
    // Each time the camera waits longer before it tries again.
    lasts: 1,
    open: watchedRobot,
    async inject(bench, { motors }) {
      const struckNs = nowNs();
      strike(bench);
      await untilCamera(bench, 'failed');
      if (motors.hasStoodSince(struckNs)) throw new Error('Expected driving to go on');
      const atNs = nowNs();
      bench.operator.letGo();
      return atNs;
    },
  };
}

let recording: Promise<Buffer> | undefined;

/** One second, made once for all. */
async function recorded(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'roverd-recording-'));
  const path = join(folder, 'camera.mp4');
  await makeVideo(path, '! mp4mux');
  const bytes = readFileSync(path);
  rmSync(folder, { recursive: true });
  return bytes;
}

async function watchedRobot(stage: Stage): Promise<Watched> {
  const folder = mkdtempSync(join(tmpdir(), 'roverd-video-'));
  const video = join(folder, 'camera.mp4');
  recording ??= recorded();
  writeFileSync(video, await recording);
  const world = new World();
  const bench = await RobotBench.start(stage, {
    preload: world.preload,
    env: world.env,
    settings: {
      'video.enabled': true,
      'video.source': 'file',
      'video.file': video,
      'video.width': 320,
      'video.height': 240,
    },
  });
  const url = `${bench.robot.url.replace('http', 'ws')}/teleop?token=${TOKEN}`;
  const viewer = fork(join(packageRoot(), 'dist/test/bench/viewers-process.js'), [url, '1']);
  const ended = once(viewer, 'exit');
  bench.closing(async () => {
    viewer.kill('SIGKILL');
    await ended;
    world.close();
    rmSync(folder, { recursive: true });
  });
  const watched = Object.assign(bench, { world, video });
  await untilCamera(watched, 'streaming');
  return watched;
}

async function untilCamera({ robot }: RobotBench, wanted: string): Promise<void> {
  for (const endMs = performance.now() + WITHIN_MS; ; await sleep(10)) {
    const { state, error } = (await robot.state()).video;
    if (state === wanted) return;
    if (performance.now() > endMs)
      throw new Error(`Expected the camera ${wanted} but it is ${state}: ${error}`);
  }
}
