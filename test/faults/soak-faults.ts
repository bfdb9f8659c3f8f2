import { setTimeout as sleep } from 'node:timers/promises';
import { startClient } from '../bench/client.ts';
import type { RobotBench } from './robot.ts';
import { TOKEN } from './robot.ts';
import type { Stage } from './row.ts';
import type { World } from './world.ts';

/** What a robot survives. Each is brought about while it drives, and is over when it resolves; who drives lets go. */
export interface SoakFault {
  readonly name: string;
  /** @param random 0..1 */
  strike(bench: RobotBench & { world: World }, stage: Stage, random: () => number): Promise<void>;
}

const between = (random: () => number, from: number, to: number) => Math.round(from + random() * (to - from));

export const soakFaults: readonly SoakFault[] = [
  { name: 'let go', strike: async ({ operator }) => operator.letGo() },
  { name: 'socket closed', strike: async (bench) => bench.dropOperator() },
  {
    name: 'silence',
    async strike({ operator }) {
      operator.fallSilent();
      await sleep(500);
    },
  },
  {
    name: 'runtime frozen',
    async strike(bench, _stage, random) {
      bench.signal('SIGSTOP');
      await sleep(between(random, 20, 800));
      bench.signal('SIGCONT');
      bench.rest();
    },
  },
  {
    name: 'event loop blocked',
    async strike(bench, _stage, random) {
      const ms = between(random, 20, 800);
      bench.order(random() < 0.5 ? { blockMs: ms } : { spinMs: ms });
      await sleep(ms);
      bench.rest();
    },
  },
  {
    name: 'guardian killed',
    async strike(bench) {
      process.kill(bench.guardian(), 'SIGKILL');
      bench.rest();
    },
  },
  {
    name: 'guardian frozen',
    async strike(bench) {
      process.kill(bench.guardian(), 'SIGSTOP');
      await sleep(400);
      bench.rest();
    },
  },
  {
    name: 'I2C errors',
    async strike(bench, { chips }, random) {
      const fault = chips.inject({ error: 'EIO', pid: bench.robot.pid });
      bench.rest();
      await sleep(between(random, 0, 600));
      fault.clear();
    },
  },
  {
    name: 'I2C writes hang',
    async strike(bench, { chips }, random) {
      const fault = chips.inject({ hang: 'call', pid: bench.robot.pid });
      bench.rest();
      await sleep(between(random, 0, 600));
      fault.clear();
    },
  },
  {
    name: 'slow bus',
    async strike(bench, { chips }, random) {
      const fault = chips.inject({ slowMs: between(random, 5, 80) });
      bench.operator.hold(random());
      await sleep(200);
      bench.rest();
      await sleep(200);
      fault.clear();
    },
  },
  {
    name: 'chip loses its power',
    async strike(bench, { chips }) {
      chips.powerLoss(0x60);
      bench.rest();
    },
  },
  {
    name: 'wall clock stepped',
    async strike(bench, _stage, random) {
      const byMs = between(random, -3_600_000, 3_600_000);
      bench.world.stepClock(byMs);
      bench.rest();
      await sleep(100);
      // Else all that tells when it was given would be too old from here on.
      bench.world.stepClock(-byMs);
    },
  },
  {
    name: 'nonsense',
    async strike(bench, _stage, random) {
      for (let i = 0; i < 20; i++) bench.operator.send({ drive: { linear: 9 * random(), angular: 'left' } });
      bench.operator.send({ text: 'x'.repeat(between(random, 1, 2000)) });
      bench.rest();
    },
  },
  {
    name: 'flood',
    async strike(bench) {
      const client = await startClient(`${bench.robot.url.replace('http', 'ws')}/teleop?token=${TOKEN}`);
      await client.ask({ flood: { drive: { linear: -1, angular: 0 } }, perS: 5_000, forMs: 300 });
      await client.end();
      bench.rest();
    },
  },
  {
    name: 'HTTP',
    async strike(bench) {
      bench.rest();
      await Promise.all(Array.from({ length: 10 }, () => bench.robot.publish({ action: 'stop' })));
      await bench.robot.publish({ nonsense: true });
    },
  },
];
