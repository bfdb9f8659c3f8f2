import { PutObjectCommand } from '@aws-sdk/client-s3';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BUS_NAME, MAX_TRIES } from '../../../cloud/atm-events/constants.ts';
import { s3Client } from '../local/s3/bucket-rig.ts';
import { openAtm, saved } from './atm-stack.ts';

const desk = await openAtm();
const SAMPLE = saved('SAMPLE');
const CONSUMERS = ['Approved', 'NewYork', 'NotApproved'].map((name) => `${name}ConsumerFunction`);

let last = 0;
/** Transactions that were not there yet, of which only one consumer hears. */
const fresh = (count: number, more: object = {}) =>
  Array.from({ length: count }, () => ({
    ...{ ...SAMPLE[2], location: 'MA-BOS-01' },
    ...{ transactionId: `fresh-${++last}`, ...more },
  }));
const idsOf = (transactions: readonly { readonly transactionId: string }[]) =>
  transactions.map(({ transactionId }) => transactionId).sort();
const keptAmong = async (ids: readonly string[]) =>
  ((await desk.kept()).notApproved ?? []).filter((id) => ids.includes(id));

test("the post's three transactions reach its three functions: 2, 2, 1", async () => {
  assert.equal(await desk.produce(SAMPLE), { put: 3, refused: [] });
  const { approved, newYork, notApproved, ...filtered } = await desk.kept();
  assert.equal([approved, newYork, notApproved], [['123456', '123457'], ['123457', '123458'], ['123458']]);
  assert.equal(
    CONSUMERS.map((name) => desk.said(name).length),
    [2, 2, 1],
  );
  // 300 is not more than 300, and the customer without a partner bank was denied.
  assert.equal(filtered, { newYorkCity: ['123457', '123458'], partnerBank: ['123456', '123457'] });
  assert.equal(desk.dead(), {});
});

test("the second post's filters; a large amount reaches five targets, and beyond the topic two queues more", async () => {
  const { arn: busArn } = desk.buses.bus('default')!;
  const heard = desk.buses.archives.add({ name: 'heard', busArn, matches: null, retentionDays: 0 });
  const before = await desk.kept();
  assert.is((await desk.produce(saved('FILTERS'))).put, 4);
  const after = await desk.kept();
  const added = (consumer: string) => after[consumer]!.filter((id) => !before[consumer]?.includes(id));
  assert.equal(added('large'), ['filters-2', 'filters-3']);
  assert.equal(added('newYorkCity'), ['filters-1', 'filters-2']);
  assert.equal(added('partnerBank'), ['filters-1', 'filters-4']);
  assert.equal(added('ownElsewhere'), ['filters-3']);

  const idIn = (text: string) =>
    (JSON.parse(text) as { detail: { transactionId: string } }).detail.transactionId;
  for (const queue of ['FiltersReview', 'FiltersFraud', 'FiltersReporting']) {
    const ids = (await desk.taken(queue)).map(({ body }) => idIn(body));
    assert.equal(ids.sort(), ['filters-2', 'filters-3'], queue);
  }
  const audit = desk.logGroups.entries('/aws/events/roverd-atm-events-audit').map(idIn);
  assert.equal([...audit].sort(), ['filters-2', 'filters-3']);
  const onDefaultBus = heard.events.map(({ detail }) => (detail as { transactionId: string }).transactionId);
  assert.equal(onDefaultBus.sort(), ['filters-2', 'filters-3']);
  assert.equal(desk.dead(), {});
});

test('what comes twice is taken once: from the producer, and from a replay of the archive', async () => {
  const before = await desk.kept();
  await desk.produce(SAMPLE);
  await desk.taken('FiltersReview');
  assert.equal(await desk.kept(), before);
  assert.ok(desk.said('ApprovedConsumerFunction').includes('known 123456'));
  const { arn, busArn, events } = desk.buses.archives.find(BUS_NAME)!;
  assert.ok(events.length >= 10);
  const untilMs = desk.clock.nowMs() + 1000;
  desk.buses.replay({ name: 'again', archiveArn: arn, fromMs: 0, untilMs, busArn, ruleArns: [] });
  await desk.settled();
  assert.equal(await desk.kept(), before);
  assert.equal(desk.dead(), {});
});

test('entries that fail are put again, and only those', async () => {
  const transactions = fresh(3);
  desk.buses.failNext(2);
  assert.is((await desk.produce(transactions)).put, 3);
  assert.equal(await keptAmong(idsOf(transactions)), idsOf(transactions));
  const said = desk.said('NotApprovedConsumerFunction').filter((one) => /fresh-[123]$/.test(one));
  assert.equal(said.sort(), ['kept fresh-1', 'kept fresh-2', 'kept fresh-3']);
});

test('a service that refuses whole requests for a while loses nothing', async () => {
  const transactions = fresh(4);
  desk.faults.events.failNext('ThrottlingException', { operation: 'PutEvents', times: 2 });
  desk.faults.events.failNext('InternalFailure', { operation: 'PutEvents', times: 1, status: 500 });
  assert.is((await desk.produce(transactions)).put, 4);
  assert.equal(await keptAmong(idsOf(transactions)), idsOf(transactions));
});

test('a bus that takes nothing: all of it is in the queue, and from there it is put when the bus is back', async () => {
  const transactions = fresh(11);
  desk.buses.failNext(11 * MAX_TRIES);
  const { put, refused } = await desk.produce(transactions);
  assert.is(put, 0);
  assert.equal(refused.map(({ transactionId }) => String(transactionId)).sort(), idsOf(transactions));
  assert.ok(refused.every(({ reason }) => reason.startsWith('ThrottlingException')));
  assert.equal(desk.dead(), { Undelivered: 11 });
  const messages = await desk.taken('Undelivered');
  assert.is(messages[0]?.messageAttributes.TRIES?.stringValue, `${MAX_TRIES}`);
  const again = messages.map(({ body }) => JSON.parse(body));
  // Some at a time: each that is under way has a process of its own.
  for (let at = 0; at < again.length; at += 4) await desk.produce(again.slice(at, at + 4));
  assert.equal(await keptAmong(idsOf(transactions)), idsOf(transactions));
  assert.equal(desk.dead(), {});
});

test('what is no transaction is put aside with the reason; the others go on', async () => {
  const good = fresh(2);
  const bad = [
    { ...SAMPLE[0], transactionId: 'bad-1', amount: '300' },
    { ...SAMPLE[0], transactionId: 'bad-2', location: 'Boston' },
    { transactionId: 'bad-3' },
    null,
    'text',
  ];
  const { put, refused } = await desk.produce([bad[0], good[0], ...bad.slice(1), good[1]]);
  assert.is(put, 2);
  assert.equal(
    refused.map(({ transactionId }) => transactionId),
    ['bad-1', 'bad-2', 'bad-3', null, null],
  );
  assert.match(refused[0]!.reason, /^Invalid: \/amount must be number/);
  assert.equal(await keptAmong(idsOf(good)), idsOf(good));
  const messages = await desk.taken('Undelivered');
  assert.equal(
    messages.map(({ body }) => JSON.parse(body)),
    bad,
  );
  assert.is(messages[1]?.messageAttributes.ERROR_CODE?.stringValue, 'Invalid');
});

test('one that is too large for the bus is put aside; large ones go in requests of their own', async () => {
  const [tooLarge] = fresh(1, { note: 'x'.repeat(1_200_000) });
  const large = fresh(4, { note: 'ä'.repeat(300_000) });
  const { put, refused } = await desk.produce([tooLarge, ...large]);
  assert.is(put, 4);
  assert.match(refused[0]!.reason, /^TooLarge: 1200\d+ bytes, of which EventBridge takes less than 1048576/);
  assert.equal(await keptAmong(idsOf(large)), idsOf(large));
  const [message] = await desk.taken('Undelivered');
  const { transactionId, bytes } = JSON.parse(message!.body) as Record<string, unknown>;
  assert.equal([transactionId, Number(bytes) > 1_200_000], [tooLarge!.transactionId, true]);
});

test('an event that a consumer can not take is tried three times, then it is in its queue; the others go on', async () => {
  await desk.put({ result: 'approved', location: 'nowhere' });
  const [good] = fresh(1);
  await desk.produce([good]);
  assert.equal(await keptAmong([good!.transactionId]), [good!.transactionId]);
  assert.equal(desk.dead(), {});
  for (const minutes of [1, 2]) {
    desk.clock.skip(minutes * 60_000);
    await desk.settled();
  }
  assert.equal(desk.dead(), { ApprovedConsumerDeadLetters: 1, FiltersOwnElsewhereConsumerDeadLetters: 1 });
  await desk.taken('FiltersOwnElsewhereConsumerDeadLetters');
  const [message] = await desk.taken('ApprovedConsumerDeadLetters');
  const record = JSON.parse(message!.body) as {
    requestContext: { condition: string; approximateInvokeCount: number };
    requestPayload: { detail: object };
    responsePayload: { errorMessage: string };
  };
  assert.equal(record.requestPayload.detail, { result: 'approved', location: 'nowhere' });
  assert.match(record.responsePayload.errorMessage, /^Expected a transactionId in the event/);
  const { condition, approximateInvokeCount } = record.requestContext;
  assert.equal([condition, approximateInvokeCount], ['RetriesExhausted', 3]);
});

test('another transaction under a known id is not swallowed', async () => {
  await desk.produce([{ ...SAMPLE[0], amount: 299 }]);
  for (const minutes of [1, 2]) {
    desk.clock.skip(minutes * 60_000);
    await desk.settled();
  }
  assert.equal(desk.dead(), { ApprovedConsumerDeadLetters: 1, FiltersPartnerBankConsumerDeadLetters: 1 });
  const [message] = await desk.taken('ApprovedConsumerDeadLetters');
  assert.match(message!.body, /123456 came twice, and not with the same content/);
  await desk.taken('FiltersPartnerBankConsumerDeadLetters');
});

test('one function takes what is put into any of the buckets, under the key that it has', async () => {
  const s3 = s3Client(desk);
  const buckets = desk.outputs.Buckets!.split(',');
  assert.is(buckets.length, 3);
  assert.ok(buckets.every((name) => name.startsWith('myapp-')));
  const Key = 'a folder/ä+b.png';
  desk.s3.bucket(buckets[0]!).notifications.deliverTwice();
  for (const Bucket of buckets) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  s3.destroy();
  await desk.settled();
  const objects = (await desk.kept()).objects!;
  assert.equal(
    objects.map((id) => id.replace(/#\w+$/, '')).sort(),
    buckets.map((name) => `${name}/${Key}`).sort(),
  );
  const object = { key: Key, size: 1, etag: 'e', sequencer: '1' };
  const elsewhere = { bucket: { name: 'other-bucket' }, object };
  desk.buses.put({ source: 'aws.s3', detailType: 'Object Created', detail: elsewhere });
  await desk.settled();
  assert.equal((await desk.kept()).objects, objects);
  // One was delivered twice.
  const said = desk.said('ObjectsCreatedConsumerFunction');
  assert.equal([said.length, said.filter((one) => one === `known ${Key}`).length], [4, 1]);
});

test('the producer may put its own source onto its own bus, and nothing else', async () => {
  const { roleArn } = desk.functions.all.find(({ label }) => label === 'Producer')!;
  const may = (resource: string, source: string) =>
    desk.principals.decide(roleArn, {
      action: 'events:PutEvents',
      resource,
      context: { 'events:source': source },
    });
  const own = desk.buses.bus(BUS_NAME)!.arn;
  assert.equal(
    [may(own, 'custom.myATMapp'), may(own, 'other'), may(desk.buses.bus('default')!.arn, 'custom.myATMapp')],
    ['allow', 'none', 'none'],
  );
});

test.after(() => desk.close());

test.run();
