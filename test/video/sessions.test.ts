import { VirtualTimeScheduler } from 'rxjs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CameraError } from '../../firmware/video/camera.ts';
import { VideoError } from '../../firmware/video/engine.ts';
import { createVideoSessions, type VideoClosed } from '../../firmware/video/sessions.ts';
import { FakeCamera, FakeEngine, FakePeer } from './fakes.ts';

const BITRATE = { minKbps: 200, maxKbps: 4200, startKbps: 1000 };

function setUp(maxViewers?: number) {
  const scheduler = new VirtualTimeScheduler(undefined, 0);
  const nowMs = () => scheduler.frame;
  const camera = new FakeCamera(nowMs);
  const engine = new FakeEngine();
  const sessions = createVideoSessions({
    camera,
    engine,
    iceServers: [],
    bitrate: BITRATE,
    nowMs,
    scheduler,
    ...(maxViewers === undefined ? {} : { maxViewers }),
  });
  const advance = (ms: number) => {
    const untilMs = scheduler.frame + ms;
    scheduler.maxFrames = untilMs;
    scheduler.flush();
    scheduler.frame = untilMs;
  };
  const openViewer = (id: string) => {
    const heard: string[] = [];
    const closed: VideoClosed[] = [];
    const session = sessions.open(id, {
      candidate: ({ candidate }) => heard.push(candidate),
      data: (text) => heard.push(`data ${text}`),
      dataOpen: (open) => heard.push(`open ${open}`),
      closed: (reason) => closed.push(reason),
    });
    return { session, heard, closed };
  };
  const connect = async (id: string) => {
    const viewer = openViewer(id);
    await viewer.session.offer(`offer of ${id}`);
    const peer = engine.peers.at(-1)!;
    peer.state$.next('connecting');
    peer.state$.next('connected');
    return { ...viewer, peer };
  };
  return { camera, engine, sessions, advance, openViewer, connect, nowMs };
}

const report = (lossRatio: number | null, estimateKbps: number | null = null) => ({
  lossRatio,
  estimateKbps,
  roundTripMs: 20,
});
const isVideoError = (code: string) => (error: unknown) => error instanceof VideoError && error.code === code;
const rejects = async (promise: Promise<unknown>, code: string) => {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(isVideoError(code)(error), `expected ${code} but got ${error}`);
};

const negotiation = suite('sessions: negotiation');

negotiation('answers an offer and passes candidates on, both ways', async () => {
  const { engine, openViewer } = setUp();
  const { session, heard } = openViewer('a');
  session.candidate({ candidate: 'early', sdpMid: '0' });
  assert.is(await session.offer('first'), 'answer to first');
  session.candidate({ candidate: 'late', sdpMid: '0' });
  engine.peers[0]?.localCandidates$.next({ candidate: 'mine', sdpMid: '0' });
  assert.equal(
    engine.peers[0]?.candidates.map(({ candidate }) => candidate),
    ['early', 'late'],
  );
  assert.equal(heard, ['mine']);
});

negotiation('keeps a bounded number of early candidates', async () => {
  const { engine, openViewer } = setUp();
  const { session } = openViewer('a');
  for (let n = 0; n < 1000; n += 1) session.candidate({ candidate: `${n}`, sdpMid: null });
  await session.offer('first');
  assert.is(engine.peers[0]?.candidates.length, 64);
});

negotiation('a second offer goes to the same peer', async () => {
  const { engine, connect } = setUp();
  const { session, peer } = await connect('a');
  assert.is(await session.offer('again'), 'answer to again');
  assert.is(engine.peers.length, 1);
  assert.equal(peer.offers, ['offer of a', 'again']);
});

negotiation('two offers at once make one peer', async () => {
  const { engine, openViewer } = setUp();
  const { session } = openViewer('a');
  assert.equal(await Promise.all([session.offer('1'), session.offer('2')]), ['answer to 1', 'answer to 2']);
  assert.is(engine.peers.length, 1);
});

negotiation('a refused offer leaves the session open for a better one', async () => {
  const { engine, camera, openViewer } = setUp();
  const { session, closed } = openViewer('a');
  engine.creates = async () => {
    const peer = new FakePeer();
    peer.answers = async (offer) => {
      if (offer === 'bad') throw new VideoError('bad_offer', 'Expected better');
      return 'answer';
    };
    return peer;
  };
  await rejects(session.offer('bad'), 'bad_offer');
  assert.not(camera.running);
  assert.is(await session.offer('good'), 'answer');
  assert.ok(camera.running);
  assert.equal(closed, []);
});

negotiation('an engine that fails once is tried again with the next offer', async () => {
  const { engine, openViewer } = setUp();
  const create = engine.creates;
  engine.creates = async () => {
    throw new VideoError('engine_failed', 'no library');
  };
  const { session } = openViewer('a');
  await rejects(session.offer('first'), 'engine_failed');
  engine.creates = create;
  assert.is(await session.offer('second'), 'answer to second');
});

negotiation('closing while the engine makes the peer frees that peer', async () => {
  const { engine, openViewer } = setUp();
  let made: (peer: FakePeer) => void = () => {};
  engine.creates = () => new Promise((resolve) => (made = resolve));
  const { session } = openViewer('a');
  const offered = session.offer('first');
  const closing = session.close();
  const peer = new FakePeer();
  made(peer);
  await rejects(offered, 'closed');
  await closing;
  assert.ok(peer.closed);
  assert.equal(peer.offers, []);
});

negotiation('closing while the peer answers', async () => {
  const { engine, camera, openViewer } = setUp();
  const { session } = openViewer('a');
  await session.offer('first');
  const peer = engine.peers[0]!;
  let answered: (sdp: string) => void = () => {};
  peer.answers = () => new Promise((resolve) => (answered = resolve));
  const offered = session.offer('second');
  await session.close();
  answered('too late');
  await rejects(offered, 'closed');
  assert.ok(peer.closed);
  assert.not(camera.running);
});

negotiation('an ended session refuses offers and ignores the rest', async () => {
  const { connect } = setUp();
  const { session, peer, heard, closed } = await connect('a');
  await session.close();
  await session.close();
  await rejects(session.offer('again'), 'closed');
  session.candidate({ candidate: 'x', sdpMid: null });
  peer.data$.next('late');
  peer.dataOpen$.next(true);
  peer.localCandidates$.next({ candidate: 'late', sdpMid: null });
  peer.state$.next('failed');
  assert.equal([heard, closed], [[], []]);
});

const limits = suite('sessions: limits');

limits('the 11th viewer is refused, and let in once another has left', async () => {
  const { openViewer, sessions } = setUp();
  const opened = Array.from({ length: 10 }, (_, n) => openViewer(`${n}`));
  assert.throws(() => openViewer('10'), isVideoError('too_many_viewers'));
  assert.is(sessions.status().sessions, 10);
  await opened[3]?.session.close();
  openViewer('10');
});

limits('the same viewer again replaces its session, even when full', async () => {
  const { connect, openViewer, engine } = setUp(1);
  const before = await connect('a');
  const { session } = openViewer('a');
  assert.equal(
    before.closed.map(({ code }) => code),
    ['replaced'],
  );
  assert.ok(before.peer.closed);
  await rejects(before.session.offer('old'), 'closed');
  await session.offer('new');
  assert.is(engine.peers.length, 2);
  // The old one's end doesn't take the new one along.
  await before.session.close();
  assert.is(await session.offer('newer'), 'answer to newer');
});

limits('after closing, nobody is let in', async () => {
  const { sessions, connect, openViewer } = setUp();
  const { closed, peer } = await connect('a');
  let freed: () => void = () => {};
  peer.freed = new Promise((resolve) => (freed = resolve));
  let over = false;
  const closing = sessions.close().then(() => (over = true));
  await new Promise(setImmediate);
  assert.not(over, 'closing waits for what is being freed');
  freed();
  await closing;
  assert.equal(
    closed.map(({ code }) => code),
    ['robot_closing'],
  );
  assert.throws(() => openViewer('b'), isVideoError('closed'));
});

const timeouts = suite('sessions: time-outs');

timeouts('a session without an offer ends after 30 s', () => {
  const { openViewer, advance, sessions } = setUp();
  const { closed } = openViewer('a');
  advance(30_000);
  assert.equal(closed, []);
  advance(500);
  assert.equal(
    closed.map(({ code }) => code),
    ['not_connected'],
  );
  assert.is(sessions.status().sessions, 0);
});

timeouts('so does one that does not connect, 30 s after its latest offer', async () => {
  const { engine, openViewer, advance } = setUp();
  const { session, closed } = openViewer('a');
  advance(20_000);
  await session.offer('first');
  engine.peers[0]?.state$.next('connecting');
  advance(30_000);
  assert.equal(closed, []);
  advance(500);
  assert.equal(
    closed.map(({ code }) => code),
    ['not_connected'],
  );
  assert.ok(engine.peers[0]?.closed);
});

timeouts('a connected one stays', async () => {
  const { connect, advance } = setUp();
  const { closed } = await connect('a');
  advance(3_600_000);
  assert.equal(closed, []);
});

timeouts('failed: closed at once', async () => {
  const { connect } = setUp();
  const { closed, peer } = await connect('a');
  peer.state$.next('failed');
  assert.equal(
    closed.map(({ code }) => code),
    ['connection_failed'],
  );
  assert.ok(peer.closed);
});

timeouts('closed by the engine: lost at once', async () => {
  const { connect } = setUp();
  const { closed, peer } = await connect('a');
  peer.state$.next('closed');
  assert.equal(
    closed.map(({ code }) => code),
    ['connection_lost'],
  );
});

timeouts('disconnected for 10 s: lost; back before that: kept', async () => {
  const { connect, advance } = setUp();
  const { closed, peer } = await connect('a');
  peer.state$.next('disconnected');
  advance(9900);
  peer.state$.next('connected');
  advance(20_000);
  peer.state$.next('disconnected');
  advance(10_000);
  assert.equal(closed, []);
  advance(500);
  assert.equal(
    closed.map(({ code }) => code),
    ['connection_lost'],
  );
});

timeouts('frames for 10 s without a report back: lost', async () => {
  const { camera, connect, advance } = setUp();
  const { closed, peer } = await connect('a');
  camera.take(0, true);
  peer.reports$.next(report(0));
  for (let second = 0; second < 10; second += 1) {
    camera.take(1);
    advance(1000);
  }
  assert.equal(closed, []);
  for (let second = 0; second < 2; second += 1) {
    camera.take(1);
    advance(1000);
  }
  assert.equal(
    closed.map(({ code }) => code),
    ['connection_lost'],
  );
});

timeouts('an engine that passes no reports on loses nobody for that', async () => {
  const { camera, connect, advance } = setUp();
  const { closed } = await connect('a');
  camera.take(0, true);
  for (let second = 0; second < 60; second += 1) {
    camera.take(1);
    advance(1000);
  }
  assert.equal(closed, []);
});

timeouts('no frames, no reports: kept, also when frames begin again', async () => {
  const { camera, connect, advance } = setUp();
  const { closed, peer } = await connect('a');
  camera.take(0, true);
  peer.reports$.next(report(0));
  advance(60_000);
  camera.take(1);
  advance(1000);
  camera.take(2);
  advance(1000);
  assert.equal(closed, []);
});

const gate = suite('sessions: gate and key frames');

gate('the camera runs from the first offer to the last viewer', async () => {
  const { camera, openViewer } = setUp();
  const a = openViewer('a');
  const b = openViewer('b');
  assert.not(camera.running, 'an open session alone starts no camera');
  await a.session.offer('a');
  await b.session.offer('b');
  assert.ok(camera.running);
  assert.is(camera.starts, 1);
  await a.session.close();
  assert.ok(camera.running);
  await b.session.close();
  assert.not(camera.running);
});

gate('the camera starts with the offer, before there is an answer', async () => {
  const { camera, engine, openViewer } = setUp();
  engine.creates = () => new Promise(() => {});
  void openViewer('a').session.offer('a');
  assert.ok(camera.running);
});

gate('a viewer gets nothing before it is connected, then nothing before a key frame', async () => {
  const { camera, engine, openViewer } = setUp();
  await openViewer('a').session.offer('a');
  const peer = engine.peers[0]!;
  camera.take(0, true);
  camera.take(1);
  assert.equal(camera.keyFrameRequests, []);
  peer.state$.next('connected');
  assert.equal(camera.keyFrameRequests, [0], 'asked the moment it connects');
  camera.take(2);
  camera.take(3, true);
  camera.take(4);
  assert.equal(peer.frames, [3, 4]);
});

gate('after a refused frame nothing until a key frame, which is asked for', async () => {
  const { camera, connect, advance } = setUp();
  const { peer } = await connect('a');
  camera.take(0, true);
  advance(1000);
  peer.accepts = false;
  camera.take(1);
  peer.accepts = true;
  camera.take(2);
  camera.take(3, true);
  camera.take(4);
  assert.equal(peer.frames, [0, 3, 4]);
  assert.equal(camera.keyFrameRequests, [0, 1000]);
});

gate('one viewer that refuses does not hold up another', async () => {
  const { camera, connect } = setUp();
  const a = await connect('a');
  const b = await connect('b');
  camera.take(0, true);
  a.peer.accepts = false;
  camera.take(1);
  camera.take(2);
  assert.equal([a.peer.frames, b.peer.frames], [[0], [0, 1, 2]]);
});

gate('connecting again begins with a key frame again', async () => {
  const { camera, connect, advance } = setUp();
  const { peer } = await connect('a');
  camera.take(0, true);
  advance(1000);
  peer.state$.next('disconnected');
  camera.take(1);
  peer.state$.next('connected');
  camera.take(2);
  camera.take(3, true);
  assert.equal(peer.frames, [0, 3]);
  assert.equal(camera.keyFrameRequests, [0, 1000]);
});

gate('a viewer heard of again after an outage gets a key frame without asking', async () => {
  const { camera, connect, advance } = setUp();
  const { peer } = await connect('a');
  camera.take(0, true);
  peer.reports$.next(report(0));
  camera.keyFrameRequests.length = 0;
  const watchFor = (seconds: number) => {
    for (let tenth = 0; tenth < seconds * 10; tenth += 1) {
      advance(100);
      camera.take(1);
    }
  };
  watchFor(2);
  peer.reports$.next(report(0));
  assert.equal(camera.keyFrameRequests, [], 'two seconds are no outage');
  watchFor(4);
  peer.data$.next('forward');
  assert.is(camera.keyFrameRequests.length, 1);
  advance(1000);
  peer.reports$.next(report(0));
  advance(1000);
  assert.is(camera.keyFrameRequests.length, 1, 'once an outage');
});

gate('requests of ten viewers become one in 300 ms, and the last is never lost', async () => {
  const { camera, connect, advance } = setUp();
  const peers: FakePeer[] = [];
  for (let n = 0; n < 10; n += 1) peers.push((await connect(`${n}`)).peer);
  advance(5000);
  camera.keyFrameRequests.length = 0;
  for (const peer of peers) peer.keyFrameRequests$.next();
  assert.equal(camera.keyFrameRequests, [5000], 'the first goes at once');
  advance(299);
  assert.equal(camera.keyFrameRequests, [5000]);
  advance(1);
  assert.equal(camera.keyFrameRequests, [5000, 5300], 'those after it once more');
  advance(1000);
  assert.equal(camera.keyFrameRequests, [5000, 5300]);
  peers[0]?.keyFrameRequests$.next();
  advance(0);
  assert.equal(camera.keyFrameRequests, [5000, 5300, 6300]);
});

gate('a flood of requests is one in 300 ms', async () => {
  const { camera, connect, advance } = setUp();
  const { peer } = await connect('a');
  camera.keyFrameRequests.length = 0;
  for (let ms = 0; ms < 3000; ms += 10) {
    peer.keyFrameRequests$.next();
    advance(10);
  }
  assert.ok(camera.keyFrameRequests.length <= 10, `${camera.keyFrameRequests.length} in 3 s`);
  for (let n = 1; n < camera.keyFrameRequests.length; n += 1) {
    assert.ok(camera.keyFrameRequests[n]! - camera.keyFrameRequests[n - 1]! >= 300);
  }
});

const rate = suite('sessions: bit rate');

rate('the encoder begins at the start rate', async () => {
  const { camera, connect } = setUp();
  await connect('a');
  assert.equal(camera.bitrates, [1000]);
});

rate('the viewer with the worst path decides, until it leaves', async () => {
  const { camera, connect, sessions, advance } = setUp();
  const a = await connect('a');
  const b = await connect('b');
  advance(1000);
  a.peer.reports$.next(report(0));
  b.peer.reports$.next(report(0.4));
  assert.is(camera.bitrates.at(-1), 800);
  assert.is(sessions.status().bitrateKbps, 800);
  await b.session.close();
  assert.is(camera.bitrates.at(-1), 1200);
});

rate('small steps are gathered, so that the encoder is not bothered by each', async () => {
  const { camera, connect, advance } = setUp();
  const { peer } = await connect('a');
  for (let step = 0; step < 10; step += 1) {
    advance(20);
    peer.reports$.next(report(0));
  }
  assert.ok(camera.bitrates.length < 3, `${camera.bitrates}`);
});

rate('stays within the bounds and reaches them', async () => {
  const { camera, connect, advance } = setUp();
  const { peer } = await connect('a');
  for (let second = 0; second < 30; second += 1) {
    advance(1000);
    peer.reports$.next(report(0));
  }
  assert.is(camera.bitrates.at(-1), 4200);
  peer.reports$.next(report(null, 4150));
  peer.reports$.next(report(null, 4150));
  assert.is(camera.bitrates.at(-1), 4200, 'a small step down');
  peer.reports$.next(report(null, 3000));
  peer.reports$.next(report(null, 10_000));
  for (let step = 0; step < 160; step += 1) {
    advance(50);
    peer.reports$.next(report(0));
  }
  assert.is(camera.bitrates.at(-1), 4200, 'the last step up, however small');
  peer.reports$.next(report(null, 10));
  assert.is(camera.bitrates.at(-1), 200);
});

rate('with nobody left, the next viewer begins at the start rate', async () => {
  const { camera, connect } = setUp();
  const { peer, session } = await connect('a');
  peer.reports$.next(report(null, 300));
  assert.is(camera.bitrates.at(-1), 300);
  await session.close();
  await connect('b');
  assert.is(camera.bitrates.at(-1), 1000);
});

const rest = suite('sessions: data and status');

rest('data goes both ways', async () => {
  const { connect } = setUp();
  const { session, peer, heard } = await connect('a');
  assert.not(session.sendData('closed yet'));
  peer.dataOpen$.next(true);
  peer.data$.next('forward');
  assert.ok(session.sendData('done'));
  peer.dataOpen$.next(false);
  assert.equal(heard, ['open true', 'data forward', 'open false']);
  assert.equal(peer.texts, ['done']);
});

rest('tells of viewers and of the camera', async () => {
  const { camera, connect, openViewer, sessions } = setUp();
  assert.equal(sessions.status(), {
    viewers: 0,
    sessions: 0,
    state: 'idle',
    bitrateKbps: 1000,
    error: null,
    perViewer: [],
  });
  const { peer } = await connect('a');
  openViewer('b');
  peer.reports$.next(report(0.05));
  camera.take(0, true);
  camera.status$.next({
    state: 'failed',
    error: new CameraError('camera_lost', 'Unplugged'),
    retryInMs: 1000,
  });
  const status = sessions.status();
  assert.equal([sessions.viewers, status.viewers, status.sessions], [1, 1, 2]);
  assert.equal([status.state, status.error], ['failed', 'Unplugged']);
  assert.equal(status.perViewer[0], {
    id: 'a',
    state: 'connected',
    kbps: 1000,
    lossRatio: 0.05,
    roundTripMs: 20,
    framesSent: 1,
    framesDropped: 0,
    bytesSent: 0,
    keyFrameRequests: 0,
  });
});

for (const tests of [negotiation, limits, timeouts, gate, rate, rest]) tests.run();
