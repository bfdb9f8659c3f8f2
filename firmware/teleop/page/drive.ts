import type { CommandMessage } from '../../command/message.ts';
import type { RobotState, Role } from '../wire.ts';
import { limited } from './curve.ts';
import {
  type ControlSource,
  disarm,
  type HeldControls,
  heldVelocity,
  isStill,
  moveControl,
  NOTHING_HELD,
  STILL,
  sameVelocity,
  type Velocity,
} from './held.ts';

/** Fastest pace of a moving stick, in ms: finer steps than a picture are not seen, and the robot takes 120 a second. */
const CHANGE_GAP_MS = 20;
/** A command sent on the data channel that has not reached the wheels after this long: its path is broken. */
const CHANNEL_SILENT_MS = 600;
const CHANNEL_DISTRUST_MS = 5_000;
/** Seqs start anywhere, so that what the robot last applied is not taken for a command of this page. */
const SEQ_START_BELOW = 2 ** 30;

export type Transport = 'channel' | 'socket';

export interface DriveOptions {
  /** By the link itself, a WebSocket or a detour. False when it is not open. */
  readonly sendSocket: (text: string) => boolean;
  /** False when the data channel is not open. */
  readonly sendChannel: (text: string) => boolean;
  /** The page's clock, ms. */
  readonly nowMs: () => number;
  /** The robot's wall clock at this moment, ms; null while unknown. */
  readonly robotWallMs: () => number | null;
  /** Calls back once after a time; gives what cancels it. */
  readonly after: (ms: number, call: () => void) => () => void;
  readonly sent: (command: SentCommand) => void;
  /** A hand is on a control that moves nothing now; `why` is for the person to read. */
  readonly blocked: (why: string) => void;
}

export interface SentCommand {
  readonly kind: 'drive' | 'stop' | 'estop' | 'reset';
  readonly seq: number;
  readonly atMs: number;
  readonly transport: Transport;
}

/** Of `hello`: who this page is to the robot, and how often it wants to hear. */
export interface DriveTerms {
  readonly you: { readonly id: string; readonly role: Role };
  readonly sendEveryMs: number;
  readonly watchdogMs: number;
  /** Nothing is heard from the robot: driving goes without its state. */
  readonly blind?: boolean;
}

/** Of the robot's state, what driving goes by. */
type DrivenState = Pick<RobotState, 'estop' | 'operator' | 'reasons' | 'appliedSeq'> &
  Partial<Pick<RobotState, 'watchdogMs'>>;

/**
 * Turns held controls into commands: at once on a change, again each `sendEveryMs` while something is held, and a
 * stop when nothing is. Whatever cuts driving off (blur, a lost link, an emergency stop, another operator)
 * leaves the controls disarmed until they are let go.
 */
export class Drive {
  readonly #options: DriveOptions;
  #held: HeldControls = NOTHING_HELD;
  #terms: DriveTerms | null = null;
  #state: DrivenState | null = null;
  #limitRatio = 1;
  #seq = Math.floor(Math.random() * SEQ_START_BELOW);
  /** As last sent. */
  #driving: Velocity = STILL;
  #lastSentMs = Number.NEGATIVE_INFINITY;
  #cancelRepeat: (() => void) | null = null;
  #cancelChange: (() => void) | null = null;
  #estopWaiting = false;
  #lastApplied: { seq: number | null; sinceMs: number } = { seq: null, sinceMs: 0 };
  #channelTrustedAgainMs = Number.NEGATIVE_INFINITY;
  #transport: Transport | null = null;

  constructor(options: DriveOptions) {
    this.#options = options;
  }

  /** The velocity that is being sent. */
  get velocity(): Velocity {
    return this.#driving;
  }

  /** False for a while after commands got lost on the data channel. */
  get trustsChannel(): boolean {
    return this.#options.nowMs() >= this.#channelTrustedAgainMs;
  }

  /** An emergency stop was asked for while no link was open; it goes out first when there is one. */
  get estopWaiting(): boolean {
    return this.#estopWaiting;
  }

  linkOpened(terms: DriveTerms): void {
    this.#terms = terms;
    this.#state = null;
    if (this.#estopWaiting) this.emergencyStop();
  }

  /** The robot stops by itself when a link ends; here everything held is disarmed. */
  linkClosed(): void {
    this.#terms = null;
    this.#state = null;
    this.#silence();
    this.#held = disarm(this.#held);
  }

  /** The person's own speed limit, 0..1. */
  setLimit(ratio: number): void {
    this.#limitRatio = ratio;
    this.#update();
  }

  onState(state: DrivenState): void {
    this.#state = state;
    this.#watchChannel(state);
    this.#update();
  }

  move(source: ControlSource, velocity: Velocity): void {
    const before = this.#held;
    this.#held = moveControl(before, source, velocity);
    const engaged = this.#held.length > before.length;
    const obstacle = engaged ? this.#obstacle() : null;
    if (obstacle !== null) this.#options.blocked(obstacle);
    this.#update();
  }

  /** Stops and disarms everything held: blur, hidden page, lost gamepad. */
  halt(): void {
    this.#held = disarm(this.#held);
    this.#update();
  }

  emergencyStop(): void {
    this.#held = disarm(this.#held);
    this.#silence();
    this.#estopWaiting = !this.#sendBoth({ estop: true }, 'estop');
  }

  /** False when no link is open. Never waits for one: a release must be meant at the moment it acts. */
  reset(): boolean {
    this.#estopWaiting = false;
    this.#held = disarm(this.#held);
    return this.#sendOn('socket', { reset: true }, 'reset');
  }

  /** Why a control would move nothing now, or null. */
  #obstacle(): string | null {
    const { you, blind = false } = this.#terms ?? {};
    if (!you || !(this.#state || blind)) return 'No link to the robot yet.';
    if (you.role !== 'operator') return 'You watch: this device may stop the robot but not drive it.';
    if (this.#state?.estop) return 'Emergency stop. Reset it to drive.';
    const other = this.#otherOperator();
    return other ? `${other.name} drives. Take over first.` : null;
  }

  /** Who holds the robot against this page; a hand on the spot comes before one in the cloud. */
  #otherOperator(): RobotState['operator'] {
    const operator = this.#state?.operator ?? null;
    return operator?.link === 'local' && operator.id !== this.#terms?.you.id ? operator : null;
  }

  #update(): void {
    if (this.#obstacle() !== null) this.#held = disarm(this.#held);
    const wanted = limited(heldVelocity(this.#held), this.#limitRatio);
    if (isStill(wanted)) {
      if (!isStill(this.#driving)) this.#stop();
    } else if (isStill(this.#driving)) {
      this.#lastApplied = { seq: this.#state?.appliedSeq ?? null, sinceMs: this.#options.nowMs() };
      this.#send(wanted);
      this.#repeat();
    } else if (!sameVelocity(wanted, this.#driving)) {
      this.#change(wanted);
    }
  }

  #stop(): void {
    this.#silence();
    // Anyone may stop the robot: a stop from here would now stop the one who took over.
    if (this.#otherOperator()) return;
    this.#sendBoth({ action: 'stop' }, 'stop');
  }

  #silence(): void {
    this.#driving = STILL;
    this.#cancelRepeat?.();
    this.#cancelChange?.();
    this.#cancelRepeat = null;
    this.#cancelChange = null;
  }

  #change(wanted: Velocity): void {
    if (this.#cancelChange) return;
    const waitMs = this.#lastSentMs + CHANGE_GAP_MS - this.#options.nowMs();
    if (waitMs <= 0) return this.#send(wanted);
    this.#cancelChange = this.#options.after(waitMs, () => {
      this.#cancelChange = null;
      this.#send(limited(heldVelocity(this.#held), this.#limitRatio));
    });
  }

  #repeat(): void {
    if (!this.#terms) return;
    this.#cancelRepeat = this.#options.after(this.#sendEveryMs(this.#terms), () => {
      this.#repeat();
      this.#send(this.#driving);
    });
  }

  /** The watchdog may have been set shorter since `hello`; the share of it is kept. */
  #sendEveryMs({ sendEveryMs, watchdogMs }: DriveTerms): number {
    const shorter = Math.min(1, (this.#state?.watchdogMs ?? watchdogMs) / watchdogMs);
    return Math.floor(sendEveryMs * shorter);
  }

  #send(velocity: Velocity): void {
    this.#driving = velocity;
    const message = { drive: velocity };
    if (!(this.trustsChannel && this.#sendOn('channel', message, 'drive')))
      this.#sendOn('socket', message, 'drive');
  }

  /** A stop goes over both: the quicker one counts, and the WebSocket is sure to deliver. True when either took it. */
  #sendBoth(message: Unstamped, kind: SentCommand['kind']): boolean {
    this.#seq += 1;
    const byChannel = this.#sendOn('channel', message, kind, this.#seq);
    const bySocket = this.#sendOn('socket', message, kind, this.#seq);
    return byChannel || bySocket;
  }

  #sendOn(transport: Transport, message: Unstamped, kind: SentCommand['kind'], seq = this.#seq + 1): boolean {
    const { nowMs, robotWallMs, sendChannel, sendSocket, sent } = this.#options;
    const atMs = nowMs();
    const wallMs = robotWallMs();
    const stamped: CommandMessage = {
      ...message,
      seq,
      ...(wallMs === null || kind !== 'drive'
        ? {}
        : { issuedAtMs: Math.max(0, Math.round(wallMs)), ttlMs: this.#terms?.watchdogMs ?? 1 }),
    };
    const text = JSON.stringify(stamped);
    if (!(transport === 'channel' ? sendChannel(text) : sendSocket(text))) return false;
    this.#seq = seq;
    this.#lastSentMs = atMs;
    if (kind === 'drive') this.#transport = transport;
    sent({ kind, seq, atMs, transport });
    return true;
  }

  /**
   * Packets of the data channel can vanish while it still counts as open (a Wi-Fi change, a firewall). The
   * robot's states tell over the WebSocket what has reached its wheels.
   */
  #watchChannel({ appliedSeq, reasons }: Pick<RobotState, 'appliedSeq' | 'reasons'>): void {
    const nowMs = this.#options.nowMs();
    const barred = reasons.some(({ severity }) => severity === 'stop' || severity === 'estop');
    if (isStill(this.#driving) || barred || appliedSeq !== this.#lastApplied.seq) {
      this.#lastApplied = { seq: appliedSeq, sinceMs: nowMs };
    } else if (this.#transport === 'channel' && nowMs - this.#lastApplied.sinceMs > CHANNEL_SILENT_MS) {
      this.#channelTrustedAgainMs = nowMs + CHANNEL_DISTRUST_MS;
    }
  }
}

type Unstamped = CommandMessage extends infer M
  ? M extends CommandMessage
    ? Omit<M, 'seq' | 'issuedAtMs' | 'ttlMs'>
    : never
  : never;
