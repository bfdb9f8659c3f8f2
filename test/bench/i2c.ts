import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../config/paths.ts';
import { type Chips, createChips } from '../chips/chips.ts';
import type { Transaction } from '../chips/log.ts';
import { type Figure, figure } from './figure.ts';
import type { Done, Order } from './i2c-process.ts';

const COMMANDS = 500;
const WARM_UP = 50;
/** The bus of a Pi as it comes. */
const CLOCK_HZ = 100_000;
/** Start, address and bytes with their acknowledge bits, stop. */
const wireBits = ({ writtenLength, readLength }: Transaction) => 2 + 9 * (1 + writtenLength + readLength);

/** Who drives the two motors M1 and M2 of a Motor HAT: a script of this folder that serves orders. */
const DRIVERS = [
  { name: 'motor-hat', script: 'i2c-motor-hat' },
  { name: "johnny-five's Motor", script: 'i2c-johnny-five' },
] as const;

/** How much goes over the bus for one command to both motors, and how long until the chip has it. */
export async function bench(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { name, script } of DRIVERS) {
    const { transactions, bytes, wireMs, delayMs } = await measure(script);
    figures.push(
      figure(`${name}: I2C transactions a command`, '', transactions),
      figure(`${name}: bytes a command, addresses included`, 'B', bytes),
      figure(`${name}: time on the wires a command, 100 kHz`, 'ms', wireMs),
      figure(`${name}: command to chip, wires not counted`, 'ms', delayMs),
    );
  }
  return figures;
}

async function measure(script: string) {
  const chips = createChips({ pca9685: [0x60] });
  const child = fork(join(packageRoot(), `dist/test/bench/${script}.js`), ['drive'], {
    env: { ...process.env, ...chips.env },
  });
  const failed = once(child, 'exit').then(() => {
    throw new Error(`${script} ended before it was told to`);
  });
  const answer = () => Promise.race([once(child, 'message'), failed]);
  const samples = {
    transactions: [] as number[],
    bytes: [] as number[],
    wireMs: [] as number[],
    delayMs: [] as number[],
  };
  try {
    await answer();
    for (let i = 0; i < COMMANDS + WARM_UP; i++) {
      chips.clearLog();
      const answered = answer();
      child.send(order(i));
      const [{ startNs }] = (await answered) as [Done];
      if (i < WARM_UP) continue;
      const log = chips.log();
      assertDriven(chips, log, order(i));
      samples.transactions.push(log.length);
      samples.bytes.push(log.reduce((sum, entry) => sum + 1 + entry.writtenLength + entry.readLength, 0));
      samples.wireMs.push((1000 * log.reduce((sum, entry) => sum + wireBits(entry), 0)) / CLOCK_HZ);
      samples.delayMs.push(Number(log.at(-1)!.endNs - BigInt(startNs)) / 1e6);
    }
  } finally {
    failed.catch(() => undefined);
    child.kill('SIGKILL');
    chips.close();
  }
  return samples;
}

/** A hand on the stick: speeds that change all the time, now and then back, now and then let go. */
function order(i: number): Order {
  if (i % 25 === 24) return { left: 0, right: 0 };
  const sign = Math.floor(i / 50) % 2 ? -1 : 1;
  return {
    left: sign * (0.3 + 0.5 * ((i * 7) % 100) * 0.01),
    right: sign * (0.3 + 0.5 * ((i * 13) % 100) * 0.01),
  };
}

/** A driver that tells the chip nothing would be the fastest. */
function assertDriven(chips: Chips, log: readonly Transaction[], { left, right }: Order): void {
  const chip = chips.pca9685();
  if (log.length === 0 || chip.duty(8) > 0 !== (left !== 0) || chip.duty(13) > 0 !== (right !== 0)) {
    throw new Error(
      `Expected the chip to drive ${left}, ${right} but it gives ${chip.duty(8)}, ${chip.duty(13)}`,
    );
  }
}
