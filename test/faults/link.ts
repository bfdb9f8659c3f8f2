import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../config/paths.ts';
import type { LinkOrder } from './link-client.ts';

/** Documentation addresses (RFC 5737), inside the namespaces alone. */
const ROBOT_ADDRESS = '192.0.2.1';
const OPERATOR_ADDRESS = '192.0.2.2';
const DEVICE = 'eth0';

let links = 0;

/** Why there can't be network namespaces here, or null. */
export function linkMissing(): string | null {
  const { status, stderr } = spawnSync('unshare', ['--net', 'ip', 'netns', 'list'], { encoding: 'utf8' });
  return status === 0 ? null : `no network namespaces (root makes them): ${stderr?.trim()}`;
}

/** Two network namespaces, robot and operator, and the wire between them. */
export class Link {
  readonly address = ROBOT_ADDRESS;
  readonly #robot: string;
  readonly #operator: string;
  readonly #ip: ChildProcess;

  constructor() {
    links += 1;
    const name = `roverd-${process.pid}-${links}`;
    this.#robot = `${name}-robot`;
    this.#operator = `${name}-operator`;
    for (const space of [this.#robot, this.#operator]) ip(`netns add ${space}`);
    ip(`-n ${this.#robot} link add ${DEVICE} type veth peer name ${DEVICE} netns ${this.#operator}`);
    for (const [space, address] of [
      [this.#robot, ROBOT_ADDRESS],
      [this.#operator, OPERATOR_ADDRESS],
    ] as const) {
      ip(`-n ${space} link set lo up`);
      ip(`-n ${space} address add ${address}/30 dev ${DEVICE}`);
      ip(`-n ${space} link set ${DEVICE} up`);
    }
    // Ready to obey at once: starting a program takes milliseconds.
    this.#ip = spawn('ip', ['-n', this.#operator, '-batch', '-'], { stdio: ['pipe', 'ignore', 'inherit'] });
  }

  /** What becomes a program on the robot's side by exec. */
  get onRobot(): string[] {
    return ['ip', 'netns', 'exec', this.#robot];
  }

  /** The operator's device is off: packets vanish, and nobody is told. */
  cut(): void {
    this.#ip.stdin?.write(`link set ${DEVICE} down\n`);
  }

  join(): void {
    ip(`-n ${this.#operator} link set ${DEVICE} up`);
  }

  startOperator(): LinkOperator {
    const script = join(packageRoot(), 'dist/test/faults/link-client.js');
    return new LinkOperator(
      spawn('ip', ['netns', 'exec', this.#operator, process.execPath, script], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }),
    );
  }

  async close(): Promise<void> {
    this.#ip.stdin?.end();
    await once(this.#ip, 'exit');
    for (const space of [this.#robot, this.#operator]) ip(`netns delete ${space}`);
  }
}

/** An operator on the far side of a link. */
export class LinkOperator {
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  async tell(order: LinkOrder): Promise<void> {
    const answered = once(this.#child, 'message');
    this.#child.send(order);
    await answered;
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}

function ip(words: string): void {
  execFileSync('ip', words.split(' '));
}
