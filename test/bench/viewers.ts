import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../config/paths.ts';
import { type RobotProcess, startProcess } from '../robot-process.ts';
import { type Figure, figure, monotonicMs, quantile } from './figure.ts';
import { residentMiB } from './process.ts';

const COUNTS = [1, 2, 5, 10];
/** Seconds until the receivers' estimates have settled, and seconds measured. */
const SETTLE_S = 4;
const WATCH_S = 8;
const CLOCK_TICKS_PER_S = 100;

/** What viewers cost the robot's process, drawing and encoding of the simulated camera included. */
export async function bench(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const shares: number[] = [];
  for (const count of COUNTS) {
    const robot = await startProcess();
    try {
      const { percent, picturesPerS } = await watched(robot, count);
      const what = `${count} ${count === 1 ? 'viewer' : 'viewers'}`;
      shares.push(percent);
      figures.push(
        figure(`share of one core, ${what} at ${picturesPerS.toFixed(0)} pictures/s`, '%', [percent]),
        figure(
          `resident memory, ${what}`,
          'MiB',
          [residentMiB(robot.pid)],
          count === 1 ? { median: 160 } : {},
        ),
      );
    } finally {
      await robot.end();
    }
  }
  const perViewer = (shares.at(-1)! - shares[0]!) / (COUNTS.at(-1)! - COUNTS[0]!);
  figures.push(figure('share of one core a further viewer', '%', [perViewer]));
  return figures;
}

async function watched(
  robot: RobotProcess,
  count: number,
): Promise<{ percent: number; picturesPerS: number }> {
  const url = `${robot.url.replace('http', 'ws')}/teleop?token=${robot.token}`;
  const child = fork(join(packageRoot(), 'dist/test/bench/viewers-process.js'), [url, String(count)]);
  try {
    for (let i = 0; i < SETTLE_S; i++) await once(child, 'message');
    const startCpuS = cpuS(robot.pid);
    const startMs = monotonicMs();
    const pictures: number[] = [];
    for (let i = 0; i < WATCH_S; i++) pictures.push((await once(child, 'message'))[0] as number);
    const percent = (100 * (cpuS(robot.pid) - startCpuS)) / ((monotonicMs() - startMs) / 1000);
    return { percent, picturesPerS: quantile(pictures, 0.5) };
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

/** User and system time of a process so far, proc(5) stat fields 14 and 15. */
function cpuS(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_S;
}
