import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from '../config/paths.ts';
import type { KvsAddon } from './kvs-addon.ts';

/** Where pictures come from. */
export type CaptureSource =
  /** RGBA pictures handed over with `pushFrame` (the simulator). */
  | { readonly kind: 'pushed' }
  /** A moving test pattern. */
  | { readonly kind: 'test' }
  /** A video file, played in real time, over and over. */
  | { readonly kind: 'file'; readonly path: string }
  /** A V4L2 camera, such as `/dev/video0`. */
  | { readonly kind: 'v4l2'; readonly device: string }
  /** A camera libcamera knows; without `device`, the first one. */
  | { readonly kind: 'libcamera'; readonly device?: string };

export type CaptureEncoder = 'auto' | 'v4l2h264enc' | 'x264enc';

export interface CaptureOptions {
  readonly source: CaptureSource;
  /** Picture size in pixels: 64..1920 by 64..1080, both even (4:2:0 chroma). */
  readonly width: number;
  readonly height: number;
  /** 1..120 */
  readonly framesPerS: number;
  /** 100..8000 kbit/s */
  readonly bitrateKbps: number;
  /** Longest time between two key frames, 1..3600 s. */
  readonly keyFrameIntervalS: number;
  readonly encoder: CaptureEncoder;
  /** A source that gives no picture for this long counts as lost, 100..60000 ms. */
  readonly stallMs: number;
}

export type CaptureFailureCode = 'camera_missing' | 'camera_lost' | 'encoder_missing' | 'pipeline_failed';

export type CaptureEvent =
  | {
      readonly type: 'unit';
      readonly data: Buffer;
      readonly keyFrame: boolean;
      /** Microseconds of CLOCK_MONOTONIC. */
      readonly capturedUs: number;
    }
  /** A unit has come and was not kept for JavaScript (`keepUnits`). At most one. */
  | { readonly type: 'streaming' }
  /** The capture broke; `stopped` follows by itself. At most one. */
  | { readonly type: 'error'; readonly code: CaptureFailureCode; readonly message: string }
  /** The last event: threads have ended and the device is free. */
  | { readonly type: 'stopped'; readonly stats: CaptureStats };

export interface CaptureStats {
  /** The encoder in use; empty until the capture has chosen one. */
  readonly encoder: string;
  /** Access units handed to JavaScript. */
  readonly unitsDelivered: number;
  /** Access units dropped because JavaScript did not keep up, up to the next key frame. */
  readonly unitsDropped: number;
  readonly framesTaken: number;
  /** Pushed pictures not taken: the encoder was busy, or they were no newer than the last one. */
  readonly framesRefused: number;
}

/** The addon. One process-wide set of captures: an id works from every worker thread. */
export interface NativeAddon {
  /**
   * Starts a capture on a thread of its own and returns at once; what goes wrong comes as an `error` event.
   * GStreamer is initialised by the first start, not by loading the addon. A running capture keeps the event
   * loop alive, and ends with the thread (worker or process) that started it.
   * @throws RangeError or TypeError naming the option that is wrong
   */
  startCapture(options: CaptureOptions, onEvent: (event: CaptureEvent) => void): number;
  /** Ends a capture; no `unit` comes after this returns, `stopped` follows. False when it is not running. */
  stopCapture(captureId: number): boolean;
  /** Asks for a key frame as the next picture. False when the capture is not running. */
  requestKeyFrame(captureId: number): boolean;
  /** @throws RangeError outside 100..8000 kbit/s */
  setBitrateKbps(captureId: number, kbps: number): boolean;
  /**
   * Whether units come as events; they do unless told otherwise. What takes them natively gets them either way.
   * False when the capture is not running.
   */
  keepUnits(captureId: number, keep: boolean): boolean;
  /**
   * Hands over one picture; its bytes are copied before this returns, so the caller may draw on.
   * True when it was taken; false when it was dropped: the encoder is behind (it holds at most 3 pictures),
   * `capturedUs` is not after the last one, or the capture is starting, stopping or unknown.
   * @throws RangeError when `rgba` does not hold exactly width x height x 4 bytes, or `capturedUs` is no whole number >= 0
   */
  pushFrame(captureId: number, rgba: Uint8Array | Uint8ClampedArray, capturedUs: number): boolean;
  /** The producer has no more pictures (its camera went away): the capture ends with `camera_lost`. */
  endFrames(captureId: number): boolean;
  /** Null when the capture is not running. */
  captureStats(captureId: number): CaptureStats | null;
  /** Ids of the captures whose threads are alive, in this process. */
  runningCaptures(): number[];
  /** Null where it was compiled without the KVS WebRTC C SDK. */
  readonly kvs: KvsAddon | null;
}

/** The addon is not built, or not for this machine. */
export class AddonMissingError extends Error {
  override readonly name = 'AddonMissingError';
  readonly code = 'addon_missing';
}

let loaded: NativeAddon | undefined;

/**
 * The addon, loaded by the first call.
 * @throws AddonMissingError saying how to build it
 */
export function loadAddon(): NativeAddon {
  loaded ??= requireAddon();
  return loaded;
}

function requireAddon(): NativeAddon {
  const path = join(packageRoot(), 'build', 'Release', 'roverd_native.node');
  try {
    return createRequire(import.meta.url)(path) as NativeAddon;
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new AddonMissingError(
      `The camera addon can't be loaded: run \`npm start\`, or \`npx node-gyp rebuild\` in ${packageRoot()} (${why})`,
      { cause },
    );
  }
}
