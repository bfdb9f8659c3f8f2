import { type Pong, RobotClock } from './clock.ts';

const EVERY_MS = 1_000;
/** The first ones come quickly, so that the clocks are known before the first command. */
const FIRST_EVERY_MS = 100;
const FIRST_COUNT = 5;

/** Pings the robot while the link is open, and keeps the robot's clocks by the answers. */
export class Pinger {
  readonly clock = new RobotClock();
  readonly #send: (ping: { t: number; roundTripMs?: number }) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sent = 0;
  #lastRoundTripMs: number | null = null;

  constructor(send: (ping: { t: number; roundTripMs?: number }) => void) {
    this.#send = send;
  }

  start(): void {
    this.stop();
    this.clock.reset();
    this.#lastRoundTripMs = null;
    this.#sent = 0;
    this.#next();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Gives the round trip in ms. */
  onPong(pong: Pong): number {
    this.#lastRoundTripMs = this.clock.addPong(pong, performance.now());
    return this.#lastRoundTripMs;
  }

  /** The robot finds our commands too old: its wall clock may have been set. */
  ask(): void {
    const roundTripMs = this.#lastRoundTripMs;
    this.#send({ t: performance.now(), ...(roundTripMs === null ? {} : { roundTripMs }) });
  }

  #next(): void {
    this.ask();
    this.#sent += 1;
    this.#timer = setTimeout(() => this.#next(), this.#sent < FIRST_COUNT ? FIRST_EVERY_MS : EVERY_MS);
  }
}
