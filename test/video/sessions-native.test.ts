/** Sessions whose engine takes the camera's units by itself. */
import { VirtualTimeScheduler } from 'rxjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createVideoSessions, type VideoClosed } from '../../firmware/video/sessions.ts';
import { FakeCamera, FakeEngine } from './fakes.ts';

function setUp() {
  const scheduler = new VirtualTimeScheduler(undefined, 0);
  const nowMs = () => scheduler.frame;
  const camera = new FakeCamera(nowMs);
  const engine = new FakeEngine();
  engine.takesCaptures = true;
  const sessions = createVideoSessions({
    camera,
    engine,
    iceServers: [],
    bitrate: { minKbps: 200, maxKbps: 4200, startKbps: 1000 },
    nowMs,
    scheduler,
  });
  const advance = (ms: number) => {
    const untilMs = scheduler.frame + ms;
    scheduler.maxFrames = untilMs;
    scheduler.flush();
    scheduler.frame = untilMs;
  };
  const connect = async (id: string) => {
    const closed: VideoClosed[] = [];
    const session = sessions.open(id, {
      candidate: () => {},
      data: () => {},
      dataOpen: () => {},
      closed: (reason) => closed.push(reason),
    });
    await session.offer(`offer of ${id}`);
    const peer = engine.peers.at(-1)!;
    peer.state$.next('connected');
    return { session, peer, closed };
  };
  return { camera, engine, sessions, advance, connect };
}

const REPORT = { lossRatio: 0, estimateKbps: null, roundTripMs: 20 };

test('viewers take the running capture, and no unit comes this way', async () => {
  const { camera, connect } = setUp();
  const a = await connect('a');
  const b = await connect('b');
  assert.equal([camera.attached, camera.starts], [1, 0]);
  assert.equal([a.peer.captures, b.peer.captures], [[7], [7]]);
  assert.is(camera.keyFrameRequests.length, 1, 'asked for when a viewer connects');
  camera.captureId$.next(null);
  camera.captureId$.next(8);
  assert.equal(
    [a.peer.captures, b.peer.captures],
    [
      [7, null, 8],
      [7, null, 8],
    ],
  );
  await a.session.close();
  assert.is(camera.attached, 1);
  await b.session.close();
  assert.is(camera.attached, 0);
});

test('one whose frames go out with nothing coming back is lost, as when they come this way', async () => {
  const { advance, connect } = setUp();
  const { closed, peer } = await connect('a');
  const stream = (seconds: number) => {
    for (let step = 0; step < seconds * 2; step += 1) {
      peer.framesSent += 15;
      advance(500);
    }
  };
  peer.reports$.next(REPORT);
  stream(8);
  peer.reports$.next(REPORT);
  stream(8);
  assert.equal(closed, []);
  stream(4);
  assert.equal(
    closed.map(({ code }) => code),
    ['connection_lost'],
  );
});

test('silence means nothing while no frames go out', async () => {
  const { advance, connect } = setUp();
  const { closed, peer } = await connect('a');
  peer.reports$.next(REPORT);
  advance(60_000);
  assert.equal(closed, []);
});

test('after an outage a key frame is asked for', async () => {
  const { advance, camera, connect } = setUp();
  const { peer } = await connect('a');
  peer.reports$.next(REPORT);
  advance(1000);
  const before = camera.keyFrameRequests.length;
  for (let step = 0; step < 8; step += 1) {
    peer.framesSent += 15;
    advance(500);
  }
  assert.is(camera.keyFrameRequests.length, before);
  peer.reports$.next(REPORT);
  assert.is(camera.keyFrameRequests.length, before + 1);
});

test('a camera that codes elsewhere than in the addon goes the other way', async () => {
  const scheduler = new VirtualTimeScheduler(undefined, 0);
  const camera = new FakeCamera(() => scheduler.frame);
  const engine = new FakeEngine();
  engine.takesCaptures = true;
  const { captures$: _, ...elsewhere } = camera;
  const sessions = createVideoSessions({
    camera: Object.assign(Object.create(FakeCamera.prototype), elsewhere, {
      requestKeyFrame: () => {},
      setBitrateKbps: () => {},
    }),
    engine,
    iceServers: [],
    bitrate: { minKbps: 200, maxKbps: 4200, startKbps: 1000 },
    nowMs: () => scheduler.frame,
    scheduler,
  });
  const session = sessions.open('a', {
    candidate: () => {},
    data: () => {},
    dataOpen: () => {},
    closed: () => {},
  });
  await session.offer('offer');
  assert.equal([camera.attached, camera.starts], [0, 1]);
  await sessions.close();
});

test.run();
