import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import { judgeLink, type LinkQuality, type LinkStates } from '../../firmware/telemetry/link.ts';

const { limits } = loadConfig().config;
const good: LinkQuality = { roundTripMs: null, lossRatio: null, videoAgeMs: null };

type Span = [forMs: number, quality: Partial<LinkQuality>];

/** What is held after a link has been as told for `forMs`, told each second. */
function after(...spans: Span[]) {
  let states: LinkStates = {};
  let faults: readonly { code: string; detail: string }[] = [];
  let nowMs = 0;
  for (const [forMs, quality] of spans) {
    for (const endMs = nowMs + forMs; nowMs <= endMs; nowMs += 500) {
      ({ states, faults } = judgeLink(limits, states, { ...good, ...quality }, nowMs));
    }
  }
  return faults.map(({ code, detail }) => `${code} (${detail})`);
}

const rows: [name: string, told: string[], ...spans: Span[]][] = [
  ['a link nobody tells of', [], [10_000, {}]],
  ['round trip at its bound', [], [10_000, { roundTripMs: 400 }]],
  ['round trip above it', ['link_slow (round trip 420 ms)'], [2000, { roundTripMs: 420 }]],
  ['but not for a moment', [], [1500, { roundTripMs: 5000 }]],
  ['nor on and off', [], [1500, { roundTripMs: 900 }], [0, {}], [1500, { roundTripMs: 900 }]],
  [
    'inside the hysteresis',
    ['link_slow (round trip 300 ms)'],
    [2000, { roundTripMs: 401 }],
    [9000, { roundTripMs: 301 }],
  ],
  [
    'good, but not for long enough',
    ['link_slow (round trip 40 ms)'],
    [2000, { roundTripMs: 401 }],
    [2000, { roundTripMs: 40 }],
  ],
  ['good again', [], [2000, { roundTripMs: 401 }], [4000, { roundTripMs: 300 }]],
  ['no longer told of', [], [2000, { roundTripMs: 401 }], [4000, {}]],
  ['loss at its bound', [], [10_000, { lossRatio: 0.15 }]],
  ['loss above it', ['link_lossy (25 % lost)'], [2000, { lossRatio: 0.24 }]],
  [
    'loss inside the hysteresis',
    ['link_lossy (10 % lost)'],
    [2000, { lossRatio: 0.5 }],
    [9000, { lossRatio: 0.12 }],
  ],
  ['loss good again', [], [2000, { lossRatio: 0.5 }], [4000, { lossRatio: 0.11 }]],
  ['picture at its bound', [], [10_000, { videoAgeMs: 800 }]],
  ['picture above it', ['video_late (1.5 s old)'], [2000, { videoAgeMs: 1300 }]],
  [
    'picture inside the hysteresis',
    ['video_late (600 ms old)'],
    [2000, { videoAgeMs: 1300 }],
    [9000, { videoAgeMs: 601 }],
  ],
  ['picture good again', [], [2000, { videoAgeMs: 1300 }], [4000, { videoAgeMs: 600 }]],
  [
    'everything at once',
    ['link_slow (round trip 2.0 s)', 'link_lossy (100 % lost)', 'video_late (over 60 s old)'],
    [2000, { roundTripMs: 2000, lossRatio: 1, videoAgeMs: 1e300 }],
  ],
];

for (const [name, told, ...spans] of rows) {
  test(`${name}: ${told.join(', ') || 'nothing to tell'}`, () => assert.equal(after(...spans), told));
}

test.run();
