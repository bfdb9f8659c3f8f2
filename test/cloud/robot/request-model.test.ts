import Draft04 from 'ajv-draft-04';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commandModel, draft4 } from '../../../cloud/robot/request-model.ts';
import { checkCommand, decodeCommand } from '../../../firmware/command/message.ts';
import { ofType, synthesize } from '../synthesized.ts';

const [[, { Properties }]] = ofType(synthesize('roverd-robot'), 'AWS::ApiGateway::Model') as [
  ReturnType<typeof ofType>[0],
];
const model = Properties.Schema as Record<string, unknown>;
/** Draft 4 as it stands, as API Gateway has it: an unknown keyword is an error here. */
const validate = new Draft04.default({ strict: true }).compile(model);

const messages = [
  { action: 'forward' },
  { action: 'stop', seq: 3, ttlMs: 250 },
  { drive: { linear: -1, angular: 1 } },
  { drive: { linear: 0.25, angular: 0 }, issuedAtMs: 1_700_000_000_000.5 },
  { estop: true },
  { reset: true, seq: 0 },
];

function agree(value: unknown): void {
  const decoded = checkCommand(value);
  const why = decoded.ok ? JSON.stringify(validate.errors) : decoded.message;
  assert.is(validate(value), decoded.ok, `${JSON.stringify(value)}: ${why}`);
}

test('the synthesized model is a draft-4 schema of a command', () => {
  assert.is(model.$schema, 'http://json-schema.org/draft-04/schema#');
  assert.is((model.anyOf as unknown[]).length, 4);
  assert.equal(Object.keys(commandModel()).sort(), ['anyOf', 'schema']);
  for (const message of messages) assert.ok(validate(message), JSON.stringify(message));
});

test('what differs between the drafts is converted', () => {
  assert.equal(
    draft4({
      type: 'object',
      properties: { a: { const: 1 }, const: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 9 } },
      items: { anyOf: [{ const: 'x' }] },
    }),
    {
      type: 'object',
      properties: {
        a: { enum: [1] },
        const: { type: 'number', minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: true },
      },
      items: { anyOf: [{ enum: ['x'] }] },
    },
  );
});

test('limits: model and robot agree on both sides of each', () => {
  const values = [-1.001, -1, -0.5, 0, 0.5, 1, 1.001, 59_999.5, 60_000, 60_001, 2 ** 53 - 1, 2 ** 53, 1e300];
  for (const value of [...values, true, false, null, '', '1', [], {}]) {
    for (const field of ['seq', 'issuedAtMs', 'ttlMs', 'action', 'estop', 'reset', 'drive', 'other']) {
      agree({ action: 'stop', [field]: value });
      agree({ [field]: value });
    }
    agree({ drive: { linear: value, angular: 0 } });
    agree({ drive: { linear: 0, angular: value } });
  }
});

test('any JSON at all: model and robot agree', () => {
  fc.assert(fc.property(fc.jsonValue(), agree), { numRuns: 5_000 });
});

test('a message with one field changed, added or taken away: model and robot agree', () => {
  const field = fc.constantFrom('action', 'drive', 'estop', 'reset', 'seq', 'issuedAtMs', 'ttlMs', 'x');
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom('left', 'stop', true, false, { linear: 0, angular: 0 }),
    fc.double({ min: -2, max: 2, noNaN: true }),
    fc.integer({ min: -1, max: 70_000 }),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...messages),
      field,
      value,
      fc.boolean(),
      (message, name, changed, remove) => {
        const { [name as never]: _, ...rest } = message as Record<string, unknown>;
        agree(remove ? rest : { ...message, [name]: changed });
      },
    ),
    { numRuns: 20_000 },
  );
});

test('over the wire: what the model lets through the robot takes, but for its size', () => {
  const spaced = (length: number) => JSON.stringify({ action: 'stop' }).padEnd(length);
  assert.ok(validate(JSON.parse(spaced(1025))));
  assert.ok(decodeCommand(spaced(1024)).ok);
  assert.not(decodeCommand(spaced(1025)).ok);
});

test.run();
