import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { admit, forgetSender, type SenderMemory } from '../../firmware/command/freshness.ts';

const lasting = { id: 'socket', lasting: true };
const passing = { id: 'request', lasting: false };
const nobody: SenderMemory = new Map();
const at = (clockMs: number, wallMs = 1_000_000) => ({ clockMs, wallMs, maxAgeMs: 1000 });

const codeOf = (...args: Parameters<typeof admit>) => {
  const admission = admit(...args);
  return admission.ok ? 'ok' : admission.code;
};
const after = (sender: typeof lasting, seq: number, clockMs = 0) => {
  const admission = admit(nobody, sender, { seq }, at(clockMs));
  assert.ok(admission.ok);
  return admission.senders;
};

for (const [what, message, expected] of [
  ['without a time', {}, 'ok'],
  ['just within the longest age', { issuedAtMs: 999_000 }, 'ok'],
  ['just past the longest age', { issuedAtMs: 998_999 }, 'stale'],
  ['just within its own life', { issuedAtMs: 999_900, ttlMs: 100 }, 'ok'],
  ['just past its own life', { issuedAtMs: 999_899, ttlMs: 100 }, 'stale'],
  ['with a longer life than the rule', { issuedAtMs: 990_000, ttlMs: 20_000 }, 'ok'],
  ['with a life but no time', { ttlMs: 1 }, 'ok'],
  ['from a clock that is ahead', { issuedAtMs: 2_000_000 }, 'ok'],
] as const) {
  test(`a message ${what}: ${expected}`, () => {
    assert.is(codeOf(nobody, lasting, message, at(0)), expected);
  });
}

test('a stale message says what was expected and what came, and is not remembered', () => {
  const admission = admit(nobody, lasting, { seq: 5, issuedAtMs: 998_000.4 }, at(0));
  assert.ok(!admission.ok);
  assert.is(admission.message, 'Expected a command at most 1000 ms old but received one of 2000 ms');
  assert.is(admission.senders, nobody);
});

test('a message without a number changes no memory', () => {
  const admission = admit(nobody, lasting, {}, at(0));
  assert.is(admission.senders, nobody);
});

for (const [seq, expected] of [
  [8, 'ok'],
  [7, 'out_of_order'],
  [6, 'out_of_order'],
] as const) {
  test(`number ${seq} after number 7: ${expected}`, () => {
    assert.is(codeOf(after(lasting, 7), lasting, { seq }, at(10)), expected);
    assert.is(codeOf(after(lasting, 7), { id: 'other', lasting: true }, { seq }, at(10)), 'ok');
  });
}

test('a lasting link is remembered for as long as it lasts, a passing one for 5 s', () => {
  assert.is(codeOf(after(lasting, 7), lasting, { seq: 1 }, at(1e9)), 'out_of_order');
  assert.is(codeOf(after(passing, 7, 1_000), passing, { seq: 1 }, at(5_999)), 'out_of_order');
  assert.is(codeOf(after(passing, 7, 1_000), passing, { seq: 1 }, at(6_000)), 'ok');
});

test('64 senders are remembered, the one unheard for longest makes room', () => {
  let senders: SenderMemory = nobody;
  const hear = (id: string) => {
    const admission = admit(senders, { id, lasting: true }, { seq: (senders.get(id)?.seq ?? 0) + 1 }, at(0));
    assert.ok(admission.ok);
    senders = admission.senders;
  };
  for (let n = 0; n < 64; n++) hear(`n${n}`);
  assert.is(senders.size, 64);
  hear('n0');
  hear('one more');
  assert.is(senders.size, 64);
  assert.ok(senders.has('n0'), 'heard again a moment ago');
  assert.not.ok(senders.has('n1'));
});

test('a forgotten sender starts over; one nobody knows is no change', () => {
  const senders = after(lasting, 7);
  assert.is(forgetSender(senders, 'stranger'), senders);
  const forgotten = forgetSender(senders, lasting.id);
  assert.is(senders.size, 1, 'the memory before stays as it was');
  assert.is(codeOf(forgotten, lasting, { seq: 1 }, at(0)), 'ok');
});

test.run();
