import { until } from '../native/guardian-rig.ts';
import type { RobotProcess } from '../robot-process.ts';
import { LINK_BOUND_MS, STOP_BOUND_MS } from './bounds.ts';
import { Link, type LinkOperator, linkMissing } from './link.ts';
import { nowNs } from './motors.ts';
import { RobotBench, startRobot, TOKEN } from './robot.ts';
import { type AnyRow, type Bench, row, type Stage } from './row.ts';

/** Who drives is gone. */
export const linkRows: readonly AnyRow[] = [
  row({
    fault: 'the socket is closed',
    measured: 'from closing it, without a word of the WebSocket',
    boundMs: STOP_BOUND_MS,
    trials: 1000,
    shortTrials: 5,
    open: (stage) => RobotBench.start(stage),
    async inject(bench) {
      const atNs = nowNs();
      bench.dropOperator();
      return atNs;
    },
  }),
  row({
    fault: 'the operator falls silent',
    measured: 'from the last command; the socket stays open',
    boundMs: LINK_BOUND_MS,
    trials: 200,
    shortTrials: 2,
    lanes: 4,
    open: (stage) => RobotBench.start(stage),
    async inject(bench) {
      bench.operator.fallSilent();
      return bench.operator.lastSentNs;
    },
  }),
  row({
    fault: 'the link is cut without a word',
    measured:
      'from cutting it between two network namespaces; when it is back, what was sent meanwhile moves nothing',
    boundMs: LINK_BOUND_MS,
    trials: 1000,
    shortTrials: 3,
    lanes: 4,
    missing: linkMissing,
    open: (stage) => LinkBench.start(stage),
    async inject(bench) {
      const atNs = nowNs();
      bench.link.cut();
      return atNs;
    },
    async mend(bench) {
      await bench.operator.tell('letGo');
      bench.link.join();
    },
  }),
];

/** A robot and its operator on two sides of a link. */
class LinkBench implements Bench {
  readonly link: Link;
  readonly operator: LinkOperator;
  readonly #robot: RobotProcess;
  readonly #stage: Stage;

  private constructor(link: Link, robot: RobotProcess, stage: Stage) {
    this.link = link;
    this.operator = link.startOperator();
    this.#robot = robot;
    this.#stage = stage;
  }

  static async start(stage: Stage): Promise<LinkBench> {
    const link = new Link();
    const settings = { 'teleop.host': link.address, 'teleop.allowPlaintext': true };
    return new LinkBench(link, await startRobot(stage, { via: link.onRobot, settings }), stage);
  }

  async drive(): Promise<void> {
    await this.operator.tell('drop');
    await this.operator.tell({ connect: { url: this.#robot.url, token: TOKEN } });
    await this.operator.tell('hold');
    await until('full speed', () => this.#stage.motors.atFullSpeed());
  }

  async close(): Promise<void> {
    await this.operator.close();
    await this.#robot.end();
    await this.link.close();
  }
}
