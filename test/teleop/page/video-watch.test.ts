import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { judgeVideo, type VideoFacts } from '../../../firmware/teleop/page/video-watch.ts';

const running: VideoFacts = {
  nowMs: 100_000,
  startedMs: 90_000,
  lastFrameMs: 99_970,
  failures: 0,
  connection: 'connected',
  cameraFailed: false,
};

const rows: [string, Partial<VideoFacts>, string, boolean][] = [
  ['pictures come', {}, 'live', false],
  ['a picture a second is a picture', { lastFrameMs: 99_001 }, 'live', false],
  ['none for a second', { lastFrameMs: 98_900 }, 'frozen', false],
  ['none for just under 3 s', { lastFrameMs: 97_001 }, 'frozen', false],
  ['none for 3 s', { lastFrameMs: 97_000 }, 'frozen', true],
  ['connecting', { startedMs: 97_000, lastFrameMs: null, connection: 'connecting' }, 'starting', false],
  [
    'connecting for too long',
    { startedMs: 96_500, lastFrameMs: null, connection: 'connecting' },
    'starting',
    true,
  ],
  ['a later try gets longer', { startedMs: 96_500, lastFrameMs: null, failures: 3 }, 'starting', false],
  ['failed', { connection: 'failed' }, 'live', true],
  ['closed by an error', { connection: 'closed', lastFrameMs: null, startedMs: 99_990 }, 'starting', true],
  ['disconnected may come back', { connection: 'disconnected', lastFrameMs: 98_500 }, 'frozen', false],
  ['the camera fails', { cameraFailed: true, lastFrameMs: 10_000 }, 'waiting', false],
  ['the camera fails and the connection too', { cameraFailed: true, connection: 'failed' }, 'waiting', true],
];

for (const [name, facts, kind, restart] of rows) {
  test(name, () => {
    const verdict = judgeVideo({ ...running, ...facts });
    assert.is(verdict.status.kind, kind);
    assert.is(verdict.restart, restart);
  });
}

test.run();
