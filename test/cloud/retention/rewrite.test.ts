import { gzipSync } from 'node:zlib';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Due } from '../../../cloud/retention/agenda.lambda-shared.ts';
import { carryOut } from '../../../cloud/retention/carry-out.lambda-shared.ts';
import { MAX_ATTEMPTS, PART_BYTES } from '../../../cloud/retention/constants.ts';
import { BLANKED_ROWS, BUCKET, openLake, ROWS } from './lake.ts';

const lake = await openLake();
const { desk, s3, options, put, read, item, reports } = lake;
test.after(() => lake.close());

const nowS = () => Math.floor(Date.now() / 1000);
const due = (key: string, etag: string | null, attempts = 0): Due => ({
  path: `s3://${BUCKET}/${key}`,
  etag,
  dueS: nowS(),
  attempts,
});
const NEVER = new AbortController().signal;
const run = (one: Due, signal = NEVER) => carryOut(one, signal, options);

/** Does something just before the next request of this kind goes out from the function. */
function before(command: string, work: () => Promise<unknown>): void {
  const client = options.s3;
  let done = false;
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === command && !done) {
          done = true;
          client.middlewareStack.remove('before');
          await work();
        }
        return next(args);
      },
    { step: 'initialize', name: 'before', override: true },
  );
}

test("the post's outcome: contents gone, everything else as it was, tagged", async () => {
  const etag = await put('dataset/mock_uploaded_data.json', `${ROWS.join('\n')}\n`, {
    ContentType: 'application/x-ndjson',
    Metadata: { source: 'mockaroo' },
    CacheControl: 'no-cache',
  });
  await run(due('dataset/mock_uploaded_data.json', etag));
  const { text, tags, type, metadata } = await read('dataset/mock_uploaded_data.json');
  assert.is(text, `${BLANKED_ROWS.join('\n')}\n`);
  assert.equal([tags, type, metadata], [['PROCESSED=True'], 'application/x-ndjson', { source: 'mockaroo' }]);
  assert.equal(await reports(), []);
});

test('what is compressed stays so, said or not, in one member or several', async () => {
  const several = Buffer.concat(ROWS.map((row) => gzipSync(`${row}\n`)));
  for (const [key, body, ContentEncoding] of [
    ['dataset/said', gzipSync(`${ROWS.join('\n')}\n`), 'gzip'],
    ['dataset/not-said.gz', gzipSync(`${ROWS.join('\n')}\n`), undefined],
    ['dataset/several.gz', several, undefined],
  ] as const) {
    await run(due(key, await put(key, body, { ContentEncoding })));
    const { text, encoding, tags } = await read(key);
    assert.equal(
      [text, encoding, tags],
      [`${BLANKED_ROWS.join('\n')}\n`, ContentEncoding, ['PROCESSED=True']],
      key,
    );
  }
});

test('the same once more changes nothing', async () => {
  const one = due('dataset/twice', await put('dataset/twice', ROWS.join('\n')));
  await run(one);
  const { etag } = await read('dataset/twice');
  await run(one);
  assert.is((await read('dataset/twice')).etag, etag);
  assert.is(await item('dataset/twice'), null);
});

test('what was put there since then has its own time', async () => {
  const etag = await put('dataset/newer', ROWS[0]!);
  const later = await put('dataset/newer', ROWS[1]!);
  await run(due('dataset/newer', etag));
  const { text, tags } = await read('dataset/newer');
  assert.equal([text, tags], [ROWS[1], []]);
  const again = (await item('dataset/newer'))!;
  assert.is(again.etag, later);
  assert.ok(again.dueS >= nowS() + 290 && again.dueS <= nowS() + 301, `${again.dueS}`);
  assert.is(again.attempts, 0);
});

test('what is put there while it is rewritten stays, and has its own time', async () => {
  const large = `{"id":"${'k'.repeat(PART_BYTES + 1)}","file_contents":"s"}`;
  for (const [key, body, command] of [
    ['dataset/raced', ROWS.join('\n'), 'PutObjectCommand'],
    ['dataset/raced-in-parts', large, 'CompleteMultipartUploadCommand'],
  ] as const) {
    const etag = await put(key, body);
    let later = '';
    before(command, async () => {
      later = await put(key, ROWS[2]!);
    });
    await run(due(key, etag));
    const { text, tags } = await read(key);
    assert.equal([text, tags], [ROWS[2], []], key);
    assert.is((await item(key))?.etag, later, key);
  }
  assert.is(desk.s3.bucket(BUCKET).uploads.size, 0);
  assert.equal(await reports(), []);
});

test('what is gone, before or meanwhile, is done with', async () => {
  const remove = () => s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'dataset/gone' }));
  const etag = await put('dataset/gone', ROWS[0]!);
  before('PutObjectCommand', remove);
  await run(due('dataset/gone', etag));
  await run(due('dataset/gone', etag));
  assert.is(await item('dataset/gone'), null);
  assert.equal(await reports(), []);
});

test('larger than a part, as is one of its lines: in parts, whole at once, tagged', async () => {
  const row = (id: number) =>
    `{"id":${id},"kept":"${'k'.repeat(2000)}","file_contents":"${'s'.repeat(1000)}"}\n`;
  const endless = `{"file_contents":"${'s'.repeat(PART_BYTES + 1)}","id":-1}\n`;
  const body = endless + Array.from({ length: 4000 }, (_, id) => row(id)).join('');
  const etag = await put('dataset/large', body);
  await run(due('dataset/large', etag));
  const { text, tags, etag: after } = await read('dataset/large');
  assert.is(text, body.replaceAll(/"s+"/g, '""'));
  assert.equal(tags, ['PROCESSED=True']);
  assert.match(after, /-2"$/);
});

test('a service that fails: put back for later, each time twice as long, in the end reported', async () => {
  const etag = await put('dataset/throttled', ROWS[0]!);
  for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
    desk.s3.faults.failNext('SlowDown', { operation: 'GetObject', status: 503 });
    await run(due('dataset/throttled', etag, attempts));
    const back = await item('dataset/throttled');
    if (attempts < MAX_ATTEMPTS - 1) {
      const wait = 60 * 2 ** attempts;
      assert.is(back!.attempts, attempts + 1);
      assert.ok(back!.dueS >= nowS() + wait - 5 && back!.dueS <= nowS() + wait + 1, `${back!.dueS}`);
      assert.equal(await reports(), []);
      // Its time is up, as the next attempt has it.
      await lake.forget('dataset/throttled');
    } else {
      assert.is(back, null);
      const [report, ...others] = await reports();
      assert.equal(
        [report?.path, report?.reason, others],
        [`s3://${BUCKET}/dataset/throttled`, 'failed', []],
      );
    }
  }
  assert.is((await read('dataset/throttled')).text, ROWS[0]);
});

test('what is put back gives way to what was put there newly', async () => {
  const etag = await put('dataset/given-way', ROWS[0]!);
  const newer = { ...due('dataset/given-way', '"newer"'), dueS: nowS() + 300 };
  await options.agenda.add(newer);
  desk.s3.faults.failNext('InternalError', { operation: 'GetObject', status: 500 });
  await run(due('dataset/given-way', etag));
  assert.equal(await item('dataset/given-way'), newer);
});

test('a part that fails: nothing is left of the upload, and the object as it was', async () => {
  const body = `{"k":"${'k'.repeat(PART_BYTES + 1)}","file_contents":"s"}`;
  const etag = await put('dataset/half', body);
  desk.s3.faults.failNext('InternalError', { operation: 'UploadPart', status: 500 });
  await run(due('dataset/half', etag));
  assert.is((await read('dataset/half')).etag, etag);
  assert.is(desk.s3.bucket(BUCKET).uploads.size, 0);
  assert.is((await item('dataset/half'))?.attempts, 1);
});

test('what does not get done in time is put back', async () => {
  const etag = await put('dataset/slow', ROWS[0]!);
  await run(due('dataset/slow', etag), AbortSignal.abort());
  assert.is((await item('dataset/slow'))?.attempts, 1);
});

test('what can not be done is reported with its reason, and stays as it was', async () => {
  for (const [key, body, reason, message, ContentEncoding] of [
    ['dataset/malformed', `${ROWS[0]}\nnot JSON\n`, 'malformed', /^Line 2: expected an object/],
    ['dataset/latin1', Buffer.from('{"a":"caf\u00e9"}', 'latin1'), 'encoding', /^Expected UTF-8/],
    ['dataset/utf16', Buffer.from('\ufeff{"a":1}', 'utf16le'), 'encoding', /^Expected UTF-8/],
    [
      'dataset/cut-off.gz',
      gzipSync(ROWS.join('\n')).subarray(0, 90),
      'compression',
      /^Not gzip: unexpected end/,
    ],
    ['dataset/brotli', ROWS[0]!, 'compression', /received br$/, 'br'],
    ['dataset/not-gzip', ROWS[0]!, 'compression', /not compressed by it$/, 'gzip'],
  ] as const) {
    const etag = await put(key, body, { ContentEncoding });
    await run(due(key, etag));
    const [report, ...others] = await reports();
    assert.equal(
      [report?.path, report?.etag, report?.reason, others],
      [`s3://${BUCKET}/${key}`, etag, reason, []],
    );
    assert.match(String(report?.message), message);
    const { etag: after, tags } = await read(key);
    assert.equal([after, tags, await item(key)], [etag, [], null], key);
  }
});

test('neither done nor put back nor reported: it fails', async () => {
  const etag = await put('dataset/failing', ROWS[0]!);
  desk.s3.faults.failNext('SlowDown', { operation: 'GetObject', status: 503 });
  const broken = { ...options.agenda, putBack: () => Promise.reject(new Error('no table')) };
  const failed = carryOut(due('dataset/failing', etag), NEVER, {
    ...options,
    agenda: broken as typeof options.agenda,
  });
  assert.is(await failed.catch(({ message }) => message), 'no table');
});

test.run();
