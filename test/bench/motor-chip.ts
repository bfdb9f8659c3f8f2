import { createChips } from '../chips/chips.ts';
import { ChipMotors, nowNs } from '../faults/motors.ts';
import { RobotBench } from '../faults/robot.ts';
import { until } from '../native/guardian-rig.ts';
import { type Figure, figure, sleep } from './figure.ts';

const COMMANDS = 500;
const WARM_UP = 50;
/** Within what one connection may send, and longer than a control tick. */
const EVERY_MS = 15;

/** The whole way through the built runtime, guardian included: from a WebSocket's send to the registers. */
export async function bench(): Promise<Figure[]> {
  const chips = createChips({ pca9685: [0x60] });
  const robot = await RobotBench.start({ chips, motors: new ChipMotors(chips) });
  const samples: number[] = [];
  try {
    await robot.drive();
    robot.operator.fallSilent();
    for (let i = 0; i < COMMANDS + WARM_UP; i++) {
      chips.clearLog();
      const sentNs = nowNs();
      robot.operator.send({ drive: { linear: 0.3 + 0.001 * (i % 100), angular: 0 } });
      const write = await until('a write to the chip', () =>
        chips
          .log()
          .find(({ pid, writtenLength, error }) => pid === robot.robot.pid && writtenLength > 1 && !error),
      );
      if (i >= WARM_UP) samples.push(Number(write.endNs - sentNs) / 1e6);
      await sleep(EVERY_MS * (0.5 + Math.random()));
    }
  } finally {
    await robot.close();
    chips.close();
  }
  return [
    figure('WebSocket command to the motor chip, wires not counted', 'ms', samples, { median: 1, p99: 5 }),
  ];
}
