import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Intake } from '../../../../cloud/local/s3/intake.ts';
import { readDocument, textOf, xmlDocument } from '../../../../cloud/local/s3/xml.ts';

const crcOf = (data: Buffer) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(data));
  return bytes.toString('base64');
};
const framed = (pieces: readonly Buffer[], trailer: string) =>
  Buffer.concat([
    ...pieces.flatMap((one) => [Buffer.from(`${one.length.toString(16)}\r\n`), one, Buffer.from('\r\n')]),
    Buffer.from(`0\r\n${trailer}\r\n`),
  ]);
const headersFor = (data: Buffer) => ({
  'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'x-amz-decoded-content-length': `${data.length}`,
  'x-amz-trailer': 'x-amz-checksum-crc32',
});

/** What comes through, or the code of the error. */
async function takenIn(
  wire: Buffer,
  cuts: readonly number[],
  headers: Readonly<Record<string, string>>,
): Promise<Buffer | string> {
  const at = [
    0,
    ...[...new Set(cuts.map((cut) => cut % (wire.length + 1)))].sort((a, b) => a - b),
    wire.length,
  ];
  async function* source() {
    for (let index = 1; index < at.length; index += 1) yield wire.subarray(at[index - 1], at[index]);
  }
  try {
    const intake = new Intake((name) => headers[name] ?? null);
    const chunks: Buffer[] = [];
    for await (const chunk of intake.through(source())) chunks.push(chunk);
    const data = Buffer.concat(chunks);
    assert.is(intake.taken.size, data.length);
    assert.is(intake.taken.md5, createHash('md5').update(data).digest('hex'));
    return data;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const pieces = fc.array(
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((one) => Buffer.from(one)),
  { maxLength: 6 },
);
const cuts = fc.array(fc.nat(400), { maxLength: 12 });

test('frames come apart wherever the network cuts them', async () => {
  await fc.assert(
    fc.asyncProperty(pieces, cuts, async (parts, where) => {
      const data = Buffer.concat(parts);
      const wire = framed(parts, `x-amz-checksum-crc32:${crcOf(data)}\r\n`);
      const taken = await takenIn(wire, where, headersFor(data));
      assert.ok(Buffer.isBuffer(taken) && taken.equals(data), String(taken));
    }),
    { numRuns: 300 },
  );
});

test('a body that is cut off or changed anywhere is not taken', async () => {
  await fc.assert(
    fc.asyncProperty(
      pieces.filter((parts) => parts.length > 0),
      cuts,
      fc.nat(),
      async (parts, where, at) => {
        const data = Buffer.concat(parts);
        const wire = framed(parts, `x-amz-checksum-crc32:${crcOf(data)}\r\n`);
        const short = wire.subarray(0, at % (wire.length - 4));
        assert.type(await takenIn(short, where, headersFor(data)), 'string');
        const changed = Buffer.from(wire);
        const place = wire.indexOf(10) + 1 + (at % parts[0]!.length);
        changed[place] = changed[place]! ^ 1;
        assert.is(await takenIn(changed, where, headersFor(data)), 'BadDigest');
      },
    ),
    { numRuns: 300 },
  );
});

const DATA = Buffer.from('hello');
const SHA = createHash('sha256').update(DATA).digest('hex');
const rows: readonly (readonly [
  what: string,
  headers: Record<string, string>,
  wire: string,
  code: string,
])[] = [
  ['a shorter body', { 'content-length': '6' }, 'hello', 'IncompleteBody'],
  [
    'another body',
    { 'content-length': '5', 'x-amz-content-sha256': SHA },
    'hallo',
    'XAmzContentSHA256Mismatch',
  ],
  ['no length', { 'transfer-encoding': 'chunked' }, 'hello', 'MissingContentLength'],
  ['more than 5 GiB', { 'content-length': `${5 * 1024 ** 3 + 1}` }, '', 'EntityTooLarge'],
  ['no trailer', headersFor(DATA), '5\r\nhello\r\n0\r\n\r\n', 'IncompleteBody'],
  ['a size that is none', headersFor(DATA), 'x\r\nhello\r\n0\r\n\r\n', 'IncompleteBody'],
  ['a frame that is longer than it says', headersFor(DATA), '4\r\nhello\r\n0\r\n\r\n', 'IncompleteBody'],
  [
    'signed frames',
    { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'x-amz-decoded-content-length': '5' },
    '',
    'NotImplemented',
  ],
];
for (const [what, headers, wire, code] of rows) {
  test(`refuses ${what}`, async () => {
    assert.is(await takenIn(Buffer.from(wire), [3], headers), code);
  });
}

test('documents come back as they were written', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.string(), { minLength: 1 }), (text, list) => {
      const root = readDocument(
        xmlDocument('Root', { Text: text, Item: list.map((Key) => ({ Key })) }),
        'Root',
      );
      assert.is(textOf(root, 'Text'), text);
      assert.equal(
        root.children.filter(({ name }) => name === 'Item').map((item) => textOf(item, 'Key')),
        list,
      );
    }),
  );
});

for (const source of [
  '',
  'text',
  '<Root>',
  '<Root></Else>',
  '<Root/><Root/>',
  '<Else/>',
  '<Root>&no;</Root>',
  '<Root>&#x110000;</Root>',
  '<Root',
]) {
  test(`refuses the document ${source}`, () => {
    assert.throws(
      () => readDocument(source, 'Root'),
      (error: Error) => error.message.includes('not well-formed'),
    );
  });
}

test.run();
