/** The thread that draws the simulated camera's pictures. It exists only while somebody watches. */
import { workerData } from 'node:worker_threads';
import { loadAddon } from '../../native/addon.ts';
import { type CameraJob, runCamera } from './camera-loop.ts';

const job = workerData as CameraJob;
const { pushFrame } = loadAddon();
runCamera(job, pushFrame);
