import type { CaptureOptions, CaptureStats, NativeAddon } from '../../native/addon.ts';
import { type AccessUnit, CameraError, type FrameProducer } from './camera.ts';
import type { CaptureSource } from './capture-source.ts';

export interface CaptureListener {
  unit(unit: AccessUnit): void;
  /** Pictures have begun to flow, and go past JavaScript. */
  streaming(): void;
  /** The capture broke; `ended` follows. */
  failed(error: CameraError): void;
  /** The camera, its threads and the producer are free. The last call. */
  ended(stats: CaptureStats | null): void;
}

/** One capture from start to end, with the producer that draws for it. Nothing here throws. */
export class CaptureRun {
  readonly #addon: NativeAddon;
  readonly #listener: CaptureListener;
  readonly #producer: FrameProducer | undefined;
  #captureId: number | undefined;
  #stopping = false;
  #failed = false;

  constructor(
    addon: NativeAddon,
    settings: Omit<CaptureOptions, 'source'>,
    source: CaptureSource,
    listener: CaptureListener,
  ) {
    this.#addon = addon;
    this.#listener = listener;
    this.#producer = source.kind === 'pushed' ? source.producer : undefined;
    const options: CaptureOptions = {
      ...settings,
      source: source.kind === 'pushed' ? { kind: 'pushed' } : source,
    };
    try {
      this.#captureId = this.#listen(options);
      this.#producer?.start(this.#captureId, options);
    } catch (cause) {
      // Told later, like every other failure, so that the caller has its run in hand by then.
      queueMicrotask(() => this.#startFailed(cause));
    }
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  stop(): void {
    this.#stopping = true;
    if (this.#captureId !== undefined) this.#addon.stopCapture(this.#captureId);
  }

  /** Null when it could not be started. */
  get captureId(): number | null {
    return this.#captureId ?? null;
  }

  /** Whether units come to the listener, or only go where they are taken natively. */
  keepUnits(keep: boolean): void {
    if (this.#captureId !== undefined) this.#addon.keepUnits(this.#captureId, keep);
  }

  requestKeyFrame(): void {
    if (this.#captureId !== undefined) this.#addon.requestKeyFrame(this.#captureId);
  }

  setBitrateKbps(kbps: number): void {
    if (this.#captureId !== undefined) this.#addon.setBitrateKbps(this.#captureId, kbps);
  }

  stats(): CaptureStats | null {
    return this.#captureId === undefined ? null : this.#addon.captureStats(this.#captureId);
  }

  #listen(options: CaptureOptions): number {
    return this.#addon.startCapture(options, (event) => {
      if (event.type === 'unit') {
        if (!this.#stopping) this.#listener.unit(event);
      } else if (event.type === 'streaming') {
        if (!this.#stopping) this.#listener.streaming();
      } else if (event.type === 'error') {
        this.#fail(new CameraError(event.code, event.message));
      } else {
        this.#fail(new CameraError('camera_lost', 'The capture was stopped from outside'));
        this.#release(event.stats);
      }
    });
  }

  #startFailed(cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause);
    this.#fail(new CameraError('pipeline_failed', why, { cause }));
    if (this.#captureId === undefined) this.#release(null);
    else this.#addon.stopCapture(this.#captureId);
  }

  #fail(error: CameraError): void {
    if (this.#failed || this.#stopping) return;
    this.#failed = true;
    this.#listener.failed(error);
  }

  #release(stats: CaptureStats | null): void {
    const done = () => this.#listener.ended(stats);
    // A producer that can't stop has told so in its own way; pictures for an ended capture go nowhere.
    Promise.resolve(this.#producer?.stop()).then(done, done);
  }
}
