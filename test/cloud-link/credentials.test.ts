import pino from 'pino';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mutualTlsAgent } from '../../firmware/cloud-link/agents.ts';
import { AwsClock } from '../../firmware/cloud-link/aws-clock.ts';
import {
  type AwsCredentials,
  createCredentials,
  fetchCredentials,
} from '../../firmware/cloud-link/credentials.ts';
import { createAuthority } from './certificates.ts';
import { KvsService, ROLE_ALIAS } from './kvs-service.ts';
import { VirtualTime } from './virtual-time.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const logger = pino({ level: 'silent' });

/** A provider of which a test says whether it answers, and for how long its credentials last. */
function rig({ lifeMs = HOUR_MS, random = 0.5 } = {}) {
  const time = new VirtualTime();
  const awsClock = new AwsClock(time);
  const asked: number[] = [];
  const state = { up: true, lifeMs };
  const credentials = createCredentials({
    fetch: async () => {
      asked.push(time.nowMs());
      if (!state.up) throw new Error('no route');
      return {
        accessKeyId: `key-${asked.length}`,
        secretAccessKey: 'secret',
        sessionToken: 'token',
        expiration: new Date(awsClock.wallMs() + state.lifeMs),
      };
    },
    awsClock,
    clock: time,
    scheduler: time.scheduler,
    random: () => random,
    logger,
  });
  return { time, awsClock, asked, state, credentials };
}

test('asks once for all who ask together, and then out of memory', async () => {
  const { asked, credentials } = rig();
  const both = await Promise.all([credentials.provide(), credentials.provide()]);
  assert.is(both[0].accessKeyId, 'key-1');
  assert.is(both[1], both[0]);
  assert.is(await credentials.provide(), both[0]);
  assert.is(asked.length, 1);
});

test('renews five minutes before the end, without being asked', async () => {
  const { time, asked, credentials } = rig();
  await credentials.provide();
  await time.advance(55 * MINUTE_MS - 1000);
  assert.is(asked.length, 1);
  await time.advance(2000);
  assert.is(asked.length, 2);
  assert.is((await credentials.provide()).accessKeyId, 'key-2');
});

test('renews short-lived ones after three quarters of their life', async () => {
  const { time, asked, credentials } = rig({ lifeMs: 8 * MINUTE_MS });
  await credentials.provide();
  await time.advance(6 * MINUTE_MS - 1000);
  assert.is(asked.length, 1);
  await time.advance(2000);
  assert.is(asked.length, 2);
});

test('serves the last ones through an outage that ends before they expire', async () => {
  const { time, asked, state, credentials } = rig();
  await credentials.provide();
  state.up = false;
  await time.advance(58 * MINUTE_MS);
  assert.is((await credentials.provide()).accessKeyId, 'key-1');
  const tries = asked.length - 1;
  assert.ok(tries >= 4 && tries <= 30, `${tries} tries in three minutes`);
  state.up = true;
  await time.advance(MINUTE_MS);
  assert.is((await credentials.provide()).accessKeyId, `key-${asked.length}`);
});

test('an outage beyond their end is told to who asks, and goes on being tried', async () => {
  const { time, state, credentials } = rig();
  await credentials.provide();
  state.up = false;
  await time.advance(HOUR_MS + MINUTE_MS);
  await credentials.provide().then(
    () => assert.unreachable('expired credentials were given'),
    (error: Error) => assert.is(error.message, 'no route'),
  );
  state.up = true;
  await time.advance(MINUTE_MS);
  assert.match((await credentials.provide()).accessKeyId, /^key-/);
});

test('what expires within seconds is not given any more', async () => {
  const { time, asked, state, credentials } = rig({ random: 1 });
  await credentials.provide();
  state.up = false;
  await time.advance(HOUR_MS - 9000);
  state.up = true;
  const before = asked.length;
  await credentials.provide().catch(() => undefined);
  await time.advance(MINUTE_MS);
  assert.ok(asked.length > before);
});

test('while it waits for the next try it does not ask again for each who asks', async () => {
  const { asked, state, credentials } = rig();
  state.up = false;
  for (let n = 0; n < 5; n += 1) await credentials.provide().catch(() => undefined);
  assert.is(asked.length, 1);
});

test('expired ones from a provider are an error', async () => {
  const { credentials } = rig({ lifeMs: 5000 });
  await credentials.provide().then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /expired/),
  );
});

test('after closing nothing is asked any more', async () => {
  const { time, asked, credentials } = rig();
  await credentials.provide();
  credentials.close();
  await time.advance(2 * HOUR_MS, MINUTE_MS);
  assert.is(asked.length, 1);
  await credentials.provide().then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /closed/),
  );
});

test('over mutual TLS: the thing’s own certificate, and no other', async () => {
  const authority = await createAuthority();
  const service = await KvsService.start(authority);
  const robot = await authority.issue('rover');
  const stranger = await authority.issue('stranger');
  const foreign = await (await createAuthority()).issue('rover');
  service.register('rover', robot);
  service.settings.skewMs = 2 * HOUR_MS;
  const awsClock = new AwsClock({ nowMs: () => performance.now(), wallMs: () => Date.now() });
  const ask = async (identity: typeof robot, change: { roleAlias?: string; thingName?: string } = {}) => {
    const agent = mutualTlsAgent({ ...identity, ca: authority.ca });
    const options = { endpoint: service.credentialsEndpoint, roleAlias: ROLE_ALIAS, thingName: 'rover' };
    try {
      return await fetchCredentials({ ...options, ...change, agent, awsClock });
    } finally {
      agent.destroy();
    }
  };
  const refusal = (promise: Promise<AwsCredentials>): Promise<string> =>
    promise.then(
      () => 'credentials were given',
      (error: Error) => error.message,
    );
  try {
    const given = await ask(robot);
    assert.match(given.accessKeyId, /^ASIA/);
    const lifeMs = given.expiration.getTime() - awsClock.wallMs();
    assert.ok(Math.abs(lifeMs - HOUR_MS) < 5000, `${lifeMs} ms to live by AWS’s clock`);
    assert.ok(Math.abs(awsClock.skewMs() - 2 * HOUR_MS) < 5000, 'the clock of AWS was noticed');

    assert.match(
      await refusal(ask(stranger)),
      /403: Access Denied.*iot:AssumeRoleWithCertificate.*thing rover/,
    );
    assert.match(await refusal(ask(robot, { thingName: 'other' })), /403/);
    assert.match(await refusal(ask(robot, { roleAlias: 'none' })), /404.*role alias none/);
    assert.match(await refusal(ask(foreign)), /ECONNRESET|socket hang up|unknown ca|alert/i);
    const untrusted = mutualTlsAgent({ ...robot, ca: foreign.ca });
    const at = { endpoint: service.credentialsEndpoint, roleAlias: ROLE_ALIAS, thingName: 'rover', awsClock };
    assert.match(
      await refusal(fetchCredentials({ ...at, agent: untrusted })),
      /self-signed|verify|signature/i,
    );
  } finally {
    await service.close();
  }
});

test.run();
