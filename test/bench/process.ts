import { readFileSync } from 'node:fs';
import { startProcess } from '../robot-process.ts';
import { type Figure, figure, monotonicMs, sleep } from './figure.ts';

const STARTS = 15;
const SETTLE_MS = 5_000;

/** Start and memory of the bundle as people run it, in a process of its own. */
export async function bench(): Promise<Figure[]> {
  const startsMs: number[] = [];
  const idleMiB: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    const startedMs = monotonicMs();
    const robot = await startProcess();
    const accepted = await robot.publish({ action: 'forward' });
    startsMs.push(monotonicMs() - startedMs);
    if (accepted.status !== 200) throw new Error(`not ready to drive: ${accepted.status}`);
    if (i < 3) {
      await sleep(SETTLE_MS);
      idleMiB.push(residentMiB(robot.pid));
    }
    await robot.end();
  }
  return [
    figure('process start to the first command accepted', 'ms', startsMs, { median: 700 }),
    figure('resident memory, nobody watching', 'MiB', idleMiB, { median: 90 }),
  ];
}

export function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}
