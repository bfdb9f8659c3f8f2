import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import pino from 'pino';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../../config/load.ts';
import type { Admission, Admit } from '../../../firmware/cloud-link/access-tokens.ts';
import type { Outgoing } from '../../../firmware/cloud-link/kvs/messages.ts';
import { KvsViewers } from '../../../firmware/cloud-link/kvs/viewers.ts';
import { createPipeline, type Pipeline } from '../../../firmware/command/pipeline.ts';
import { createSimulatedDrivetrain } from '../../../firmware/drive/simulated.ts';
import { createMetrics } from '../../../firmware/telemetry/metrics.ts';
import { openTokenStore, type TokenStore } from '../../../firmware/teleop/tokens.ts';
import type { RobotState } from '../../../firmware/teleop/wire.ts';
import type { IceServer } from '../../../firmware/video/engine.ts';
import { createVideoSessions, type VideoSessions } from '../../../firmware/video/sessions.ts';
import { settings } from '../../command/helpers.ts';
import { FakeCamera, FakeEngine, type FakePeer } from '../../video/fakes.ts';
import { CHROMIUM_OFFER } from '../../video/offer.ts';
import { VirtualTime } from '../virtual-time.ts';

class NotingEngine extends FakeEngine {
  readonly iceServers: (readonly IceServer[])[] = [];
  override createPeer(options?: { readonly iceServers: readonly IceServer[] }): Promise<FakePeer> {
    this.iceServers.push(options?.iceServers ?? []);
    return super.createPeer();
  }
}

interface Context {
  folder: string;
  time: VirtualTime;
  engine: NotingEngine;
  sessions: VideoSessions;
  pipeline: Pipeline;
  tokens: TokenStore;
  viewers: KvsViewers;
  sent: Outgoing[];
  logged: string[];
  admissions: Map<string, Admission>;
  /** Holds answers about tokens up until it resolves. */
  gate: { until: Promise<void> };
}

const UFRAG = 'Xv0s';
const candidate = (n: number, ufrag = UFRAG) => ({
  candidate: `candidate:${n} 1 udp 1 192.0.2.7 ${4000 + n} typ host ufrag ${ufrag}`,
  sdpMid: '0',
});
/** What a browser offers for its n-th connection. */
const offer = (n = 1, ufrag = UFRAG) =>
  CHROMIUM_OFFER.replace('o=- 3650112738312045612', `o=- ${n}`).replaceAll(UFRAG, ufrag);

const viewers = suite<Context>('viewers of a KVS channel');

viewers.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'roverd-viewers-'));
  const time = new VirtualTime();
  context.time = time;
  context.engine = new NotingEngine();
  context.sessions = createVideoSessions({
    camera: new FakeCamera(time.nowMs),
    engine: context.engine,
    maxViewers: 10,
    iceServers: [],
    bitrate: { minKbps: 200, maxKbps: 4000, startKbps: 1000 },
    nowMs: time.nowMs,
    scheduler: time.scheduler,
  });
  context.pipeline = createPipeline({
    drivetrain: createSimulatedDrivetrain(),
    settings,
    writeTimeoutMs: 100,
    clock: time,
    scheduler: time.scheduler,
  });
  context.tokens = openTokenStore(context.folder, time.wallMs);
  context.sent = [];
  context.logged = [];
  context.admissions = new Map();
  context.gate = { until: Promise.resolve() };
  const admit: Admit = async (token) => {
    await context.gate.until;
    return (
      context.admissions.get(token) ?? { code: 'token_invalid', message: 'This token is not known here' }
    );
  };
  const state = () => ({ name: 'rig', ...context.pipeline.report() }) as unknown as RobotState;
  context.viewers = new KvsViewers(
    {
      pipeline: context.pipeline,
      tokens: context.tokens,
      video: context.sessions,
      hello: {
        robot: 'rig',
        version: 'test',
        watchdogMs: 400,
        sendEveryMs: 80,
        strip: false,
        iceServers: [{ urls: ['turn:lan.example'], username: 'u', credential: 'secret of the LAN' }],
      },
      state,
      limits: loadConfig().config.limits,
      metrics: createMetrics({
        robot: 'rig',
        version: 'test',
        report: () => context.pipeline.report(),
        samples: () => ({}),
        connections: () => 0,
        video: () => ({ viewers: 0, bitrateKbps: 0 }),
        cloud: () => null,
      }),
      clock: time,
      logger: pino({ level: 'debug' }, { write: (line: string) => void context.logged.push(line) }),
    },
    {
      messagesPerS: 120,
      messageBurst: 60,
      stateEveryMs: 100,
      admit,
      wallMs: time.wallMs,
      iceServers: async () => [{ urls: ['turn:kvs.example'], username: `at ${time.nowMs()}` }],
      send: (message) => context.sent.push(message),
      scheduler: time.scheduler,
    },
  );
});
viewers.after.each(async ({ viewers, sessions, pipeline, folder }) => {
  await viewers.close();
  await sessions.close();
  await pipeline.close();
  rmSync(folder, { recursive: true });
});

/** Lets what waits in promises have its turn. */
async function settle(): Promise<void> {
  for (let n = 0; n < 4; n += 1) await setImmediate();
}

/** A viewer whose video is connected and whose data channel is open. */
async function connect({ viewers, engine }: Context, clientId: string, sdp = offer()): Promise<FakePeer> {
  viewers.receive({ type: 'offer', clientId, sdp });
  await settle();
  const peer = engine.peers.at(-1)!;
  peer.state$.next('connected');
  peer.dataOpen$.next(true);
  return peer;
}

function admitAs(
  context: Context,
  token: string,
  role: 'operator' | 'viewer',
  expiresMs: number | null = null,
) {
  const own = context.tokens.mint({ name: `${role} ${token}`, role, kind: 'paired' });
  const identity = { tokenId: expiresMs === null ? own.id : `sub ${role}`, name: `${role} ${token}`, role };
  context.admissions.set(token, { identity, expiresMs });
  return own.id;
}

async function show(peer: FakePeer, token: string): Promise<void> {
  peer.data$.next(JSON.stringify({ token }));
  await settle();
}

const codes = (peer: FakePeer) =>
  peer.texts.map((text) => JSON.parse(text) as { code?: string }).flatMap(({ code }) => (code ? [code] : []));
const drive = '{"drive":{"linear":1,"angular":0}}';

viewers('an offer is answered to who made it, with TURN servers of that moment', async (context) => {
  const { viewers, sent, engine, time } = context;
  await time.advance(5000);
  const peer = await connect(context, 'one');
  assert.equal(sent, [{ type: 'answer', clientId: 'one', sdp: `answer to ${offer()}` }]);
  assert.equal(engine.iceServers, [[{ urls: ['turn:kvs.example'], username: 'at 5000' }]]);
  peer.localCandidates$.next(candidate(9));
  assert.equal(sent.at(-1), { type: 'candidate', clientId: 'one', candidate: candidate(9) });
  assert.is(viewers.size, 1);
});

viewers(
  'candidates before their offer wait for it; a bounded number, for a bounded time',
  async (context) => {
    const { viewers, engine, time } = context;
    for (let n = 0; n < 70; n += 1)
      viewers.receive({ type: 'candidate', clientId: 'one', candidate: candidate(n) });
    const peer = await connect(context, 'one');
    assert.equal(
      peer.candidates,
      Array.from({ length: 64 }, (_, n) => candidate(n + 6)),
    );

    viewers.receive({ type: 'candidate', clientId: 'late', candidate: candidate(1) });
    await time.advance(31_000);
    const late = await connect(context, 'late', offer(2));
    assert.equal(late.candidates, []);
    assert.is(engine.peers.length, 2);
  },
);

viewers('candidates of the connection to come do not go to the one there is', async (context) => {
  const { viewers } = context;
  const before = await connect(context, 'one');
  viewers.receive({ type: 'candidate', clientId: 'one', candidate: candidate(1) });
  viewers.receive({ type: 'candidate', clientId: 'one', candidate: candidate(2, 'next') });
  const after = await connect(context, 'one', offer(2, 'next'));
  assert.equal(before.candidates, [candidate(1)]);
  assert.equal(after.candidates, [candidate(2, 'next')]);
  assert.is(before.closed, true);
  assert.is(viewers.size, 1);
});

viewers('a later offer of the same connection goes to the same session', async (context) => {
  const { viewers, engine } = context;
  const peer = await connect(context, 'one');
  viewers.receive({ type: 'offer', clientId: 'one', sdp: offer(1, 'restarted') });
  await settle();
  assert.is(engine.peers.length, 1);
  assert.is(peer.offers.length, 2);
});

viewers('of two offers at once only the later makes a session', async (context) => {
  const { viewers, engine, sent } = context;
  viewers.receive({ type: 'offer', clientId: 'one', sdp: offer(1) });
  viewers.receive({ type: 'offer', clientId: 'one', sdp: offer(2, 'two') });
  await settle();
  assert.is(engine.peers.length, 1);
  assert.equal(
    sent.map(({ type }) => type),
    ['answer'],
  );
});

viewers(
  'offers that can’t be taken leave nothing behind, and no storm of them is served',
  async (context) => {
    const { viewers, engine, sent, logged, time } = context;
    viewers.receive({ type: 'offer', clientId: 'one', sdp: 'no sdp' });
    await settle();
    assert.equal([viewers.size, engine.peers.length, sent.length], [0, 0, 0]);
    assert.ok(logged.some((line) => line.includes('bad_offer')));
    engine.creates = async () => {
      throw new Error('out of memory');
    };
    viewers.receive({ type: 'offer', clientId: 'two', sdp: offer() });
    await settle();
    assert.is(viewers.size, 0);
    const made = engine.iceServers.length;
    for (let n = 0; n < 20; n += 1) {
      viewers.receive({ type: 'offer', clientId: 'two', sdp: offer(n) });
      await settle();
    }
    assert.is(engine.iceServers.length - made, 4, 'five at once, no more');
    await time.advance(4000);
    viewers.receive({ type: 'offer', clientId: 'two', sdp: offer(99) });
    await settle();
    assert.is(engine.iceServers.length - made, 5);
  },
);

viewers('ten viewers and no more; one that leaves makes room', async (context) => {
  const { viewers, sent, logged } = context;
  const peers: FakePeer[] = [];
  for (let n = 0; n < 10; n += 1) peers.push(await connect(context, `viewer-${n}`, offer(n)));
  viewers.receive({ type: 'offer', clientId: 'eleventh', sdp: offer(11) });
  await settle();
  assert.equal([viewers.size, sent.length], [10, 10]);
  assert.ok(logged.some((line) => line.includes('too_many_viewers')));
  peers[0]!.state$.next('failed');
  await settle();
  assert.is(viewers.size, 9);
  await connect(context, 'eleventh', offer(12));
  assert.is(viewers.size, 10);
});

viewers('strangers’ candidates fill no memory', async ({ viewers, logged }) => {
  for (let n = 0; n < 100; n += 1) {
    viewers.receive({ type: 'candidate', clientId: `stranger-${n}`, candidate: candidate(n) });
  }
  assert.ok(logged.some((line) => line.includes('too many')));
});

viewers(
  'before a token nothing is obeyed, not even a question answered, and it is said once a second',
  async (context) => {
    const { pipeline, time } = context;
    const peer = await connect(context, 'one');
    for (const text of [
      drive,
      '{"estop":true}',
      '{"takeOver":true}',
      '{"ping":{"t":1}}',
      'nonsense',
      '{"token":""}',
    ]) {
      peer.data$.next(text);
    }
    assert.equal(codes(peer), ['token_missing']);
    assert.equal([pipeline.report().estop, pipeline.report().operator], [false, null]);
    await time.advance(1000);
    peer.data$.next(drive);
    assert.equal(codes(peer), ['token_missing', 'token_missing']);
    assert.is(
      peer.texts.some((text) => text.includes('"state"')),
      false,
      'and no state is told',
    );
  },
);

viewers('with an operator’s token: hello, states, and commands of a cloud link', async (context) => {
  const { pipeline, time } = context;
  admitAs(context, 'good', 'operator');
  const peer = await connect(context, 'one');
  await show(peer, 'bad');
  assert.equal(codes(peer), ['token_invalid']);
  await show(peer, 'good');
  const hello = JSON.parse(peer.texts.at(-2)!) as { hello: { you: object; iceServers: unknown[] } };
  assert.equal(hello.hello.you, { id: 'kvs one', name: 'operator good', role: 'operator' });
  assert.equal(hello.hello.iceServers, [], 'no logins of the local network');
  peer.data$.next(drive);
  assert.equal(pipeline.report().operator, { id: 'kvs one', name: 'operator good', link: 'cloud' });
  const before = peer.texts.length;
  await time.advance(1000, 20);
  const states = peer.texts.slice(before).filter((text) => text.startsWith('{"state"'));
  assert.ok(states.length >= 10, `${states.length} states in a second`);
  peer.data$.next(JSON.stringify({ offer: { sdp: 'v=0' } }));
  await settle();
  assert.match(peer.texts.at(-1) ?? '', /videoClosed.*signaling channel/);
});

viewers(
  'the lease ends when the path fails, when the channel closes, and with the session',
  async (context) => {
    const { pipeline } = context;
    admitAs(context, 'good', 'operator');
    const ways: [string, (peer: FakePeer) => void][] = [
      ['disconnected', (peer) => peer.state$.next('disconnected')],
      ['channel closed', (peer) => peer.dataOpen$.next(false)],
      ['failed', (peer) => peer.state$.next('failed')],
    ];
    for (const [index, [what, end]] of ways.entries()) {
      const peer = await connect(context, `viewer-${index}`, offer(index));
      await show(peer, 'good');
      peer.data$.next(drive);
      assert.is(pipeline.report().operator?.id, `kvs viewer-${index}`);
      end(peer);
      assert.is(pipeline.report().operator, null, what);
      assert.equal(pipeline.report().target, { linear: 0, angular: 0 }, what);
    }
  },
);

viewers('a path that comes back is driven on without another token', async (context) => {
  const { pipeline } = context;
  admitAs(context, 'good', 'operator');
  const peer = await connect(context, 'one');
  await show(peer, 'good');
  peer.state$.next('disconnected');
  peer.state$.next('connected');
  peer.data$.next(drive);
  assert.is(pipeline.report().operator?.id, 'kvs one');
});

viewers('a revoked token ends driving within a second', async (context) => {
  const { pipeline, tokens, time } = context;
  const id = admitAs(context, 'good', 'operator');
  const peer = await connect(context, 'one');
  await show(peer, 'good');
  peer.data$.next(drive);
  tokens.revoke(id);
  await time.advance(1000);
  assert.is(pipeline.report().operator, null);
  assert.ok(codes(peer).includes('token_expired'));
  peer.data$.next(drive);
  assert.is(pipeline.report().operator, null);
});

viewers(
  'a provider’s token lets drive until it expires; a fresh one in time keeps the lease',
  async (context) => {
    const { pipeline, time } = context;
    admitAs(context, 'short', 'operator', time.wallMs() + 3_600_000);
    const peer = await connect(context, 'one');
    await show(peer, 'short');
    peer.data$.next(drive);
    await time.advance(20_000);
    peer.data$.next(drive);
    const held = pipeline.report().operator;
    context.admissions.set('next', {
      identity: context.admissions.get('short')!.identity,
      expiresMs: time.wallMs() + 20_000,
    });
    await show(peer, 'next');
    assert.equal(pipeline.report().operator, held);
    await time.advance(19_000);
    assert.not.ok(codes(peer).includes('token_expired'));
    await time.advance(2000);
    assert.ok(codes(peer).includes('token_expired'));
    assert.is(pipeline.report().operator, null);
  },
);

viewers('a viewer’s token after an operator’s takes the right to drive', async (context) => {
  const { pipeline } = context;
  admitAs(context, 'good', 'operator');
  admitAs(context, 'watch', 'viewer');
  const peer = await connect(context, 'one');
  await show(peer, 'good');
  peer.data$.next(drive);
  await show(peer, 'watch');
  assert.is(pipeline.report().operator, null);
  peer.data$.next(drive);
  assert.ok(codes(peer).includes('not_allowed'));
  peer.data$.next('{"estop":true}');
  assert.is(pipeline.report().estop, true);
});

viewers('tokens are tried one at a time and not by the hundred', async (context) => {
  const { gate } = context;
  let answer = () => {};
  gate.until = new Promise((resolve) => {
    answer = resolve;
  });
  admitAs(context, 'good', 'operator');
  const peer = await connect(context, 'one');
  for (let n = 0; n < 100; n += 1) peer.data$.next(JSON.stringify({ token: `guess-${n}` }));
  answer();
  await settle();
  assert.equal(codes(peer), ['rate_limited', 'token_invalid']);
});

viewers('a token that is found good after its viewer has gone admits nobody', async (context) => {
  const { gate, pipeline } = context;
  let answer = () => {};
  gate.until = new Promise((resolve) => {
    answer = resolve;
  });
  admitAs(context, 'good', 'operator');
  const peer = await connect(context, 'one');
  peer.data$.next('{"token":"good"}');
  peer.state$.next('failed');
  answer();
  await settle();
  peer.data$.next(drive);
  assert.is(pipeline.report().operator, null);
});

viewers('tokens are not in the log', async (context) => {
  admitAs(context, 'rd_secret', 'operator');
  const peer = await connect(context, 'one');
  await show(peer, 'rd_secret');
  await show(peer, 'rd_other_secret');
  assert.equal(
    context.logged.filter((line) => /"rd_|rd_other/.test(line)),
    [],
  );
});

viewers.run();
