import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import { packageRoot } from '../../config/paths.ts';

/** Bundles the camera's worker as the build does, and gives its path. */
export async function bundleCameraWorker(): Promise<string> {
  const outfile = join(packageRoot(), 'dist', 'test', 'simulator', `camera-worker-${process.pid}.js`);
  await build({
    absWorkingDir: packageRoot(),
    entryPoints: ['firmware/simulator/camera-worker.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  return outfile;
}

/** Decodes H.264 (Annex B) with GStreamer into RGBA pictures. */
export async function decodeH264(stream: Uint8Array, width: number, height: number): Promise<Uint8Array[]> {
  const pipeline =
    'fdsrc fd=0 ! h264parse ! avdec_h264 ! videoconvert ! video/x-raw,format=RGBA ! fdsink fd=1 sync=false';
  const child = spawn('gst-launch-1.0', ['-q', ...pipeline.split(' ')], { stdio: ['pipe', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  let complaint = '';
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk;
  });
  child.stdin.end(stream);
  const exitCode = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (exitCode !== 0) throw new Error(`gst-launch-1.0 ended with ${exitCode}: ${complaint}`);
  const raw = Buffer.concat(chunks);
  const bytes = width * height * 4;
  if (raw.length % bytes !== 0) throw new Error(`${raw.length} bytes are no whole number of pictures`);
  return Array.from({ length: raw.length / bytes }, (_, index) =>
    raw.subarray(index * bytes, (index + 1) * bytes),
  );
}
