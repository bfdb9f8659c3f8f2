import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../config/paths.ts';
import { makeVideo } from '../native/rig.ts';
import type { RobotProcess } from '../robot-process.ts';
import { STOP_BOUND_MS } from './bounds.ts';
import { nowNs } from './motors.ts';
import { RobotBench, TOKEN } from './robot.ts';
import { type AnyRow, type Row, row, type Stage } from './row.ts';
import { World } from './world.ts';

const WITHIN_MS = 20_000;
const VIEWER_ATTEMPTS = 5;

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
    measured: `from letting go, right after it died or while it is tried again; driving goes on until then`,
    boundMs: STOP_BOUND_MS,
    trials: 200,
    shortTrials: 2,
    lasts: 10,
    open: watchedRobot,
    async inject(bench, { motors }) {
      const struckNs = nowNs();
      strike(bench);
      await untilCamera(bench.robot, ['failed', 'starting']);
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
  bench.closing(() => {
    world.close();
    rmSync(folder, { recursive: true });
  });
  try {
    return Object.assign(bench.closing(await startViewer(bench.robot)), { world, video });
  } catch (error) {
    await bench.close();
    throw error;
  }
}

/** Somebody who watches, once there are pictures. @returns what ends it */
async function startViewer(robot: RobotProcess): Promise<() => Promise<void>> {
  const url = `${robot.url.replace('http', 'ws')}/teleop?token=${TOKEN}`;
  for (let attempt = 1; ; attempt++) {
    const viewer = fork(join(packageRoot(), 'dist/test/bench/viewers-process.js'), [url, '1'], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    const exited = once(viewer, 'exit');
    // On a machine without a moment to spare its library may refuse the answer.
    const streams = await Promise.race([
      untilCamera(robot, ['streaming']).then(() => true),
      exited.then(() => false),
    ]);
    if (streams) {
      return async () => {
        viewer.kill('SIGKILL');
        await exited;
      };
    }
    if (attempt === VIEWER_ATTEMPTS) throw new Error('Expected a viewer to connect');
  }
}

async function untilCamera(robot: RobotProcess, wanted: readonly string[]): Promise<void> {
  for (const endMs = performance.now() + WITHIN_MS; ; await sleep(10)) {
    const { state, error } = (await robot.state()).video;
    if (wanted.includes(state)) return;
    if (performance.now() > endMs)
      throw new Error(`Expected the camera ${wanted.join(' or ')} but it is ${state}: ${error}`);
  }
}
