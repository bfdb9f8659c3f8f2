import type { Logger } from 'pino';
import {
  asyncScheduler,
  BehaviorSubject,
  distinctUntilChanged,
  Observable,
  type SchedulerLike,
  Subject,
  type Subscriber,
  type Subscription,
} from 'rxjs';
import {
  type CaptureEncoder,
  type CaptureOptions,
  type CaptureStats,
  loadAddon,
  type NativeAddon,
} from '../../native/addon.ts';
import { type AccessUnit, type Camera, CameraError, type CameraStatus } from './camera.ts';
import { CaptureRun } from './capture-run.ts';
import type { ChosenSource } from './capture-source.ts';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10_000;
/** A camera that has streamed for this long is in order again: its next failure starts from the first delay. */
const STEADY_MS = 10_000;

export interface NativeCameraOptions extends ChosenSource {
  /** Pixels, 64..1920 and even. */
  readonly width: number;
  /** Pixels, 64..1080 and even. */
  readonly height: number;
  /** 1..120 */
  readonly framesPerS: number;
  /** 100..8000 kbit/s */
  readonly bitrateKbps: number;
  /** Longest time between key frames, 1..3600 s; 60 by default, as viewers ask for theirs. */
  readonly keyFrameIntervalS?: number;
  /** `auto` takes the hardware's where there is one. */
  readonly encoder?: CaptureEncoder;
  /** A camera silent for this long is lost, 100..60000 ms; 5000 by default. */
  readonly stallMs?: number;
  /** How long it goes on with nobody watching, 0..2000 ms; 0 by default. */
  readonly lingerMs?: number;
  readonly logger?: Pick<Logger, 'info' | 'warn'>;
  /** For tests: virtual time, or another addon. */
  readonly scheduler?: SchedulerLike;
  readonly addon?: () => NativeAddon;
}

export interface NativeCamera extends Camera {
  /** Counts since the camera was made, over all its starts. */
  stats(): CaptureStats;
}

/**
 * A camera captured and coded in this process by GStreamer.
 * @throws RangeError when a number is out of its range; what the camera lacks comes in `status$`
 */
export function createNativeCamera(options: NativeCameraOptions): NativeCamera {
  return new GStreamerCamera(options);
}

class GStreamerCamera implements NativeCamera {
  readonly #options: NativeCameraOptions;
  readonly #scheduler: SchedulerLike;
  readonly #units = new Subject<AccessUnit>();
  readonly #status = new BehaviorSubject<CameraStatus>({ state: 'idle' });
  #capture: Omit<CaptureOptions, 'source'>;
  /** The source to try next, and the one to try when it is missing. */
  #sources: ChosenSource;
  #totals: CaptureStats = {
    encoder: '',
    unitsDelivered: 0,
    unitsDropped: 0,
    framesTaken: 0,
    framesRefused: 0,
  };
  readonly #captureId = new BehaviorSubject<number | null>(null);
  #viewers = 0;
  /** Of the viewers, those who want units in JavaScript. */
  #readers = 0;
  #failures = 0;
  #run: CaptureRun | undefined;
  #retry: Subscription | undefined;
  #linger: Subscription | undefined;
  #steady: Subscription | undefined;
  #closing: Promise<void> | undefined;
  #closed: (() => void) | undefined;

  readonly status$: Observable<CameraStatus> = this.#status.asObservable();

  readonly accessUnits$ = new Observable<AccessUnit>((reader) => {
    reader.add(this.#units.subscribe(reader));
    this.#enter(true, reader);
  });

  readonly captures$ = new Observable<number | null>((watcher) => {
    this.#enter(false, watcher);
    watcher.add(this.#captureId.pipe(distinctUntilChanged()).subscribe(watcher));
  });

  constructor(options: NativeCameraOptions) {
    const { source, fallback, lingerMs = 0 } = options;
    this.#options = options;
    this.#scheduler = options.scheduler ?? asyncScheduler;
    this.#sources = { source, ...(fallback && { fallback }) };
    this.#capture = {
      width: whole('width', options.width, 64, 1920, 2),
      height: whole('height', options.height, 64, 1080, 2),
      framesPerS: whole('framesPerS', options.framesPerS, 1, 120),
      bitrateKbps: whole('bitrateKbps', options.bitrateKbps, 100, 8000),
      keyFrameIntervalS: whole('keyFrameIntervalS', options.keyFrameIntervalS ?? 60, 1, 3600),
      encoder: options.encoder ?? 'auto',
      stallMs: whole('stallMs', options.stallMs ?? 5000, 100, 60_000),
    };
    whole('lingerMs', lingerMs, 0, 2000);
  }

  requestKeyFrame(): void {
    this.#run?.requestKeyFrame();
  }

  setBitrateKbps(kbps: number): void {
    this.#capture = { ...this.#capture, bitrateKbps: whole('kbps', kbps, 100, 8000) };
    this.#run?.setBitrateKbps(kbps);
  }

  stats(): CaptureStats {
    return sum(this.#totals, this.#run?.stats() ?? null);
  }

  close(): Promise<void> {
    this.#closing ??= new Promise<void>((resolve) => {
      this.#closed = resolve;
      this.#linger?.unsubscribe();
      this.#units.complete();
      this.#halt();
      if (!this.#run) this.#finishClosing();
    });
    return this.#closing;
  }

  /** `reads` when units are wanted in JavaScript. */
  #enter(reads: boolean, viewer: Subscriber<unknown>): void {
    if (this.#closing) return;
    this.#viewers++;
    if (reads) this.#readers++;
    this.#run?.keepUnits(this.#readers > 0);
    this.#linger?.unsubscribe();
    viewer.add(() => {
      this.#viewers--;
      if (reads) this.#readers--;
      if (this.#viewers === 0) this.#leave();
      else if (reads && this.#readers === 0) this.#run?.keepUnits(false);
    });
    this.#start();
  }

  #start(): void {
    if (this.#viewers === 0 || this.#closing || this.#retry) return;
    if (!this.#run) this.#run = this.#newRun();
    // One that is still stopping holds the device; the next starts when it has ended.
    if (this.#run?.stopping || this.#status.value.state === 'idle') this.#status.next({ state: 'starting' });
  }

  #newRun(): CaptureRun | undefined {
    this.#status.next({ state: 'starting' });
    try {
      const addon = (this.#options.addon ?? loadAddon)();
      const run = new CaptureRun(addon, this.#capture, this.#sources.source, {
        unit: (unit) => this.#onUnit(unit),
        streaming: () => this.#onStreaming(),
        failed: (error) => this.#onFailure(error),
        ended: (stats) => this.#onEnded(stats),
      });
      if (this.#readers === 0) run.keepUnits(false);
      this.#captureId.next(run.captureId);
      return run;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      this.#onFailure(new CameraError('addon_missing', why, { cause }));
      return undefined;
    }
  }

  #onUnit(unit: AccessUnit): void {
    this.#onStreaming();
    this.#units.next(unit);
  }

  #onStreaming(): void {
    if (this.#status.value.state !== 'starting') return;
    this.#status.next({ state: 'streaming' });
    this.#options.logger?.info({ encoder: this.stats().encoder }, 'the camera streams');
    this.#steady = this.#scheduler.schedule(() => {
      this.#failures = 0;
    }, STEADY_MS);
  }

  #onFailure(error: CameraError): void {
    this.#steady?.unsubscribe();
    this.#captureId.next(null);
    const { source, fallback } = this.#sources;
    if (error.code === 'camera_missing' && fallback) this.#sources = { source: fallback, fallback: source };
    const retryInMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LAST_RETRY_MS);
    this.#failures++;
    this.#retry = this.#scheduler.schedule(() => {
      this.#retry = undefined;
      this.#start();
    }, retryInMs);
    this.#status.next({ state: 'failed', error, retryInMs });
    this.#options.logger?.warn({ code: error.code, retryInMs }, `the camera failed: ${error.message}`);
  }

  #onEnded(stats: CaptureStats | null): void {
    this.#totals = sum(this.#totals, stats);
    this.#run = undefined;
    if (this.#closing) this.#finishClosing();
    else this.#start();
  }

  /** The last viewer left. */
  #leave(): void {
    const { lingerMs = 0 } = this.#options;
    if (lingerMs === 0) this.#halt();
    else this.#linger = this.#scheduler.schedule(() => this.#halt(), lingerMs);
  }

  #halt(): void {
    this.#retry?.unsubscribe();
    this.#retry = undefined;
    this.#steady?.unsubscribe();
    this.#failures = 0;
    this.#captureId.next(null);
    this.#run?.stop();
    if (this.#status.value.state !== 'idle') this.#status.next({ state: 'idle' });
  }

  #finishClosing(): void {
    this.#status.complete();
    this.#captureId.complete();
    this.#closed?.();
  }
}

function sum(a: CaptureStats, b: CaptureStats | null): CaptureStats {
  if (b === null) return a;
  return {
    encoder: b.encoder || a.encoder,
    unitsDelivered: a.unitsDelivered + b.unitsDelivered,
    unitsDropped: a.unitsDropped + b.unitsDropped,
    framesTaken: a.framesTaken + b.framesTaken,
    framesRefused: a.framesRefused + b.framesRefused,
  };
}

function whole(name: string, value: number, min: number, max: number, multipleOf = 1): number {
  if (Number.isInteger(value) && value >= min && value <= max && value % multipleOf === 0) return value;
  const kind = multipleOf === 2 ? 'an even number' : 'a whole number';
  throw new RangeError(`Expected ${name} to be ${kind} from ${min} to ${max} but received ${value}`);
}
