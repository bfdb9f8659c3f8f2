import { APARTMENT } from '../../firmware/simulator/apartment.ts';
import { createRenderer } from '../../firmware/simulator/render/renderer.ts';
import { createScene } from '../../firmware/simulator/render/scene.ts';
import { ROVER } from '../../firmware/simulator/simulator.ts';
import { loadAddon } from '../../native/addon.ts';
import { type Figure, figure, monotonicMs, sleep } from './figure.ts';

const WIDTH = 640;
const HEIGHT = 480;
const PERIOD_MS = 1000 / 30;
const PICTURES = 45;
const WINDOWS = 12;

/** Pushes a drive through the simulated room and takes the access units back. The pictures are drawn beforehand. */
export async function bench(): Promise<Figure[]> {
  const pictures = draw();
  const addon = loadAddon();
  const delaysMs: number[] = [];
  let ended = () => {};
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const captureId = addon.startCapture(
    {
      source: { kind: 'pushed' },
      width: WIDTH,
      height: HEIGHT,
      framesPerS: 30,
      bitrateKbps: 1500,
      keyFrameIntervalS: 60,
      encoder: 'x264enc',
      stallMs: 5000,
    },
    (event) => {
      if (event.type === 'unit') delaysMs.push(monotonicMs() - event.capturedUs / 1000);
      if (event.type === 'stopped') ended();
    },
  );
  const loads: number[] = [];
  let refused = 0;
  let used = process.cpuUsage();
  const startedMs = monotonicMs();
  let windowMs = startedMs;
  for (let n = 0; loads.length < WINDOWS; n++) {
    await sleep(Math.max(0, startedMs + n * PERIOD_MS - monotonicMs()));
    // Back and forth, so that one picture follows from the last.
    const at = n % (2 * PICTURES - 2);
    const picture = pictures[at < PICTURES ? at : 2 * PICTURES - 2 - at]!;
    if (!addon.pushFrame(captureId, picture, Math.round(monotonicMs() * 1000))) refused++;
    if (n === 0 || n % 30 !== 0) continue;
    const { user, system } = process.cpuUsage(used);
    loads.push((user + system) / 1000 / (monotonicMs() - windowMs));
    used = process.cpuUsage();
    windowMs = monotonicMs();
  }
  addon.stopCapture(captureId);
  await end;
  // The first second holds the start of GStreamer.
  loads.shift();
  delaysMs.splice(0, 30);
  if (delaysMs.length < 30 * (WINDOWS - 2)) {
    throw new Error(`Only ${delaysMs.length} access units came, ${refused} pictures were refused`);
  }
  return [
    figure('picture pushed to access unit, 640x480', 'ms', delaysMs, { median: 10, p99: 33 }),
    figure('coding 640x480 at 30/s, share of one core', 'ratio', loads, { median: 0.25 }),
  ];
}

function draw(): Uint8Array[] {
  const renderer = createRenderer(createScene(APARTMENT), ROVER.eyeM, WIDTH, HEIGHT);
  return Array.from({ length: PICTURES }, (_, n) => {
    const angle = (n / 30) * 0.8;
    renderer.draw(3.4 + 1.3 * Math.cos(angle), 2.4 + 1.4 * Math.sin(angle), angle * 3);
    return new Uint8Array(renderer.pixels.slice().buffer);
  });
}
