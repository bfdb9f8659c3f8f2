/** Round trips go on this long after a command without a time, so that the next finds the link proven. */
export const AWAKE_MS = 30_000;
/**
 * Commands that may come while a first round trip is under way. More of them are a backlog, whose rest the broker
 * may hold back until these are acknowledged. Brokers send at least this many ahead (mosquitto 20, AWS 100).
 */
export const MAX_WHILE_UNPROVEN = 8;
/** A slow link has several round trips under way. */
const MAX_UNDER_WAY = 8;

/**
 * Tells whether a command that carries no time can be old. A network that stalls without breaking the connection
 * delivers at its return everything that was sent meanwhile. What comes back from a round trip comes behind all
 * that waited in the connection: a command that arrives after it was sent after the round trip began. So a command
 * is at most as old as the beginning of the newest round trip that has come back.
 *
 * After a stall, commands count again only once none has come for `maxAgeMs`: whoever sends has let go.
 * Times are monotonic, in ms.
 */
export class LinkProof {
  readonly #maxAgeMs: number;
  readonly #underWay = new Set<number>();
  #provenMs = Number.NEGATIVE_INFINITY;
  #heardMs = Number.NEGATIVE_INFINITY;
  #begunMs = Number.NEGATIVE_INFINITY;
  #unproven = 0;
  #stalled = false;

  /** @param maxAgeMs as `command.maxAgeMs`, the life of a command */
  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs;
  }

  /** A new connection, in which nothing waits; or none. */
  reset(): void {
    this.#underWay.clear();
    this.#provenMs = Number.NEGATIVE_INFINITY;
    this.#begunMs = Number.NEGATIVE_INFINITY;
    this.#unproven = 0;
    this.#stalled = false;
  }

  /** Whether a round trip is to be sent now. */
  due(nowMs: number): boolean {
    const wanted = nowMs - this.#heardMs < AWAKE_MS;
    const paused = nowMs - this.#begunMs >= this.#maxAgeMs / 4;
    return wanted && paused && this.#underWay.size < MAX_UNDER_WAY;
  }

  /** A round trip sets out; `cameBack` or `gaveUp` gets the same time. */
  begin(nowMs: number): void {
    this.#begunMs = nowMs;
    this.#underWay.add(nowMs);
  }

  cameBack(begunMs: number, nowMs: number): void {
    // Of an earlier connection.
    if (!this.#underWay.delete(begunMs)) return;
    this.#provenMs = Math.max(this.#provenMs, begunMs);
    this.#unproven = 0;
    if (nowMs - begunMs > this.#maxAgeMs) this.#stall(nowMs);
  }

  gaveUp(begunMs: number, nowMs: number): void {
    if (this.#underWay.delete(begunMs)) this.#stall(nowMs);
  }

  /** Whether a command without a time, arriving now, is surely no older than `maxAgeMs`. */
  admit(nowMs: number): boolean {
    const silentMs = nowMs - this.#heardMs;
    this.#heardMs = nowMs;
    const [oldestMs = nowMs] = this.#underWay;
    if (nowMs - oldestMs > this.#maxAgeMs) this.#stalled = true;
    if (nowMs - this.#provenMs > this.#maxAgeMs) {
      this.#unproven += 1;
      if (this.#unproven > MAX_WHILE_UNPROVEN) this.#stalled = true;
      return false;
    }
    if (this.#stalled && silentMs < this.#maxAgeMs) return false;
    this.#stalled = false;
    return true;
  }

  #stall(nowMs: number): void {
    this.#stalled = true;
    this.#heardMs = nowMs;
  }
}
