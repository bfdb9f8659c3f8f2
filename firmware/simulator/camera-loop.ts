import { PoseMemory, type PoseSnapshot } from './pose-memory.ts';
import { createRenderer } from './render/renderer.ts';
import { createScene } from './render/scene.ts';
import type { Room } from './room.ts';
import { drawStrip } from './strip.ts';

/** What the camera's worker is started with. */
export interface CameraJob {
  readonly captureId: number;
  readonly width: number;
  readonly height: number;
  readonly framesPerS: number;
  readonly room: Room;
  readonly eyeM: number;
  /** Buffer of a PoseMemory. */
  readonly pose: SharedArrayBuffer;
  /** One Int32: anything but 0 ends the loop. */
  readonly stop: SharedArrayBuffer;
}

export type PushFrame = (captureId: number, rgba: Uint8Array, capturedUs: number) => boolean;

/**
 * Draws and hands over pictures until told to stop. Blocks its thread: between pictures it sleeps in
 * `Atomics.wait`, which keeps time better than a timer and wakes at once for a stop.
 */
export function runCamera(job: CameraJob, pushFrame: PushFrame): void {
  const stop = new Int32Array(job.stop);
  const memory = new PoseMemory(job.pose);
  const renderer = createRenderer(createScene(job.room), job.eyeM, job.width, job.height);
  const snapshot: PoseSnapshot = { xM: 0, yM: 0, headingRad: 0, appliedSeq: null };
  const periodUs = 1e6 / job.framesPerS;
  let dueUs = nowUs();
  for (let frame = 0; Atomics.load(stop, 0) === 0; frame += 1) {
    memory.read(snapshot);
    const capturedUs = nowUs();
    renderer.draw(snapshot.xM, snapshot.yM, snapshot.headingRad);
    drawStrip(renderer.pixels, job.width, frame, snapshot.appliedSeq);
    pushFrame(job.captureId, renderer.rgba, capturedUs);
    dueUs = nextDueUs(dueUs, nowUs(), periodUs);
    Atomics.wait(stop, 0, 0, (dueUs - nowUs()) / 1000);
  }
}

/** When the next picture is to be taken: on the beat, leaving out every beat that has passed already. */
export function nextDueUs(dueUs: number, nowUs: number, periodUs: number): number {
  const beats = Math.max(1, Math.ceil((nowUs - dueUs) / periodUs));
  return dueUs + beats * periodUs;
}

function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
