/**
 * A camera for tests that plays real H.264: one group of pictures encoded beforehand by GStreamer, in a loop.
 * A key frame on demand is a jump back to its first picture, which is the only key frame there is.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BehaviorSubject, Observable, share } from 'rxjs';
import type { AccessUnit, Camera, CameraStatus } from '../../../firmware/video/camera.ts';

export interface ClipFormat {
  readonly width: number;
  readonly height: number;
  readonly framesPerS: number;
  readonly seconds: number;
  readonly kbps: number;
}

const ACCESS_UNIT_DELIMITER = Buffer.from([0, 0, 0, 1, 9]);

/** Annex B access units, the first a key frame with its parameter sets. */
export async function encodeClip(format: ClipFormat): Promise<Buffer[]> {
  const frames = format.framesPerS * format.seconds;
  const pipeline =
    `videotestsrc num-buffers=${frames} pattern=smpte horizontal-speed=4 ! ` +
    `video/x-raw,width=${format.width},height=${format.height},framerate=${format.framesPerS}/1,format=I420 ! ` +
    `x264enc tune=zerolatency speed-preset=ultrafast key-int-max=${frames} bitrate=${format.kbps} aud=true ! ` +
    'video/x-h264,profile=constrained-baseline,stream-format=byte-stream,alignment=au ! fdsink fd=1';
  const { stdout } = await promisify(execFile)('gst-launch-1.0', ['-q', ...pipeline.split(' ')], {
    encoding: 'buffer',
    maxBuffer: 64 * 1024 * 1024,
  });
  const units: Buffer[] = [];
  for (let start = stdout.indexOf(ACCESS_UNIT_DELIMITER); start >= 0; ) {
    const next = stdout.indexOf(ACCESS_UNIT_DELIMITER, start + 1);
    units.push(stdout.subarray(start, next < 0 ? undefined : next));
    start = next;
  }
  if (units.length !== frames) throw new Error(`Expected ${frames} access units but got ${units.length}`);
  return units;
}

export interface ClipCamera extends Camera {
  readonly keyFrameRequests: number;
  readonly running: boolean;
  readonly bitrateKbps: number | null;
}

export function createClipCamera(clip: readonly Buffer[], framesPerS: number): ClipCamera {
  const status$ = new BehaviorSubject<CameraStatus>({ state: 'idle' });
  let next = 0;
  let keyFrameRequests = 0;
  let bitrateKbps: number | null = null;
  const accessUnits$ = new Observable<AccessUnit>((subscriber) => {
    next = 0;
    status$.next({ state: 'streaming' });
    const startedMs = performance.now();
    let sent = 0;
    // Every millisecond-exact due time is taken from the start, so that late timers don't slow the stream.
    const timer = setInterval(() => {
      if (performance.now() - startedMs < (sent * 1000) / framesPerS) return;
      sent += 1;
      const data = clip[next] ?? Buffer.alloc(0);
      subscriber.next({ data, keyFrame: next === 0, capturedUs: Number(process.hrtime.bigint() / 1000n) });
      next = (next + 1) % clip.length;
    }, 4);
    return () => {
      clearInterval(timer);
      status$.next({ state: 'idle' });
    };
  }).pipe(share());
  return {
    accessUnits$,
    status$,
    requestKeyFrame: () => {
      keyFrameRequests += 1;
      next = 0;
    },
    setBitrateKbps: (kbps) => {
      bitrateKbps = kbps;
    },
    close: async () => status$.complete(),
    get keyFrameRequests() {
      return keyFrameRequests;
    },
    get running() {
      return status$.value.state === 'streaming';
    },
    get bitrateKbps() {
      return bitrateKbps;
    },
  };
}
