import type { Strip } from '../../simulator/strip.ts';

/** Measurements of each kind that are kept; at 30 frames a second, half a minute. */
const KEPT = 1_000;
/** Over which frame rate and video delay are told, in ms. */
const WINDOW_MS = 1_000;
/** A pace needs some time to be one, in ms. */
const SHORTEST_SPAN_MS = 250;
/** A command that shows in no picture for so long never will: it was refused, overtaken or lost. */
const COMMAND_LOST_MS = 2_000;
const RTP_WRAP = 2 ** 32;
const RTP_TICKS_PER_MS = 90;

/**
 * Age of a picture in ms from its RTP time stamp (90 kHz, 32 bits, of the robot's monotonic clock, see
 * rtpTimestamp in firmware/video/engine.ts). Negative by as much as the clocks' difference is misjudged.
 */
export function pictureAgeMs(rtpTimestamp: number, robotNowUs: number): number {
  const nowTicks = Math.floor((robotNowUs * 9) / 100) % RTP_WRAP;
  const ticks = (nowTicks - rtpTimestamp + RTP_WRAP) % RTP_WRAP;
  return (ticks >= RTP_WRAP / 2 ? ticks - RTP_WRAP : ticks) / RTP_TICKS_PER_MS;
}

/** Null where there is nothing to take the middle of. */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return null;
  return sorted.length % 2 ? upper : (upper + sorted[middle - 1]!) / 2;
}

/** What the page measures of picture and commands. Times are the page's own (performance.now), in ms. */
export class Measurements {
  /** Frames of the last second: when each was presented, and how old it was. */
  #recent: { readonly atMs: number; readonly ageMs: number | null }[] = [];
  #sent: { readonly seq: number; readonly atMs: number }[] = [];
  #newestSeq = -1;
  #frames = 0;
  #firstFrameMs: number | null = null;
  #streamSinceMs = 0;
  #lastStrip: (Strip & { readonly atMs: number }) | null = null;
  readonly #commandToPictureMs: number[] = [];
  readonly #pictureAgeMs: number[] = [];
  readonly #roundTripMs: number[] = [];

  /** A picture was presented; `ageMs` null where its age can't be told. */
  onFrame(atMs: number, ageMs: number | null): void {
    this.#frames += 1;
    this.#firstFrameMs ??= atMs;
    const before = this.#recent.at(-1);
    if (before === undefined || before.atMs <= atMs - WINDOW_MS) this.#streamSinceMs = atMs;
    this.#recent = [...this.#recent.filter((frame) => frame.atMs > atMs - WINDOW_MS), { atMs, ageMs }];
    if (ageMs !== null) keep(this.#pictureAgeMs, ageMs);
  }

  onStrip(strip: Strip, atMs: number): void {
    this.#lastStrip = { ...strip, atMs };
    const { appliedSeq } = strip;
    // Numbers of other senders, or of this page before it was loaded anew, say nothing about ours.
    if (appliedSeq === null || appliedSeq > this.#newestSeq) return;
    const first = this.#sent[0];
    if (first === undefined || appliedSeq < first.seq) return;
    for (const sent of this.#sent) {
      if (sent.seq <= appliedSeq && atMs - sent.atMs < COMMAND_LOST_MS) {
        keep(this.#commandToPictureMs, atMs - sent.atMs);
      }
    }
    this.#sent = this.#sent.filter((sent) => sent.seq > appliedSeq);
  }

  onCommandSent(seq: number, atMs: number): void {
    this.#newestSeq = seq;
    this.#sent = [...this.#sent.filter((sent) => sent.atMs > atMs - COMMAND_LOST_MS), { seq, atMs }];
  }

  onCommandRefused(seq: number): void {
    this.#sent = this.#sent.filter((sent) => sent.seq !== seq);
  }

  /** What was under way will not be applied: a stop followed. */
  onStopSent(): void {
    this.#sent = [];
  }

  onRoundTrip(ms: number): void {
    keep(this.#roundTripMs, ms);
  }

  get frames(): number {
    return this.#frames;
  }

  /** When the first picture ever was presented: ms since the page was opened. */
  get firstFrameMs(): number | null {
    return this.#firstFrameMs;
  }

  get lastStrip(): (Strip & { readonly atMs: number }) | null {
    return this.#lastStrip;
  }

  get lastRoundTripMs(): number | null {
    return this.#roundTripMs.at(-1) ?? null;
  }

  /** Pace of the frames presented in the second before `nowMs`, or since they began to come. */
  framesPerS(nowMs: number): number {
    const count = this.#recent.filter((frame) => frame.atMs > nowMs - WINDOW_MS).length;
    const spanMs = Math.min(WINDOW_MS, nowMs - this.#streamSinceMs);
    return spanMs < SHORTEST_SPAN_MS ? count : Math.round((count * 1000) / spanMs);
  }

  /** Median age of the pictures of the second before `nowMs`. */
  videoDelayMs(nowMs: number): number | null {
    return median(
      this.#recent.flatMap((frame) =>
        frame.ageMs !== null && frame.atMs > nowMs - WINDOW_MS ? [frame.ageMs] : [],
      ),
    );
  }

  /** How old what is on the screen is: a picture that stands grows older. Null before the first, and where its age can't be told. */
  pictureAgeMs(nowMs: number): number | null {
    const newest = this.#recent.at(-1);
    if (newest === undefined || newest.ageMs === null) return null;
    return Math.max(0, newest.ageMs + nowMs - newest.atMs, this.videoDelayMs(nowMs) ?? 0);
  }

  /** Copies, oldest first; at most 1000 of each. */
  delays(): { commandToPictureMs: number[]; pictureAgeMs: number[]; roundTripMs: number[] } {
    return {
      commandToPictureMs: [...this.#commandToPictureMs],
      pictureAgeMs: [...this.#pictureAgeMs],
      roundTripMs: [...this.#roundTripMs],
    };
  }
}

function keep(values: number[], value: number): void {
  if (values.push(value) > KEPT) values.splice(0, values.length - KEPT);
}
