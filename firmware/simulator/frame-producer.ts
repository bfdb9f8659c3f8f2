import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { packageRoot } from '../../config/paths.ts';
import { loadAddon } from '../../native/addon.ts';
import type { FrameProducer } from '../video/camera.ts';
import type { CameraJob } from './camera-loop.ts';
import type { PoseMemory } from './pose-memory.ts';
import type { Room } from './room.ts';

export interface FrameProducerOptions {
  readonly memory: PoseMemory;
  readonly room: Room;
  readonly eyeM: number;
  /** Default: `dist/camera-worker.js`, which the build makes. */
  readonly workerPath?: string;
  /** Told once when the worker of a capture fails. Default: the capture ends with `camera_lost`, to be tried again. */
  readonly onLost?: (captureId: number, error: Error) => void;
}

interface Run {
  readonly worker: Worker;
  readonly stop: Int32Array;
  readonly exited: Promise<void>;
}

/** A worker draws one picture in some ms and looks at its stop flag after each; this long means that it hangs. */
const STOP_TIMEOUT_MS = 1000;
/** The worker keeps few objects on its heap; its pictures and textures lie outside. */
const WORKER_HEAP_MIB = 32;

/** Pictures of a simulated room, drawn by a worker thread that lives from `start` to `stop`. */
export function createFrameProducer(options: FrameProducerOptions): FrameProducer {
  const { memory, room, eyeM, onLost = endFrames } = options;
  let run: Run | null = null;
  /** Ends of earlier runs, while they are not yet over. */
  const ending = new Set<Promise<void>>();

  return {
    start(captureId, format) {
      if (run) throw new Error('Expected the frame producer to be stopped but it is running');
      const stop = new SharedArrayBuffer(4);
      const job: CameraJob = { captureId, ...pick(format), room, eyeM, pose: memory.buffer, stop };
      const worker = new Worker(options.workerPath ?? join(packageRoot(), 'dist', 'camera-worker.js'), {
        workerData: job,
        name: 'simulated camera',
        resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MIB, maxYoungGenerationSizeMb: 4 },
      });
      worker.once('error', (error) => onLost(captureId, error));
      const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      run = { worker, stop: new Int32Array(stop), exited };
    },

    async stop() {
      if (run) {
        const end = endRun(run);
        run = null;
        ending.add(end);
        end.finally(() => ending.delete(end));
      }
      await Promise.all(ending);
    },
  };
}

async function endRun({ worker, stop, exited }: Run): Promise<void> {
  Atomics.store(stop, 0, 1);
  Atomics.notify(stop, 0);
  const hangs = setTimeout(() => void worker.terminate(), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(hangs);
}

function pick({ width, height, framesPerS }: Parameters<FrameProducer['start']>[1]) {
  return { width, height, framesPerS };
}

function endFrames(captureId: number, error: Error): void {
  process.emitWarning(`The simulated camera failed: ${error.message}`);
  loadAddon().endFrames(captureId);
}
