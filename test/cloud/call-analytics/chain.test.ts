import { S3Client } from '@aws-sdk/client-s3';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { personAtTheDesk } from '../../../cloud/local/cli/person.ts';
import { arn } from '../../../cloud/local/desk/place.ts';
import { readStack } from '../../../cloud/local/template/assembly.ts';
import { writeAssembly } from '../assembly.ts';
import { openRig, until } from '../local/rig.ts';
import { itemsOf, listener, put, textAt } from './rig.ts';

/** From a recording in the bucket to mail and event, through everything that the synthesized template puts between. */
const assembly = await writeAssembly(
  { scenarios: 'call-analytics', callsManager: 'boss@example.org', callsSender: 'calls@example.com' },
  { schemas: false },
);
const stack = await readStack(assembly.folder, 'call-analytics');
const Resources = { ...stack.template.Resources, ...listener };
const desk = await openRig({ ...stack, template: { ...stack.template, Resources } });
desk.transcribe.jobMs = 20;
const s3 = new S3Client({
  endpoint: desk.s3.url,
  region: 'eu-central-1',
  credentials: personAtTheDesk(desk.principals),
  forcePathStyle: true,
});
const dynamo = await desk.tables.client();
const { CallsBucket: bucket = '', ResultsTable: table = '' } = desk.outputs;
const LIMIT_MS = 60_000;

const items = () => itemsOf(dynamo, table);
const itemOf = async (key: string) => (await items()).find(({ partitionKey }) => partitionKey?.S === key);
const upload = (key: string, speech: string, metadata: Record<string, string> = {}) => {
  desk.transcribe.hear(`s3://${bucket}/${key}`, speech);
  return put(s3, key, 'no sound', metadata, bucket);
};
const settled = (key: string) => until(async () => (await itemOf(key)) !== undefined, LIMIT_MS);
const mailsOf = (key: string) => desk.ses.mails.filter(({ subject }) => subject.endsWith(`: ${key}`));

interface Heard {
  readonly 'detail-type': string;
  readonly detail: {
    readonly id: string;
    readonly recording: { readonly key: string };
    readonly sentiment?: string;
  };
}
const heard: Heard[] = [];
/** A queue by the beginning of its name in the template. */
const queueOf = (beginning: string) => {
  const [logicalId] = Object.entries(Resources).find(
    ([id, { Type }]) => Type === 'AWS::SQS::Queue' && id.startsWith(beginning),
  )!;
  return desk.queues.find(arn('sqs', `${stack.name}-${logicalId}`));
};
/** Waits for the event of a recording. */
async function told(key: string): Promise<Heard> {
  const queue = queueOf('Heard');
  await until(async () => {
    for (const { body, receiptHandle } of await queue.receive({ max: 10, waitMs: 0 })) {
      heard.push(JSON.parse(body));
      queue.remove(receiptHandle);
    }
    return heard.some(({ detail }) => detail.recording.key === key);
  }, LIMIT_MS);
  return heard.find(({ detail }) => detail.recording.key === key)!;
}
const bodiesIn = (beginning: string) => queueOf(beginning).bodies();
/** Longer than any message stays unseen after a try that failed. */
const NEXT_TRY_MS = 400_000;
/** Nothing was said for this long: nothing is under way that would be tried a second time were the clock let run ahead. */
const QUIET_MS = 700;
/** Lets time pass until it holds: what waits for another try gets it. */
async function passing(holds: () => boolean | Promise<boolean>): Promise<void> {
  let [said, sinceMs] = [0, performance.now()];
  await until(async () => {
    if (await holds()) return true;
    if (desk.lines.length > said) [said, sinceMs] = [desk.lines.length, performance.now()];
    if (performance.now() - sinceMs < QUIET_MS) return false;
    desk.clock.skip(NEXT_TRY_MS);
    sinceMs = performance.now();
    return false;
  }, LIMIT_MS);
}

test("the post's recordings: a good, an indifferent and a bad review, and a French one", async () => {
  // As a person at a desk says what is to be heard.
  const delicious = 'The food was delicious and everybody friendly. We love this place, thank you!';
  await put(s3, 'positive.mp3', 'no sound', { 'desk-speech': encodeURIComponent(delicious) }, bucket);
  await upload(
    'neutral.mp3',
    'The shop is at the corner of the street. It opens at nine on every day of the week.',
  );
  await upload('negative.mp3', 'The waiter was rude, the soup cold, the whole evening terrible.');
  await upload('test-audio-fr.mp3', 'Merci, votre service est excellent.', { 'Content-Language': 'fr-FR' });
  for (const key of ['positive.mp3', 'neutral.mp3', 'negative.mp3', 'test-audio-fr.mp3']) await settled(key);
  const found = (await items()).map(({ partitionKey, Sentiment, language }) =>
    [partitionKey?.S, Sentiment?.S, language?.S].join(' '),
  );
  assert.equal(found.sort(), [
    'negative.mp3 NEGATIVE en-US',
    'neutral.mp3 NEUTRAL en-US',
    'positive.mp3 POSITIVE en-US',
    'test-audio-fr.mp3 POSITIVE fr-FR',
  ]);
  const item = (await itemOf('negative.mp3'))!;
  assert.is(item.transcript?.S, 'The waiter was rude, the soup cold, the whole evening terrible.');
  for (const name of ['created', 'Positive', 'Negative', 'Neutral', 'Mixed'])
    assert.ok(Number(item[name]?.N) > 0, name);
  const transcript = JSON.parse((await textAt(s3, item.transcriptKey!.S!, bucket)).text);
  assert.is(transcript.jobName, item.job?.S);
});

test('every result is an event, the negative one a mail to the manager', async () => {
  for (const key of ['positive.mp3', 'neutral.mp3', 'negative.mp3', 'test-audio-fr.mp3']) {
    assert.is((await told(key))['detail-type'], 'Call analysed');
  }
  await until(() => desk.ses.mails.length > 0, LIMIT_MS);
  assert.equal(
    desk.ses.mails.map(({ from, to, subject }) => [from, to.join(), subject]),
    [['calls@example.com', 'boss@example.org', 'Negative call: negative.mp3']],
  );
});

test('Swedish, which Comprehend does not take, is translated on the way, under a key that is no name', async () => {
  const key = 'samtal/Över 100% + två.mp3';
  await upload(key, 'Roboten är trasig. Hemsk!', { 'content-language': 'sv-SE' });
  await settled(key);
  const item = await itemOf(key);
  assert.equal(
    [item?.Sentiment?.S, item?.translated?.BOOL, item?.transcript?.S],
    ['NEGATIVE', true, 'The robot is broken. Terrible!'],
  );
  await until(() => mailsOf(key).length === 1, LIMIT_MS);
  await told(key);
});

test('an event that comes twice changes nothing and tells nobody twice', async () => {
  const job = (await itemOf('negative.mp3'))!.job!.S!;
  const sequencer = job.split('-').at(-1)!;
  const before = await items();
  const [events, mails] = [heard.length, desk.ses.mails.length];
  const again = (key: string) =>
    desk.buses.put({
      source: 'aws.s3',
      detailType: 'Object Created',
      detail: { bucket: { name: bucket }, object: { key, size: 8, sequencer } },
    });
  again('negative.mp3');
  again(`transcripts/${job}.json`);
  await until(
    () => desk.lines.filter((line) => /was started before|or a later one, is known/.test(line)).length >= 2,
    LIMIT_MS,
  );
  await upload('after.mp3', 'Good, thank you.');
  await told('after.mp3');
  assert.equal(
    (await items()).filter(({ partitionKey }) => partitionKey?.S !== 'after.mp3'),
    before,
  );
  assert.equal([heard.length, desk.ses.mails.length], [events + 1, mails]);
});

test('a recording stored anew under its key replaces what was known, and is told of again', async () => {
  await upload('negative.mp3', 'All is solved, thank you, wonderful.');
  await until(async () => (await itemOf('negative.mp3'))?.Sentiment?.S === 'POSITIVE', LIMIT_MS);
  await until(async () => {
    await told('negative.mp3');
    return heard.filter(({ detail }) => detail.recording.key === 'negative.mp3').length === 2;
  }, LIMIT_MS);
  assert.is(mailsOf('negative.mp3').length, 1);
});

test('a job that fails leaves its reason, and is told of', async () => {
  desk.transcribe.hear(`s3://${bucket}/noise.mp3`, { failure: 'Unsupported media format.' });
  await put(s3, 'noise.mp3', 'no sound', {}, bucket);
  await settled('noise.mp3');
  assert.is((await itemOf('noise.mp3'))?.failure?.S, 'Unsupported media format.');
  assert.is((await told('noise.mp3'))['detail-type'], 'Call failed');
});

test('throttled Transcribe, Comprehend, SES and bus: all of it comes in the end, and once', async () => {
  // The SDK tries three times by itself; what fails four times has to come again by the queue.
  const four = { times: 4 };
  desk.transcribe.failNext('LimitExceededException', { ...four, operation: 'StartTranscriptionJob' });
  desk.comprehend.failNext('ThrottlingException', four);
  desk.ses.failNext('TooManyRequestsException', { ...four, status: 429 });
  desk.buses.failNext(1);
  await upload('throttled.mp3', 'Rude, slow and terrible.');
  await passing(async () => (await itemOf('throttled.mp3')) !== undefined);
  await passing(() => mailsOf('throttled.mp3').length > 0);
  await passing(async () => {
    return (
      queueOf('Heard').depth().visible > 0 ||
      heard.some(({ detail }) => detail.recording.key === 'throttled.mp3')
    );
  });
  await told('throttled.mp3');
  assert.is(mailsOf('throttled.mp3').length, 1);
  assert.equal([bodiesIn('StepsTranscribeDeadLetters'), bodiesIn('StepsSentimentDeadLetters')], [[], []]);
});

test('what is no transcript is tried five times and put aside, and holds up nothing', async () => {
  const latin1 = Buffer.from('{"results":{"transcripts":[{"transcript":"Grüße"}]}}', 'latin1');
  await put(s3, 'transcripts/calls-odd-0123456789abcdef-01.json', latin1, {}, bucket);
  await upload('meanwhile.mp3', 'Great.');
  await settled('meanwhile.mp3');
  await passing(() => bodiesIn('StepsSentimentDeadLetters').length === 1);
  assert.match(bodiesIn('StepsSentimentDeadLetters')[0]!, /calls-odd-0123456789abcdef-01/);
});

test('150 recordings at once: Transcribe runs 100, keeps 50 waiting, and in the end all are there', async () => {
  const jobsBefore = desk.transcribe.jobs.length;
  desk.transcribe.jobMs = 600_000;
  const keys = Array.from({ length: 150 }, (_, at) => `many/${at}.mp3`);
  await Promise.all(keys.map((key) => upload(key, 'Good, thank you.')));
  await until(() => desk.transcribe.jobs.length === jobsBefore + keys.length, LIMIT_MS);
  const states = () => desk.transcribe.jobs.slice(jobsBefore).map(({ status }) => status);
  assert.is(states().filter((status) => status === 'IN_PROGRESS').length, 100);
  assert.is(states().filter((status) => status === 'QUEUED').length, 50);
  desk.transcribe.jobMs = 1;
  desk.clock.skip(600_000);
  const many = async () => (await items()).filter(({ partitionKey }) => partitionKey?.S?.startsWith('many/'));
  await until(async () => (await many()).length === keys.length, LIMIT_MS);
  assert.ok((await many()).every(({ Sentiment }) => Sentiment?.S === 'POSITIVE'));
  assert.equal(
    [bodiesIn('StepsTranscribeDeadLetters').length, bodiesIn('StepsSentimentDeadLetters').length],
    [0, 1],
  );
  assert.is(
    new Set(desk.transcribe.jobs.map(({ request }) => request.name)).size,
    desk.transcribe.jobs.length,
  );
});

test.after(async () => {
  s3.destroy();
  await desk.close();
  await assembly.remove();
});

test.run();
