import type { RobotState, Role } from '../wire.ts';
import type { Drive, SentCommand, Transport } from './drive.ts';
import type { Measurements } from './measure.ts';
import type { LinkPhase, RobotLink } from './robot-link.ts';
import type { Video } from './video.ts';
import type { VideoStatus } from './video-watch.ts';

/**
 * What the page tells of itself as `window.roverd`: for tests, for the benchmark, and for the curious in the
 * console. Read-only; every access gives the present, arrays are copies of at most 1000 entries, oldest first.
 * Times are in ms of performance.now().
 */
export interface PageReport {
  /** As last told by the robot. */
  readonly state: RobotState | null;
  readonly delays: {
    /** From sending a drive command to a picture drawn with it (or a newer one) applied. In simulation only. */
    readonly commandToPictureMs: readonly number[];
    /** From taking a picture to its presentation, by RTP time stamp and the robot's clock. */
    readonly pictureAgeMs: readonly number[];
    readonly roundTripMs: readonly number[];
  };
  readonly stats: {
    readonly frames: number;
    readonly framesPerS: number;
    /** When the first picture was presented: ms since the page was opened. */
    readonly firstFrameMs: number | null;
    /** Median of the last second. */
    readonly videoDelayMs: number | null;
    readonly roundTripMs: number | null;
    readonly sent: Readonly<Record<SentCommand['kind'], number>>;
    readonly sentBy: Readonly<Record<Transport, number>>;
    readonly lastSeq: number | null;
    readonly videoRestarts: number;
    readonly reconnects: number;
    /** Answers of the robot with a code, by code. */
    readonly refusals: Readonly<Record<string, number>>;
  };
  /** The strip of the newest picture that carried one. */
  readonly lastStrip: {
    readonly frame: number;
    readonly appliedSeq: number | null;
    readonly atMs: number;
  } | null;
  readonly connection: {
    readonly phase: LinkPhase['kind'];
    readonly id: string | null;
    readonly role: Role | null;
    readonly transport: Transport | null;
    readonly video: VideoStatus['kind'];
    readonly picture: { readonly width: number; readonly height: number };
  };
  /** What this page asks for now, as sent. */
  readonly driving: { readonly linear: number; readonly angular: number };
}

declare global {
  interface Window {
    readonly roverd: PageReport;
  }
}

export class Counts {
  readonly sent = { drive: 0, stop: 0, estop: 0, reset: 0 };
  readonly sentBy = { channel: 0, socket: 0 };
  lastSeq: number | null = null;
  readonly #refusals = new Map<string, number>();

  onSent({ kind, seq, transport }: SentCommand): void {
    this.sent[kind] += 1;
    this.sentBy[transport] += 1;
    this.lastSeq = seq;
  }

  /** Bounded by the robot's own list of codes. */
  onRefusal(code: string): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1);
  }

  refusals(): Record<string, number> {
    return Object.fromEntries(this.#refusals);
  }
}

export interface Parts {
  readonly link: Pick<RobotLink, 'reconnects'>;
  readonly drive: Drive;
  readonly video: Video;
  readonly element: HTMLVideoElement;
  readonly measurements: Measurements;
  readonly counts: Counts;
  readonly now: () => {
    readonly phase: LinkPhase['kind'];
    readonly state: RobotState | null;
    readonly you: { readonly id: string; readonly role: Role } | null;
    readonly transport: Transport | null;
  };
}

/** Puts `window.roverd` in place. */
export function publishReport({ link, drive, video, element, measurements, counts, now }: Parts): void {
  const report: PageReport = {
    get state() {
      return now().state;
    },
    get delays() {
      return measurements.delays();
    },
    get stats() {
      const nowMs = performance.now();
      return {
        frames: measurements.frames,
        framesPerS: measurements.framesPerS(nowMs),
        firstFrameMs: measurements.firstFrameMs,
        videoDelayMs: measurements.videoDelayMs(nowMs),
        roundTripMs: measurements.lastRoundTripMs,
        sent: { ...counts.sent },
        sentBy: { ...counts.sentBy },
        lastSeq: counts.lastSeq,
        videoRestarts: video.restarts,
        reconnects: link.reconnects,
        refusals: counts.refusals(),
      };
    },
    get lastStrip() {
      return measurements.lastStrip;
    },
    get connection() {
      const { phase, you, transport } = now();
      return {
        phase,
        id: you?.id ?? null,
        role: you?.role ?? null,
        transport,
        video: video.status.kind,
        picture: { width: element.videoWidth, height: element.videoHeight },
      };
    },
    get driving() {
      return drive.velocity;
    },
  };
  Object.defineProperty(window, 'roverd', { value: Object.freeze(report), enumerable: true });
}
