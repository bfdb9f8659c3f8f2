import { setImmediate } from 'node:timers/promises';
import { VirtualAction, VirtualTimeScheduler } from 'rxjs';

/** A clock and scheduler that a test moves on. What is done in promises gets its turn after each step. */
export class VirtualTime {
  readonly scheduler = new VirtualTimeScheduler(VirtualAction, 0);
  /** Wall clock at the start, ms since 1970. */
  readonly startWallMs: number;

  constructor(startWallMs = Date.UTC(2026, 10, 25)) {
    this.startWallMs = startWallMs;
  }

  readonly nowMs = (): number => this.scheduler.frame;
  readonly wallMs = (): number => this.startWallMs + this.scheduler.frame;

  async advance(ms: number, stepMs = Math.min(ms, 500)): Promise<void> {
    const endMs = this.scheduler.frame + ms;
    while (this.scheduler.frame < endMs) {
      const next = Math.min(this.scheduler.frame + stepMs, endMs);
      this.scheduler.maxFrames = next;
      this.scheduler.flush();
      this.scheduler.frame = next;
      await setImmediate();
    }
  }
}
