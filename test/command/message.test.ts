import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as z from 'zod/mini';
import {
  checkOneOf,
  commandJsonSchema,
  decodeCommand,
  isStop,
  MAX_MESSAGE_BYTES,
} from '../../firmware/command/message.ts';
import { runs } from '../property-runs.ts';

const accepted = [
  '{"action":"forward"}',
  '{"action":"backwards","seq":0}',
  '{"drive":{"linear":-1,"angular":1}}',
  '{"drive":{"linear":0.25,"angular":0},"seq":9,"issuedAtMs":1700000000000,"ttlMs":250}',
  '{"estop":true}',
  '{"reset":true}',
];
for (const text of accepted) {
  test(`takes ${text}`, () => assert.equal(decodeCommand(text), { ok: true, value: JSON.parse(text) }));
}

const refused: [text: string, code: string, message: string][] = [
  ['nope', 'not_json', 'Expected a JSON object in UTF-8 but received something else'],
  ['', 'not_json', 'Expected a JSON object in UTF-8 but received something else'],
  ['[]', 'not_an_object', 'Expected a JSON object but received []'],
  ['7', 'not_an_object', 'Expected a JSON object but received 7'],
  ['"forward"', 'not_an_object', 'Expected a JSON object but received "forward"'],
  ['null', 'not_an_object', 'Expected a JSON object but received null'],
  ['{}', 'unknown_message', 'Expected exactly one of action, drive, estop, reset but received no field'],
  [
    '{"estop":true,"reset":true}',
    'unknown_message',
    'Expected exactly one of action, drive, estop, reset but received estop, reset',
  ],
  ['{"fly":1}', 'unknown_message', 'Expected exactly one of action, drive, estop, reset but received fly'],
  [
    '{"action":"fly"}',
    'bad_field',
    'Expected action to be one of "forward", "backwards", "left", "right", "stop" but received "fly"',
  ],
  [
    '{"drive":{"linear":1.5,"angular":0}}',
    'bad_field',
    'Expected drive.linear to be at most 1 but received 1.5',
  ],
  [
    '{"drive":{"linear":0,"angular":-2}}',
    'bad_field',
    'Expected drive.angular to be at least -1 but received -2',
  ],
  ['{"drive":{"linear":0}}', 'bad_field', 'Expected drive.angular to be a number but received nothing'],
  [
    '{"drive":{"linear":null,"angular":0}}',
    'bad_field',
    'Expected drive.linear to be a number but received null',
  ],
  ['{"drive":7}', 'bad_field', 'Expected drive to be an object but received 7'],
  [
    '{"drive":{"linear":0,"angular":0,"up":1}}',
    'unknown_field',
    'Expected no field drive.up but received it',
  ],
  ['{"estop":false}', 'bad_field', 'Expected estop to be true but received false'],
  ['{"estop":true,"__proto__":1}', 'unknown_field', 'Expected no field __proto__ but received it'],
  ['{"action":"stop","seq":1.5}', 'bad_field', 'Expected seq to be a whole number but received 1.5'],
  ['{"action":"stop","seq":-1}', 'bad_field', 'Expected seq to be at least 0 but received -1'],
  ['{"action":"stop","ttlMs":0}', 'bad_field', 'Expected ttlMs to be at least 1 but received 0'],
];
for (const [text, code, message] of refused) {
  test(`refuses ${text || 'nothing'}`, () => assert.equal(decodeCommand(text), { ok: false, code, message }));
}

test('the size limit counts bytes and is exact', () => {
  const padded = (length: number) => `{"action":"stop"${' '.repeat(length - 17)}}`;
  assert.ok(decodeCommand(padded(MAX_MESSAGE_BYTES)).ok);
  const over = decodeCommand(padded(MAX_MESSAGE_BYTES + 1));
  assert.is(over.ok ? '' : over.code, 'too_large');
  const umlauts = decodeCommand(`{"action":"${'ä'.repeat(600)}"}`);
  assert.is(umlauts.ok ? '' : umlauts.code, 'too_large');
});

test('bytes of UTF-8 are a message as well, and all others are refused', () => {
  assert.equal(decodeCommand(Buffer.from('{"estop":true}')), { ok: true, value: { estop: true } });
  // Latin-1, as text that is no field.
  const decoded = decodeCommand(Buffer.from('{"ä":true}', 'latin1'));
  assert.is(decoded.ok ? '' : decoded.code, 'not_json');
});

test('of what came at most 60 characters are repeated', () => {
  const repeated = (action: string) => {
    const decoded = decodeCommand(JSON.stringify({ action }));
    return decoded.ok ? '' : decoded.message.split(' but received ')[1];
  };
  // Two of them are quotation marks.
  assert.is(repeated('x'.repeat(58)), `"${'x'.repeat(58)}"`);
  assert.is(repeated('x'.repeat(59)), `"${'x'.repeat(56)}...`);
});

test('a rule without words of its own is told as such', () => {
  const schemas = { name: z.strictObject({ name: z.string().check(z.regex(/^a/)) }) };
  assert.equal(checkOneOf(schemas, ['name'], { name: 'b' }), {
    ok: false,
    code: 'bad_field',
    message: 'Expected name to be a valid value but received "b"',
  });
});

test('stops are stop and estop', () => {
  assert.ok(isStop({ action: 'stop' }) && isStop({ estop: true }));
  assert.not(
    isStop({ action: 'left' }) || isStop({ reset: true }) || isStop({ drive: { linear: 0, angular: 0 } }),
  );
});

test('any JSON is either a message with known fields in range, or refused; never thrown', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string(), fc.uint8Array()), (input) => {
      const decoded = decodeCommand(input);
      assert.type(decoded.ok, 'boolean');
      if (!decoded.ok) assert.ok(decoded.code && decoded.message.length < 400, decoded.message);
    }),
    runs(20_000),
  );
});

test('one field changed at random is refused or stays in range', () => {
  const valid = accepted.map((text) => JSON.parse(text) as Record<string, unknown>);
  fc.assert(
    fc.property(fc.constantFrom(...valid), fc.string(), fc.jsonValue(), (message, key, value) => {
      const decoded = decodeCommand(JSON.stringify({ ...message, [key]: value }));
      if (decoded.ok && 'drive' in decoded.value) assert.ok(Math.abs(decoded.value.drive.linear) <= 1);
      if (decoded.ok && !(key in message))
        assert.ok(['seq', 'issuedAtMs', 'ttlMs', '__proto__'].includes(key), key);
    }),
    runs(20_000),
  );
});

test('the JSON Schema says the same: four kinds, no other fields', () => {
  const schema = commandJsonSchema() as { anyOf: { required: string[]; additionalProperties: boolean }[] };
  assert.equal(
    schema.anyOf.map(({ required, additionalProperties }) => [...required, additionalProperties]),
    [
      ['action', false],
      ['drive', false],
      ['estop', false],
      ['reset', false],
    ],
  );
});

test.run();
