import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeCommand, parseJson } from '../../firmware/command/message.ts';
import { checkSessionMessage } from '../../firmware/teleop/wire.ts';
import { startRig, until } from './rig.ts';

const COUNT = 110_000;
const BATCH = 2_000;

const valid = [
  { action: 'forward' },
  { drive: { linear: 0.5, angular: -0.5 }, seq: 3, issuedAtMs: 5, ttlMs: 10 },
  { estop: true },
  { reset: true },
  { takeOver: true },
  { release: true },
  { ping: { t: 1 } },
  { offer: { sdp: 'v=0' } },
  { candidate: { candidate: 'candidate:1 1 UDP 1 127.0.0.1 9 typ host', sdpMid: '0' } },
];
const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    1e308,
    -1e308,
    1.0000001,
    -1.5,
    '1',
    '',
    null,
    [],
    {},
    [[]],
    { __proto__: 1 },
    'stop',
    true,
  ),
);
const mutated = fc
  .tuple(fc.constantFrom(...valid), fc.string(), odd, fc.boolean())
  .map(([message, key, value, nest]) => {
    const first = Object.keys(message)[0]!;
    return JSON.stringify(nest ? { ...message, [first]: value } : { ...message, [key || 'x']: value });
  });
const cut = fc
  .tuple(fc.constantFrom(...valid), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([message, share]) =>
    JSON.stringify(message).slice(0, Math.floor(share * JSON.stringify(message).length)),
  );
const nested = fc.nat(400).map((depth) => '['.repeat(depth) + ']'.repeat(depth));
const anything: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  mutated,
  cut,
  nested,
  fc.string(),
  fc.json(),
  fc.uint8Array({ maxLength: 1200 }),
);

/** A stop is no bad message, and neither is what the schema takes. */
function isBad(input: string | Uint8Array): boolean {
  if (decodeCommand(input).ok) return false;
  const parsed = parseJson(input);
  return !parsed.ok || !checkSessionMessage(parsed.value).ok;
}

test(`${COUNT} bad messages over the socket change nothing and crash nothing`, async () => {
  const rig = await startRig({ messagesPerS: 1e9, messageBurst: 1e9 });
  try {
    const client = await rig.connect();
    const before = rig.state();
    let refused = 0;
    client.socket.removeAllListeners('message');
    client.socket.on('message', (data) => {
      if (String(data).startsWith('{"code"')) refused += 1;
    });
    let sent = 0;
    for (let seed = 1; sent < COUNT; seed++) {
      for (const input of fc.sample(anything, { numRuns: BATCH, seed })) {
        if (!isBad(input)) continue;
        client.socket.send(input);
        sent += 1;
      }
      const target = sent;
      await until(() => refused === target, `${target} refusals, got ${refused}`, 20_000);
    }
    const { wheels, operator, estop, counters } = rig.state();
    assert.equal({ wheels, operator, estop }, { wheels: before.wheels, operator: null, estop: false });
    assert.is(counters.accepted, 0);
    assert.is(client.socket.readyState, client.socket.OPEN);
    assert.is((await rig.publish({ action: 'forward' })).status, 200, 'it still drives');
    await client.end();
  } finally {
    await rig.close();
  }
});

test.run();
