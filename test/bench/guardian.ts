import { createChips } from '../chips/chips.ts';
import type { Transaction } from '../chips/log.ts';
import { Guardian, until } from '../native/guardian-rig.ts';
import { type Figure, figure, sleep } from './figure.ts';
import { loadCores } from './load.ts';

const ENDS = 50;
const SILENCES = 100;
const TIMEOUT_MS = 60;
const STEPS = ['i2c 1 96 fd10'];
/** The memory of a guardian as it runs on a robot, without what emulates the chip. */
const MEMORY_STEPS = ['file 00 /dev/null'];

/** How much the guardian takes, and how fast the chip is off when it has to act. */
export async function bench(): Promise<Figure[]> {
  return [
    figure('guardian: resident memory', 'MiB', await residentMiB(), { median: 2 }),
    figure('guardian: end of its input to the chip off', 'ms', await afterEnd(), { p99: 20 }),
    figure('guardian: missed beat, beyond its window', 'ms', await afterSilence(), { p99: 20 }),
    figure('guardian: the same, both cores loaded', 'ms', await loadCores(afterSilence), { p99: 50 }),
  ];
}

async function residentMiB(): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < 5; i++) {
    const guardian = await new Guardian().start(MEMORY_STEPS, TIMEOUT_MS);
    guardian.send('M');
    await guardian.heard('silenced beat');
    samples.push(guardian.status('VmHWM') / 1024);
    await guardian.end();
  }
  return samples;
}

/** A runtime that dies closes its pipe: measured from there to the write on the bus. */
async function afterEnd(): Promise<number[]> {
  const samples: number[] = [];
  const chips = createChips({ pca9685: [0x60] });
  for (let i = 0; i < ENDS; i++) {
    const guardian = await new Guardian(chips.env).start(STEPS);
    guardian.send('M');
    await guardian.heard('ack');
    chips.clearLog();
    const atNs = process.hrtime.bigint();
    await guardian.end();
    samples.push(passedMs(atNs, chips.log()));
  }
  chips.close();
  return samples;
}

/** From the last beat to the write on the bus, less the window. */
async function afterSilence(): Promise<number[]> {
  const samples: number[] = [];
  const chips = createChips({ pca9685: [0x60] });
  const guardian = await new Guardian(chips.env).start(STEPS, TIMEOUT_MS);
  for (let i = 0; i < SILENCES; i++) {
    const from = guardian.lines.length;
    chips.clearLog();
    const atNs = process.hrtime.bigint();
    guardian.send('M');
    await until('a write', () => chips.log().length > 0);
    samples.push(passedMs(atNs, chips.log()) - TIMEOUT_MS);
    guardian.send('S');
    await guardian.heard('rearmed', from);
    await sleep(20);
  }
  await guardian.end();
  chips.close();
  return samples;
}

function passedMs(sinceNs: bigint, log: readonly Transaction[]): number {
  const first = log[0];
  if (first === undefined || first.error !== null) throw new Error('Expected a write that went well');
  return Number(first.endNs - sinceNs) / 1e6;
}
