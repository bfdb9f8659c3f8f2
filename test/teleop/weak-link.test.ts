import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RobotState } from '../../firmware/teleop/wire.ts';
import { type Client, startRig, until } from './rig.ts';

/** Speeds of the rig: a long round trip leaves 40 %, loss 60 %, a late picture 30 %. Faults count at once. */
type Rig = Awaited<ReturnType<typeof startRig>>;
function withRig(name: string, body: (rig: Rig) => Promise<void>): void {
  test(name, async () => {
    const rig = await startRig();
    try {
      await body(rig);
    } finally {
      await rig.close();
    }
  });
}

const codes = ({ reasons }: Pick<RobotState, 'reasons'>) => reasons.map(({ code }) => code);
const texts = ({ reasons }: Pick<RobotState, 'reasons'>) => reasons.map(({ text }) => text);
const forward = { drive: { linear: 1, angular: 0 } };

/** Keeps driving forward until it drives as fast as said. */
async function drivesAt(rig: Rig, client: Client, ratio: number): Promise<void> {
  const holding = setInterval(() => client.send(forward), 50);
  try {
    await until(() => Math.abs(rig.state().wheels.left - ratio) < 1e-9, `drives at ${ratio}`);
  } finally {
    clearInterval(holding);
  }
}

let pings = 0;
async function ping(client: Client, findings: object): Promise<void> {
  const t = ++pings;
  client.send({ ping: { t, ...findings } });
  await client.expect((message) => ('pong' in message && message.pong.t === t ? message : undefined));
}

withRig(
  'a long round trip lowers the top speed of whom it is told by, and the state says why',
  async (rig) => {
    const client = await rig.connect();
    await drivesAt(rig, client, 1);
    await ping(client, { roundTripMs: 420 });
    await drivesAt(rig, client, 0.4);
    assert.ok(texts(rig.state()).includes('The link is slow (round trip 420 ms): 40 % speed.'));
    await ping(client, { roundTripMs: 20 });
    await drivesAt(rig, client, 1);
    assert.equal(codes(rig.state()), []);
    await client.end();
  },
);

withRig('so do a late picture and loss; the lowest counts, and each is told', async (rig) => {
  const client = await rig.connect();
  await ping(client, { videoAgeMs: 1200, lossRatio: 0.2, roundTripMs: 3 });
  await drivesAt(rig, client, 0.3);
  assert.equal(codes(rig.state()).sort(), ['link_lossy', 'video_late']);
  assert.ok(texts(rig.state()).includes('The picture is late (1.0 s old): 30 % speed.'));
  await client.end();
});

withRig('a client that tells nothing of its link is not limited', async (rig) => {
  const client = await rig.connect();
  await ping(client, {});
  await drivesAt(rig, client, 1);
  assert.equal(codes(rig.state()), []);
  await client.end();
});

withRig('a weak link limits nobody else, and takes over with its operator', async (rig) => {
  const weak = await rig.connect(rig.mint('operator', 'weak').token);
  const good = await rig.connect(rig.mint('operator', 'good').token);
  await ping(weak, { roundTripMs: 5000 });
  await drivesAt(rig, good, 1);
  assert.equal(codes(rig.state()), []);
  weak.send({ takeOver: true });
  await until(() => rig.state().operator?.name === 'weak', 'the other drives');
  await drivesAt(rig, weak, 0.4);
  weak.send({ release: true });
  await until(() => rig.state().operator === null, 'released');
  assert.equal(codes(rig.state()), ['no_operator']);
  await drivesAt(rig, good, 1);
  await weak.end();
  await good.end();
});

withRig('when the link ends, so does what was wrong with it', async (rig) => {
  const first = await rig.connect();
  await ping(first, { roundTripMs: 5000 });
  await drivesAt(rig, first, 0.4);
  await first.end();
  await until(() => rig.state().operator === null, 'the lease ended');
  const second = await rig.connect();
  await drivesAt(rig, second, 1);
  await second.end();
});

withRig('a viewer with a weak link slows nobody', async (rig) => {
  const viewer = await rig.connect(rig.mint('viewer').token);
  const driver = await rig.connect();
  await ping(viewer, { roundTripMs: 60_000, videoAgeMs: 60_000, lossRatio: 1 });
  await drivesAt(rig, driver, 1);
  assert.equal(codes(rig.state()), []);
  await viewer.end();
  await driver.end();
});

withRig('findings out of range are refused by name, and change nothing', async (rig) => {
  const client = await rig.connect();
  for (const [finding, value] of [
    ['lossRatio', 1.01],
    ['lossRatio', -0.01],
    ['videoAgeMs', -1],
    ['videoAgeMs', 'late'],
    ['roundTripMs', -1],
  ] as const) {
    client.received.length = 0;
    client.send({ ping: { t: 1, [finding]: value } });
    const { code, message } = await client.expect((came) => ('code' in came ? came : undefined));
    assert.is(code, 'bad_field');
    assert.match(message, finding);
  }
  await drivesAt(rig, client, 1);
  await client.end();
});

test.run();
