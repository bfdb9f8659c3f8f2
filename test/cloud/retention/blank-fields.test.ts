import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FieldBlanker } from '../../../cloud/retention/blank-fields.lambda-shared.ts';
import type { Reason, Unprocessable } from '../../../cloud/retention/unprocessable.lambda-shared.ts';

/** @param size of the chunks that the text comes in, in bytes */
function blanked(text: string | Buffer, size = 65_536, fields = ['file_contents']): string {
  const bytes = Buffer.from(text as string);
  const blanker = new FieldBlanker(fields);
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(blanker.push(bytes.subarray(at, at + size)));
  blanker.end();
  return Buffer.concat(out).toString();
}

const SIZES = [1, 2, 3, 7, 65_536];

const kept: readonly (readonly [what: string, before: string, after: string])[] = [
  [
    "the post's field, and nothing else",
    '{"id":1,"file_contents":"c2VjcmV0","name":"a.txt"}\n{"file_contents":"","id":2}',
    '{"id":1,"file_contents":"","name":"a.txt"}\n{"file_contents":"","id":2}',
  ],
  [
    'values of every kind',
    '{"file_contents":{"a":["}",{"b":"\\""}]},"z":1}\n{"file_contents":[1,[2]]}\n{"file_contents":null}\n{"file_contents": -1.5e3 ,"z":2}',
    '{"file_contents":"","z":1}\n{"file_contents":""}\n{"file_contents":""}\n{"file_contents": "" ,"z":2}',
  ],
  [
    'numbers that no double holds, spaces, order, line ends, empty lines, NaN',
    ' { "n" : 12345678901234567890 , "f":1.10,"x":NaN, "file_contents" : "s" } \r\n\n{"b":1,"file_contents":"s","a":2}\n',
    ' { "n" : 12345678901234567890 , "f":1.10,"x":NaN, "file_contents" : "" } \r\n\n{"b":1,"file_contents":"","a":2}\n',
  ],
  [
    'the name in other places',
    '{"a":{"file_contents":"kept"},"b":["file_contents",{"file_contents":1}],"c":"file_contents","file_contents":"s"}',
    '{"a":{"file_contents":"kept"},"b":["file_contents",{"file_contents":1}],"c":"file_contents","file_contents":""}',
  ],
  [
    'names that are nearly it',
    '{"file_content":"k","file_contents2":"k","\\"file_contents":"k","file_contents":"s"}',
    '{"file_content":"k","file_contents2":"k","\\"file_contents":"k","file_contents":""}',
  ],
  ['the name twice', '{"file_contents":"s","file_contents":"t"}', '{"file_contents":"","file_contents":""}'],
  ['the name in escapes', '{"file\\u005fcontents":"s"}', '{"file\\u005fcontents":""}'],
  [
    'quotes and backslashes',
    '{"file_contents":"a\\\\\\"b\\\\","k":"\\\\"}',
    '{"file_contents":"","k":"\\\\"}',
  ],
  [
    'rows that lack it',
    '{"a":1}\n{}\n{ }',
    '{"a":1,"file_contents":""}\n{"file_contents":""}\n{ "file_contents":""}',
  ],
  [
    'a byte order mark, and other alphabets',
    '\ufeff{"näme":"Zoë 𝄞 漢字","file_contents":"é𝄞"}',
    '\ufeff{"näme":"Zoë 𝄞 漢字","file_contents":""}',
  ],
  ['nothing', '', ''],
];

for (const [what, before, after] of kept) {
  test(`blanks, and keeps ${what}`, () => {
    for (const size of SIZES) assert.is(blanked(before, size), after, `in chunks of ${size}`);
    // What was rewritten comes to the same once more.
    assert.is(blanked(after), after);
  });
}

test('blanks several fields', () => {
  const after = blanked('{"é":1,"file_contents":"s","b":2}\n{"b":3}', 2, ['file_contents', 'é']);
  assert.is(after, '{"é":"","file_contents":"","b":2}\n{"b":3,"file_contents":"","é":""}');
});

const refused: readonly (readonly [what: string, text: string | Buffer, reason: Reason, message: RegExp])[] =
  [
    ['an array', '{"a":1}\n[1]', 'malformed', /Line 2: expected an object but received byte 0x5b/],
    [
      'a line that ends too early',
      '{"a":\n1}',
      'malformed',
      /Line 1: expected a value but received the end of the line/,
    ],
    ['a line that ends in a string', '{"a":"x\n"}', 'malformed', /Line 1: expected the end of the string/],
    [
      'a text that ends too early',
      '{"a":1}\n{"a":"x',
      'malformed',
      /Line 2: the text ends inside of an object/,
    ],
    ['a comma too many', '{"a":1,}', 'malformed', /expected a name but received byte 0x7d/],
    ['a comma too many in an array', '{"a":[1,]}', 'malformed', /expected a value but received byte 0x5d/],
    ['a comma too few', '{"a":1 "b":2}', 'malformed', /expected a comma or the closing bracket/],
    ['brackets that do not match', '{"a":[1}', 'malformed', /expected a comma or the closing bracket/],
    ['two objects on a line', '{"a":1}{"a":2}', 'malformed', /expected the end of the line/],
    ['a name without quotes', '{a:1}', 'malformed', /expected a name or the end of the object/],
    ['a missing colon', '{"a" 1}', 'malformed', /expected a colon/],
    ['brackets without end', `{"a":${'['.repeat(5000)}`, 'malformed', /more than 1024 brackets/],
    ['Latin-1', Buffer.from('{"a":"caf\u00e9"}', 'latin1'), 'encoding', /Expected UTF-8/],
    ['UTF-16', Buffer.from('\ufeff{"a":"é"}', 'utf16le'), 'encoding', /Expected UTF-8/],
    [
      'a character that is cut off',
      Buffer.from('{"a":"é', 'utf8').subarray(0, 7),
      'encoding',
      /Expected UTF-8/,
    ],
  ];

for (const [what, text, reason, message] of refused) {
  test(`refuses ${what}`, () => {
    for (const size of SIZES) {
      try {
        blanked(text, size);
        assert.unreachable(`in chunks of ${size}`);
      } catch (error) {
        assert.is((error as Unprocessable).reason, reason, `in chunks of ${size}: ${error}`);
        assert.match((error as Error).message, message);
      }
    }
  });
}

test('holds to what JSON.parse says, however the text is cut', () => {
  const row = fc.dictionary(
    fc.oneof(fc.constantFrom('file_contents', 'id', ''), fc.string({ unit: 'binary' })),
    fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }),
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(row, { maxLength: 5 }), fc.integer({ min: 1, max: 40 }), (rows, size) => {
      const after = blanked(rows.map((one) => JSON.stringify(one)).join('\n'), size);
      const expected = rows.map((one) => JSON.stringify({ ...one, file_contents: '' })).join('\n');
      assert.equal(
        after.split('\n').map((line) => line && JSON.parse(line)),
        expected.split('\n').map((line) => line && JSON.parse(line)),
      );
    }),
    { numRuns: 300 },
  );
});

test('takes whatever JSON.parse takes on each line, when one byte is another', () => {
  const bytes = Buffer.from('{"id":[1,{"x":null}],"file_contents":"s\\n","z":"é"}');
  const parsed = (text: string): object[] | null => {
    try {
      const rows = text.split('\n').map((line) => JSON.parse(line) as object);
      return rows.every((row) => typeof row === 'object' && row !== null && !Array.isArray(row))
        ? rows
        : null;
    } catch {
      return null;
    }
  };
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.constantFrom(...'{}[]",:\n\\ a1'), (at, character) => {
      const changed = Buffer.from(bytes);
      changed[at] = character.charCodeAt(0);
      const rows = parsed(changed.toString());
      if (!rows || changed.toString().includes('\ufffd')) return;
      const expected = rows.map((row) => ({ ...row, file_contents: '' }));
      assert.equal(parsed(blanked(changed)), expected);
    }),
    { numRuns: 500 },
  );
});

test.run();
