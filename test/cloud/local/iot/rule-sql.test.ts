import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseRule, type Value } from '../../../../cloud/local/iot/rule-sql.ts';
import { attributeOf } from '../../../../cloud/local/iot/rules.ts';

const input = {
  topic: 'sts-pi/telemetry',
  payload: { a: 1, b: { c: 'x', d: [1, 2] }, s: "it's", t: true, n: null, timestamp: 5 },
  nowMs: 1_700_000_000_500,
};
const run = (sql: string) => parseRule(sql).apply(input);

const rows: readonly (readonly [sql: string, expected: Record<string, Value> | null])[] = [
  ["SELECT * FROM 'a'", input.payload],
  ["select a from 'a' where t", { a: 1 }],
  ["SELECT *, topic(1) AS robot FROM '+/telemetry'", { ...input.payload, robot: 'sts-pi' }],
  ["SELECT a, missing FROM 'a'", { a: 1 }],
  ["SELECT b.c FROM 'a'", { c: 'x' }],
  ["SELECT b.c AS e, b.d, b.c.x AS gone FROM 'a'", { e: 'x', d: [1, 2] }],
  [
    "SELECT topic() AS whole, topic(2) AS second, topic(3) AS third FROM 'a'",
    { whole: 'sts-pi/telemetry', second: 'telemetry' },
  ],
  ["SELECT timestamp() AS at, timestamp AS own FROM 'a'", { at: 1_700_000_000_500, own: 5 }],
  ["SELECT floor(timestamp() / 1000) + 60 AS expiresAt FROM 'a'", { expiresAt: 1_700_000_060 }],
  ["SELECT 1 + 2 * 3 AS x, (1 + 2) * 3 AS y, 7 % 4 - 1 AS z, -2 AS m FROM 'a'", { x: 7, y: 9, z: 2, m: -2 }],
  ["SELECT 'a' + b.c AS x, a + b.c AS gone FROM 'a'", { x: 'ax' }],
  [
    "SELECT 'it''s' AS text, TRUE AS yes, NULL AS nothing FROM 'a'",
    { text: "it's", yes: true, nothing: null },
  ],
  ["SELECT a FROM 'a' WHERE topic(1) = 'sts-pi' OR topic(1) = 'second'", { a: 1 }],
  ["SELECT a FROM 'a' WHERE topic(1) = 'second'", null],
  ["SELECT a FROM 'a' WHERE a > 0 AND NOT a >= 2 AND a <= 1 AND a < 2 AND a <> 3", { a: 1 }],
  ["SELECT a FROM 'a' WHERE missing = 1", null],
  ["SELECT a FROM 'a' WHERE missing = 1 OR a = 1", { a: 1 }],
  ["SELECT a FROM 'a' WHERE isUndefined(missing)", { a: 1 }],
  ["SELECT a FROM 'a' WHERE a > 'text'", null],
  ["SELECT a FROM 'a' WHERE n = NULL AND s = 'it''s'", { a: 1 }],
];

for (const [sql, expected] of rows) test(sql, () => assert.equal(run(sql), expected));

const refused: readonly (readonly [sql: string, message: RegExp])[] = [
  ["SELECT encode(*, 'base64') AS x FROM 'a'", /the function encode\(\) in the rule is not supported/],
  ["SELECT machinelearning_predict('m') AS x FROM 'a'", /machinelearning_predict/],
  ["SELECT a FROM 'a' WHERE a IN [1, 2]", /"IN" in the rule|"\[/],
  ["SELECT CASE a WHEN 1 THEN 2 END FROM 'a'", /not supported there/],
  ['SELECT a', /"the end"/],
  ["SELECT 1 + 1 FROM 'a'", /Expected a name/],
  ["SELECT a FROM 'a' WHERE b = ", /"the end"/],
];

for (const [sql, message] of refused)
  test(`refuses ${sql}`, () => assert.throws(() => parseRule(sql), message));

test('a column keeps its type in the table', () => {
  assert.equal(attributeOf({ a: 1.5, b: ['x', null], c: true }), {
    M: { a: { N: '1.5' }, b: { L: [{ S: 'x' }, { NULL: true }] }, c: { BOOL: true } },
  });
});

test.run();
