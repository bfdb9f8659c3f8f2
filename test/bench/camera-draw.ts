import { APARTMENT } from '../../firmware/simulator/apartment.ts';
import { createRenderer } from '../../firmware/simulator/render/renderer.ts';
import { createScene } from '../../firmware/simulator/render/scene.ts';
import { ROVER } from '../../firmware/simulator/simulator.ts';
import { drawStrip } from '../../firmware/simulator/strip.ts';
import { type Figure, figure } from './figure.ts';

const FRAMES = 600;
const SCENES = 5;
/** Half a core at 30 pictures a second, rounded down. */
const HALF_A_CORE_MS = 16;

export async function bench(): Promise<Figure[]> {
  const scenes: number[] = [];
  let scene = createScene(APARTMENT);
  for (let round = 0; round < SCENES; round += 1) {
    const startedMs = performance.now();
    scene = createScene(APARTMENT);
    scenes.push(performance.now() - startedMs);
  }
  const renderer = createRenderer(scene, ROVER.eyeM, 640, 480);
  const frames: number[] = [];
  for (let frame = -FRAMES; frame < FRAMES; frame += 1) {
    // Around the living room, turning, so that every kind of view comes up; the first round is not counted.
    const angle = (frame / FRAMES) * 2 * Math.PI;
    const startedMs = performance.now();
    renderer.draw(3.4 + 1.3 * Math.cos(angle), 2.4 + 1.4 * Math.sin(angle), angle * 3);
    drawStrip(renderer.pixels, 640, frame & 0xffff, frame & 0xff);
    if (frame >= 0) frames.push(performance.now() - startedMs);
  }
  return [
    figure('simulated camera, one picture of 640x480', 'ms', frames, { median: 6, p99: HALF_A_CORE_MS }),
    figure('simulated camera, room made ready', 'ms', scenes),
  ];
}
