import { type Pong, RobotClock } from './clock.ts';
import { RoundTrip } from './round-trip.ts';

export interface Ping {
  /** Page's clock, ms. */
  readonly t: number;
  readonly roundTripMs?: number;
  readonly videoAgeMs?: number;
}

const EVERY_MS = 1_000;
/** The first ones come quickly, so that the clocks are known before the first command. */
const FIRST_EVERY_MS = 100;
const FIRST_COUNT = 5;

/** Pings the robot while the link is open, and keeps the robot's clocks by the answers. */
export class Pinger {
  readonly clock = new RobotClock();
  readonly #send: (ping: Ping) => void;
  readonly #videoAgeMs: () => number | null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sent = 0;
  readonly #roundTrip = new RoundTrip();

  /** @param videoAgeMs of the picture on the screen, null where there is none or nobody looks */
  constructor(send: (ping: Ping) => void, videoAgeMs: () => number | null) {
    this.#send = send;
    this.#videoAgeMs = videoAgeMs;
  }

  start(): void {
    this.stop();
    this.clock.reset();
    this.#roundTrip.reset();
    this.#sent = 0;
    this.#next();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Gives the round trip in ms. */
  onPong(pong: Pong): number {
    const tookMs = this.clock.addPong(pong, performance.now());
    this.#roundTrip.onPong(pong.t, tookMs);
    return tookMs;
  }

  /** The robot finds our commands too old: its wall clock may have been set. */
  ask(): void {
    const nowMs = performance.now();
    const roundTripMs = this.#roundTrip.at(nowMs);
    const videoAgeMs = this.#videoAgeMs();
    this.#roundTrip.onPing(nowMs);
    this.#send({
      t: nowMs,
      ...(roundTripMs === null ? {} : { roundTripMs }),
      ...(videoAgeMs === null ? {} : { videoAgeMs }),
    });
  }

  #next(): void {
    this.ask();
    this.#sent += 1;
    this.#timer = setTimeout(() => this.#next(), this.#sent < FIRST_COUNT ? FIRST_EVERY_MS : EVERY_MS);
  }
}
