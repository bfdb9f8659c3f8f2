import type { Observable } from 'rxjs';

/** One coded picture: H.264 constrained baseline, Annex B, parameter sets in front of every key frame. */
export interface AccessUnit {
  readonly data: Buffer;
  readonly keyFrame: boolean;
  /** When the picture was taken, in microseconds of CLOCK_MONOTONIC (the clock of process.hrtime). */
  readonly capturedUs: number;
}

export type CameraErrorCode =
  | 'camera_missing'
  | 'camera_lost'
  | 'encoder_missing'
  | 'pipeline_failed'
  | 'addon_missing';

export class CameraError extends Error {
  override readonly name = 'CameraError';
  readonly code: CameraErrorCode;
  constructor(code: CameraErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type CameraStatus =
  | { readonly state: 'idle' }
  | { readonly state: 'starting' }
  | { readonly state: 'streaming' }
  /** Failed; it tries again by itself after `retryInMs`. */
  | { readonly state: 'failed'; readonly error: CameraError; readonly retryInMs: number };

/**
 * Coded pictures on demand. Subscribing to `accessUnits$` starts the camera with its first subscriber and
 * stops it after its last: nobody watching means no encoding and no camera light. The stream never errors:
 * a missing or failing camera shows in `status$`, is tried again with back-off, and pictures resume.
 */
export interface Camera {
  readonly accessUnits$: Observable<AccessUnit>;
  /**
   * Where pictures are coded in the addon: the id of the running capture, null between two. Subscribing starts the
   * camera as above, for engines that take the units natively: none pass through JavaScript on its account.
   */
  readonly captures$?: Observable<number | null>;
  readonly status$: Observable<CameraStatus>;
  /** Asks the encoder for a key frame as soon as it can; without effect while idle. */
  requestKeyFrame(): void;
  /** Target bit rate in kbit/s, 100..8000; takes effect while running and stays for later starts. */
  setBitrateKbps(kbps: number): void;
  close(): Promise<void>;
}

/**
 * Draws pictures for a camera whose source is `pushed` (the simulator). It hands them to the addon with
 * `pushFrame(captureId, rgba, capturedUs)`, from any thread.
 */
export interface FrameProducer {
  start(
    captureId: number,
    format: { readonly width: number; readonly height: number; readonly framesPerS: number },
  ): void;
  stop(): Promise<void>;
}
