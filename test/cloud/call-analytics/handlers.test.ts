import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createFailed } from '../../../cloud/call-analytics/failed.lambda.ts';
import { createNotify } from '../../../cloud/call-analytics/notify.lambda.ts';
import { createPublish } from '../../../cloud/call-analytics/publish.lambda.ts';
import { jobNameOf } from '../../../cloud/call-analytics/recording.lambda-shared.ts';
import { createSentiment } from '../../../cloud/call-analytics/sentiment.lambda.ts';
import { createTranscribe } from '../../../cloud/call-analytics/transcribe.lambda.ts';
import { createTranslate } from '../../../cloud/call-analytics/translate.lambda.ts';
import { batchOf, itemsOf, jobsDone, keysIn, openServices, put, savedEvent, stored, textAt } from './rig.ts';

/** Each handler by itself, on the services of a desk. */
const services = await openServices();
const { desk, s3, dynamo, env, transcribe, comprehend, translate, ses, events } = services;
const start = createTranscribe(env, s3, transcribe);
const analyse = createSentiment(env, { s3, transcribe, comprehend, dynamo }, () => 1_700_000_000_000);
const toEnglish = createTranslate(env, { s3, transcribe, translate });
const giveUp = createFailed(env, transcribe, dynamo, () => 1_700_000_000_000);
const notify = createNotify(env, ses, dynamo);
const publish = createPublish(env, events, dynamo);

const failed = ({
  batchItemFailures,
}: {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}) => batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).sort();
const jobOf = (key: string, sequencer = '0001') => jobNameOf({ bucket: 'calls', key, sequencer });
const requestOf = (key: string) => {
  const found = desk.transcribe.jobs.find(({ request }) => request.media.key === key);
  assert.ok(found, `a job for ${key}`);
  return found.request;
};
const itemOf = async (key: string) =>
  (await itemsOf(dynamo, env.TABLE)).find(({ partitionKey }) => partitionKey?.S === key);

/** A recording and its transcript, by way of the handler and of Transcribe. @returns the key of the transcript */
async function transcribed(
  key: string,
  speech: string,
  metadata: Record<string, string> = {},
  sequencer = '0001',
) {
  await put(s3, key, 'no sound', metadata);
  desk.transcribe.hear(`s3://calls/${key}`, speech);
  assert.equal(failed(await start(batchOf(stored(key, sequencer)))), []);
  await jobsDone(desk);
  return desk.transcribe.jobs.find(({ request }) => request.name === jobOf(key, sequencer))!.request.output
    .key;
}

test('a job is started in the language that the metadata say, as the post writes them', async () => {
  await put(s3, 'fr.mp3', 'no sound', { 'Content-Language': 'fr-FR' });
  await put(s3, 'plain.mp3');
  await put(s3, 'sv.mp3', 'no sound', { 'content-language': 'sv_se' });
  await put(s3, 'any.mp3', 'no sound', { 'content-language': 'auto' });
  const keys = ['fr.mp3', 'plain.mp3', 'sv.mp3', 'any.mp3'];
  assert.equal(failed(await start(batchOf(...keys.map((key) => stored(key))))), []);
  assert.equal(
    keys.map((key) => [requestOf(key).language, requestOf(key).output.key.split('/')[0]]),
    [
      ['fr-FR', 'transcripts'],
      ['en-US', 'transcripts'],
      ['sv-SE', 'foreign'],
      [null, 'foreign'],
    ],
  );
  const { deferred, maxSpeakers } = requestOf('fr.mp3');
  assert.equal([deferred?.roleArn, maxSpeakers], [env.DATA_ROLE, 4]);
});

test('an event that comes twice starts one job, the same key stored again another', async () => {
  await put(s3, 'twice.mp3');
  const both = await Promise.all([start(batchOf(stored('twice.mp3'))), start(batchOf(stored('twice.mp3')))]);
  assert.equal(both.map(failed), [[], []]);
  assert.equal(failed(await start(batchOf(stored('twice.mp3', '0002')))), []);
  assert.is(desk.transcribe.jobs.filter(({ request }) => request.media.key === 'twice.mp3').length, 2);
});

const KEYS = ['a b.mp3', 'ä ö ü.mp3', 'a+b.mp3', 'a%20b.mp3', 'deep/er/電話 №1.mp3', "it's (1) & more!.mp3"];
for (const key of KEYS) {
  test(`the recording ${key} is found, and its result comes back to it`, async () => {
    const at = await transcribed(key, 'Great service, thank you.');
    assert.equal(failed(await analyse(batchOf(stored(at)))), []);
    assert.is((await itemOf(key))?.Sentiment?.S, 'POSITIVE');
  });
}

test('of a batch, only what can not be done comes again', async () => {
  await put(s3, 'good.mp3');
  await put(s3, 'klingon.mp3', 'no sound', { 'content-language': 'tlh-QO' });
  const batch = batchOf('poison', stored('good.mp3'), stored('klingon.mp3'), stored('gone.mp3'));
  assert.equal(failed(await start(batch)), ['m0', 'm2']);
  assert.ok(requestOf('good.mp3'));
});

test('a service that is throttled has the message come again', async () => {
  await put(s3, 'throttled.mp3');
  desk.transcribe.failNext('LimitExceededException');
  assert.equal(failed(await start(batchOf(stored('throttled.mp3')))), ['m0']);
  assert.equal(failed(await start(batchOf(stored('throttled.mp3')))), []);
  await jobsDone(desk);
});

test('the item has the fields of the post, and each speaker apart', async () => {
  const at = await transcribed(
    'dialogue.mp3',
    'spk_0: This is terrible, I am angry.\nspk_1: Thank you, you are so kind.',
  );
  await analyse(batchOf(stored(at)));
  const item = (await itemOf('dialogue.mp3'))!;
  assert.is(item.transcript?.S, 'This is terrible, I am angry. Thank you, you are so kind.');
  assert.equal([item.created, item.language], [{ N: '1700000000' }, { S: 'en-US' }]);
  const scores = ['Positive', 'Negative', 'Neutral', 'Mixed'].map((name) => Number(item[name]?.N));
  assert.ok(Math.abs(scores.reduce((sum, one) => sum + one) - 1) < 1e-9);
  const { spk_0, spk_1 } = item.speakers!.M!;
  assert.equal([spk_0?.M?.Sentiment?.S, spk_1?.M?.Sentiment?.S], ['NEGATIVE', 'POSITIVE']);
});

test('a result that comes twice, or after that of a later version, changes nothing', async () => {
  const [first, second] = [
    await transcribed('order.mp3', 'Terrible, rude, the worst.', {}, '0001'),
    await transcribed('order.mp3', 'Wonderful, thank you.', {}, '0002'),
  ];
  // Both jobs read the recording when it said the latter; what counts is whose result it is.
  assert.equal(failed(await analyse(batchOf(stored(second)))), []);
  const before = await itemOf('order.mp3');
  assert.equal(failed(await analyse(batchOf(stored(first), stored(second)))), []);
  assert.equal(await itemOf('order.mp3'), before);
  assert.is(before?.job?.S, jobOf('order.mp3', '0002'));
});

test('a long call is analysed in parts, and stays in the bucket', async () => {
  const speech = `${'The soup was cold and the waiter rude. '.repeat(7500)}Thank you, wonderful.`;
  const at = await transcribed('long.mp3', 'spoken for hours');
  // The times of all words, which nobody looks at here, would be some ten megabytes.
  await put(s3, at, JSON.stringify({ results: { transcripts: [{ transcript: speech }], items: [] } }));
  assert.equal(failed(await analyse(batchOf(stored(at)))), []);
  const item = (await itemOf('long.mp3'))!;
  assert.equal([item.Sentiment?.S, item.transcriptCut?.BOOL], ['NEGATIVE', true]);
  assert.is(item.transcript?.S?.length, 1001);
  const whole = JSON.parse((await textAt(s3, item.transcriptKey!.S!)).text);
  assert.is(whole.results.transcripts[0].transcript, speech);
});

test('a throttled Comprehend has the transcript come again; single parts are asked for once more at once', async () => {
  const at = await transcribed('busy.mp3', 'Great.');
  desk.comprehend.failNext('ThrottlingException');
  assert.equal(failed(await analyse(batchOf(stored(at)))), ['m0']);
  assert.is(await itemOf('busy.mp3'), undefined);
  desk.comprehend.failDocuments(1);
  assert.equal(failed(await analyse(batchOf(stored(at)))), []);
  assert.is((await itemOf('busy.mp3'))?.Sentiment?.S, 'POSITIVE');
  desk.comprehend.failDocuments(2);
  assert.equal(failed(await analyse(batchOf(stored(at)))), ['m0']);
});

test('a call in which nobody speaks has no sentiment', async () => {
  const at = await transcribed('silence.mp3', '');
  assert.equal(failed(await analyse(batchOf(stored(at)))), []);
  assert.is((await itemOf('silence.mp3'))?.Sentiment?.S, 'NONE');
});

test('what is no transcript, no UTF-8 or of no job of ours is put aside in the end', async () => {
  const at = await transcribed('odd.mp3', 'Great.');
  const latin1 = Buffer.from('{"results":{"transcripts":[{"transcript":"Grüße"}]}}', 'latin1');
  await put(s3, at, latin1);
  await put(s3, `transcripts/${jobOf('other.mp3')}.json`, '{}');
  await put(s3, 'transcripts/notes.json', '{"results":{"transcripts":[{"transcript":"a"}]}}');
  const batch = batchOf(
    stored(at),
    stored(`transcripts/${jobOf('other.mp3')}.json`),
    stored('transcripts/notes.json'),
  );
  assert.equal(failed(await analyse(batch)), ['m0', 'm1', 'm2']);
  assert.is(await itemOf('odd.mp3'), undefined);
});

test('Swedish is translated, line by line, and analysed in English', async () => {
  const at = await transcribed('hej.mp3', 'spk_0: Roboten är trasig.\nspk_1: Tack!', {
    'content-language': 'sv-SE',
  });
  assert.equal(failed(await toEnglish(batchOf(stored(at)))), []);
  const key = `texts/${jobOf('hej.mp3')}.txt`;
  const { text, metadata } = await textAt(s3, key);
  assert.is(text, 'spk_0: The robot is broken.\nspk_1: Thank you!');
  assert.equal([metadata?.language, metadata?.translated], ['en', 'true']);
  await analyse(batchOf(stored(key)));
  const item = await itemOf('hej.mp3');
  assert.equal(
    [
      item?.transcript?.S,
      item?.language?.S,
      item?.translated?.BOOL,
      item?.speakers?.M?.spk_0?.M?.Sentiment?.S,
    ],
    ['The robot is broken. Thank you!', 'sv-SE', true, 'NEGATIVE'],
  );
});

test('a language that was identified, and that Comprehend takes, is passed on as it is', async () => {
  await put(s3, 'auto.mp3', 'no sound', { 'content-language': 'auto' });
  const turns = [{ speaker: 0, text: 'Merci, très bon service.' }];
  desk.transcribe.hear('s3://calls/auto.mp3', { language: 'fr-FR', turns });
  await start(batchOf(stored('auto.mp3')));
  await jobsDone(desk);
  await toEnglish(batchOf(stored(`foreign/${jobOf('auto.mp3')}.json`)));
  const key = `texts/${jobOf('auto.mp3')}.txt`;
  assert.equal((await textAt(s3, key)).metadata, { language: 'fr', translated: 'false' });
  await analyse(batchOf(stored(key)));
  const item = await itemOf('auto.mp3');
  assert.equal([item?.Sentiment?.S, item?.translated, item?.language?.S], ['POSITIVE', undefined, 'fr-FR']);
});

test('as in the post, all that is not English can be translated', async () => {
  const always = { ...env, TRANSLATE: 'always' };
  await put(s3, 'post-fr.mp3', 'no sound', { 'Content-Language': 'fr-FR' });
  desk.transcribe.hear('s3://calls/post-fr.mp3', 'Votre service est horrible.');
  await createTranscribe(always, s3, transcribe)(batchOf(stored('post-fr.mp3')));
  await jobsDone(desk);
  const at = `foreign/${jobOf('post-fr.mp3')}.json`;
  assert.ok((await keysIn(s3)).includes(at));
  const translateAlways = createTranslate(always, { s3, transcribe, translate });
  desk.translate.failNext('ThrottlingException');
  assert.equal(failed(await translateAlways(batchOf(stored(at)))), ['m0']);
  assert.equal(failed(await translateAlways(batchOf(stored(at)))), []);
  assert.is((await textAt(s3, `texts/${jobOf('post-fr.mp3')}.txt`)).text, 'spk_0: Your service is horrible.');
});

test('a job that failed leaves its reason in the place of a sentiment, if it is one of ours', async () => {
  await put(s3, 'noise.mp3');
  desk.transcribe.hear('s3://calls/noise.mp3', { failure: 'Unsupported media format.' });
  await start(batchOf(stored('noise.mp3')));
  await jobsDone(desk);
  const event = JSON.stringify({
    detail: { TranscriptionJobName: jobOf('noise.mp3'), TranscriptionJobStatus: 'FAILED' },
  });
  const elsewhere = createFailed({ ...env, BUCKET: 'else' }, transcribe, dynamo);
  assert.equal(failed(await elsewhere(batchOf(event))), []);
  assert.is(await itemOf('noise.mp3'), undefined);
  assert.equal(failed(await giveUp(batchOf(event, '{}'))), ['m1']);
  const item = await itemOf('noise.mp3');
  assert.equal([item?.failure?.S, item?.Sentiment], ['Unsupported media format.', undefined]);
});

test('Transcribe does with the bucket what the role of the job may, and no more', async () => {
  await put(s3, 'closed.mp3');
  desk.transcribe.hear('s3://calls/closed.mp3', 'Good.');
  const reader = { ...env, DATA_ROLE: env.DATA_ROLE.replace('transcriber', 'reader') };
  assert.equal(failed(await createTranscribe(reader, s3, transcribe)(batchOf(stored('closed.mp3')))), []);
  await jobsDone(desk);
  const job = desk.transcribe.jobs.find(({ request }) => request.media.key === 'closed.mp3');
  assert.is(job?.status, 'FAILED');
  assert.match(job?.failure ?? '', /not authorized to perform: s3:PutObject|Access Denied/);
  const nobody = { ...env, DATA_ROLE: env.DATA_ROLE.replace('transcriber', 'nobody') };
  assert.equal(
    failed(await createTranscribe(nobody, s3, transcribe)(batchOf(stored('closed.mp3', '0002')))),
    ['m0'],
  );
});

test('a negative call is mailed once, also when SES was throttled before', async () => {
  const event = savedEvent('RoutingNotify/negative.json');
  desk.ses.failNext('TooManyRequestsException', { status: 429 });
  assert.is(failed(await notify(event)).length, 1);
  assert.equal(failed(await notify(event)), []);
  assert.equal(failed(await notify(event)), []);
  const mails = desk.ses.mails.filter(({ subject }) => subject === 'Negative call: negative-review.mp3');
  assert.is(mails.length, 1);
  assert.equal([mails[0]?.from, mails[0]?.to], [env.SENDER, [env.MANAGER]]);
  assert.match(mails[0]!.text, /Negative 86 %[\s\S]*The waiter was rude/);
});

test('every result becomes one event, also when the bus drops it at first', async () => {
  desk.buses.failNext(1);
  const event = savedEvent('RoutingPublish/negative.json');
  assert.is(failed(await publish(event)).length, 1, 'FailedEntryCount is looked at');
  assert.equal([failed(await publish(event)), failed(await publish(event))], [[], []]);
  const job = event.Records[0].dynamodb.NewImage.job.S;
  const common = { id: job, recording: { bucket: 'calls', key: 'negative-review.mp3' }, language: 'en-US' };
  const [analysed, ...others] = await services.heard();
  assert.equal([analysed?.['detail-type'], others.length], ['Call analysed', 0]);
  assert.equal(analysed?.detail, {
    ...common,
    sentiment: 'NEGATIVE',
    scores: { Positive: 0.01, Negative: 0.86, Neutral: 0.12, Mixed: 0.01 },
    speakers: {},
    transcriptKey: `transcripts/${job}.json`,
  });
});

test('a recording that could not be transcribed is told of, too', async () => {
  const event = savedEvent('RoutingPublish/failed.json');
  event.Records[0].dynamodb.NewImage.job.S = jobOf('else.mp3');
  assert.equal(failed(await publish(event)), []);
  const [told] = await services.heard();
  assert.is(told?.['detail-type'], 'Call failed');
  assert.is(told?.detail.failure, 'Unsupported media format.');
});

test.after(() => services.close());

test.run();
