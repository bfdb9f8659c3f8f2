/** Takes one picture of a test pattern by the addon, so that GStreamer knows its plug-ins from then on. */
import { createRequire } from 'node:module';

const addon = createRequire(import.meta.url)('../build/Release/roverd_native.node');
const capture = addon.startCapture(
  {
    source: { kind: 'test' },
    width: 320,
    height: 240,
    framesPerS: 30,
    bitrateKbps: 500,
    keyFrameIntervalS: 10,
    encoder: 'auto',
    stallMs: 60_000,
  },
  (event) => {
    if (event.type === 'unit') addon.stopCapture(capture);
    if (event.type === 'error') {
      console.error(event.message);
      process.exitCode = 1;
    }
  },
);
