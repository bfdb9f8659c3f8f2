import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createClock, type DeskClock } from '../../../../cloud/local/desk/clock.ts';
import { createLog } from '../../../../cloud/local/desk/log.ts';
import type { Buckets } from '../../../../cloud/local/transcribe/buckets.ts';
import { type JobEvent, Transcribe } from '../../../../cloud/local/transcribe/transcribe.ts';

const clocks: DeskClock[] = [];
const ROLE = 'arn:aws:iam::123456789012:role/calls';

/** The engine on a clock of its own, with buckets in memory; a real one is under the stack's own tests. */
function rig() {
  const objects = new Map<string, string>();
  const metadata: Record<string, string> = {};
  const roles: string[] = [];
  const refused = new Set<string>();
  const bucketsAs = (roleArn: string, service: string): Buckets => ({
    async look({ bucket, key }) {
      roles.push(`${service} ${roleArn}`);
      if (!objects.has(`${bucket}/${key}`)) throw Object.assign(new Error('not found'), { name: 'NotFound' });
      return metadata;
    },
    async write({ bucket, key }, json) {
      if (refused.has(bucket)) throw Object.assign(new Error('Access Denied'), { name: 'AccessDenied' });
      objects.set(`${bucket}/${key}`, json);
    },
  });
  const clock = createClock(() => 1_000_000);
  clocks.push(clock);
  const events: JobEvent[] = [];
  const log = createLog(() => undefined);
  const engine = new Transcribe({ clock, log, bucketsAs, onEvent: (event) => events.push(event) });
  const denied = new Set<string>();
  const call = async (operation: string, input: object) => {
    const { status, headers, body } = await engine.serve({
      method: 'POST',
      url: '/',
      headers: { 'x-amz-target': `Transcribe.${operation}` },
      body: Buffer.from(JSON.stringify(input)),
      caller: ROLE,
      decide: (action) => (denied.has(action) ? 'none' : 'allow'),
    });
    const answer = JSON.parse(body.toString());
    return status === 200 ? answer : { error: headers?.['x-amzn-errortype'], message: answer.message };
  };
  const start = (change: object = {}) =>
    call('StartTranscriptionJob', {
      TranscriptionJobName: 'a',
      LanguageCode: 'en-US',
      Media: { MediaFileUri: 's3://calls/a.mp3' },
      OutputBucketName: 'calls',
      ...change,
    });
  objects.set('calls/a.mp3', '');
  engine.hear('s3://calls/a.mp3', 'Hello.');
  /** Lets what a due job does come to its end. */
  const skip = async (ms: number) => {
    clock.skip(ms);
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  };
  return { engine, objects, metadata, roles, refused, denied, events, call, start, skip };
}
const statusOf = async ({ call }: ReturnType<typeof rig>, TranscriptionJobName = 'a') =>
  (await call('GetTranscriptionJob', { TranscriptionJobName })).TranscriptionJob.TranscriptionJobStatus;
const DEFERRED = {
  JobExecutionSettings: { AllowDeferredExecution: true, DataAccessRoleArn: `${ROLE}-data` },
};

test('a job runs for a while by the clock, writes its result and is told of', async () => {
  const desk = rig();
  const { TranscriptionJob } = await desk.start({ OutputKey: 'transcripts/a.json' });
  assert.is(TranscriptionJob.TranscriptionJobStatus, 'IN_PROGRESS');
  await desk.skip(desk.engine.jobMs - 1);
  assert.is(await statusOf(desk), 'IN_PROGRESS');
  assert.not(desk.objects.has('calls/transcripts/a.json'));
  await desk.skip(1);
  assert.is(await statusOf(desk), 'COMPLETED');
  const result = JSON.parse(desk.objects.get('calls/transcripts/a.json')!);
  assert.equal([result.jobName, result.results.transcripts], ['a', [{ transcript: 'Hello.' }]]);
  assert.equal(desk.events, [
    {
      source: 'aws.transcribe',
      detailType: 'Transcribe Job State Change',
      detail: { TranscriptionJobName: 'a', TranscriptionJobStatus: 'COMPLETED' },
    },
  ]);
});

test('words, marks and speakers stand as the documentation shows them', async () => {
  const desk = rig();
  desk.engine.hear('s3://calls/a.mp3', "spk_0: I've been on hold for an hour.\nspk_1: Sorry about that.");
  await desk.start({ Settings: { ShowSpeakerLabels: true, MaxSpeakerLabels: 2 } });
  await desk.skip(desk.engine.jobMs);
  const { results } = JSON.parse(desk.objects.get('calls/a.json')!);
  assert.is(results.transcripts[0].transcript, "I've been on hold for an hour. Sorry about that.");
  assert.equal(
    results.items
      .slice(0, 9)
      .map((item: { alternatives: { content: string }[] }) => item.alternatives[0]?.content),
    ["I've", 'been', 'on', 'hold', 'for', 'an', 'hour', '.', 'Sorry'],
  );
  const [first, last] = [results.items[0], results.items[7]];
  assert.equal([first.type, first.speaker_label, first.start_time], ['pronunciation', 'spk_0', '0.00']);
  assert.equal([last.type, last.speaker_label, last.start_time], ['punctuation', 'spk_0', undefined]);
  assert.is(results.speaker_labels.speakers, 2);
  assert.equal(
    results.speaker_labels.segments.map((one: { speaker_label: string; items: unknown[] }) => [
      one.speaker_label,
      one.items.length,
    ]),
    [
      ['spk_0', 7],
      ['spk_1', 3],
    ],
  );
});

test('a name is taken once', async () => {
  const desk = rig();
  const both = await Promise.all([desk.start(), desk.start()]);
  assert.equal(both.map(({ error }) => error).sort(), ['ConflictException', undefined]);
  await desk.skip(desk.engine.jobMs);
  assert.is((await desk.start()).error, 'ConflictException');
});

const refusals: readonly (readonly [what: string, change: object, said: RegExp])[] = [
  ['a name with a space', { TranscriptionJobName: 'a b' }, /transcriptionJobName.*\^\[0-9a-zA-Z\._-\]/],
  ['a name of 201 characters', { TranscriptionJobName: 'a'.repeat(201) }, /transcriptionJobName/],
  ['no language', { LanguageCode: undefined }, /one of LanguageCode/],
  ['two languages', { IdentifyLanguage: true }, /only one/],
  ['a language it does not know', { LanguageCode: 'tlh-QO' }, /tlh-QO/],
  ['options without identification', { LanguageOptions: ['en-US', 'de-DE'] }, /IdentifyLanguage/],
  [
    'one option',
    { LanguageCode: undefined, IdentifyLanguage: true, LanguageOptions: ['en-US'] },
    /two or more/,
  ],
  ['speakers without their number', { Settings: { ShowSpeakerLabels: true } }, /together/],
  ['one speaker', { Settings: { ShowSpeakerLabels: true, MaxSpeakerLabels: 1 } }, /2 to 30/],
  ['no bucket', { OutputBucketName: undefined }, /OutputBucketName/],
  ['an output key with an umlaut', { OutputKey: 'ä.json' }, /outputKey/],
  ['a recording that is not there', { Media: { MediaFileUri: 's3://calls/b.mp3' } }, /NotFound/],
  ['no recording', { Media: { MediaFileUri: 'calls/b.mp3' } }, /isn't valid/],
  ['a format it does not know', { MediaFormat: 'txt' }, /txt/],
  ['a role without leave to wait', { JobExecutionSettings: { DataAccessRoleArn: ROLE } }, /both/],
  ['subtitles', { Subtitles: { Formats: ['srt'] } }, /Subtitles: not supported on the desk/],
  ['a vocabulary', { Settings: { VocabularyName: 'x' } }, /VocabularyName: not supported on the desk/],
];
for (const [what, change, said] of refusals) {
  test(`refuses ${what}`, async () => {
    const desk = rig();
    const { error, message } = await desk.start(change);
    assert.is(error, 'BadRequestException');
    assert.match(message, said);
    assert.is(desk.engine.jobs.length, 0, 'the name stays free');
  });
}

test('an output key without an ending is a folder', async () => {
  const desk = rig();
  await desk.start({ OutputKey: 'out' });
  await desk.start({ TranscriptionJobName: 'b', OutputKey: 'deep/out/' });
  await desk.skip(desk.engine.jobMs);
  assert.ok(desk.objects.has('calls/out/a.json') && desk.objects.has('calls/deep/out/b.json'));
});

test('beyond the limit jobs wait for their turn, if they may', async () => {
  const desk = rig();
  desk.engine.concurrency = 2;
  for (const TranscriptionJobName of ['a', 'b', 'c', 'd', 'e']) {
    await desk.start({ TranscriptionJobName, ...DEFERRED });
  }
  const states = () => desk.engine.jobs.map(({ status }) => status[0]).join('');
  assert.is(states(), 'IIQQQ');
  assert.is((await desk.start({ TranscriptionJobName: 'f' })).error, 'LimitExceededException');
  await desk.skip(desk.engine.jobMs);
  assert.is(states(), 'CCIIQ');
  await desk.skip(desk.engine.jobMs);
  await desk.skip(desk.engine.jobMs);
  assert.is(states(), 'CCCCC');
});

test('a job that may wait goes to the buckets by its own role, any other by that of its caller', async () => {
  const desk = rig();
  await desk.start(DEFERRED);
  await desk.start({ TranscriptionJobName: 'b' });
  assert.equal(desk.roles, [`transcribe.amazonaws.com ${ROLE}-data`, `lambda.amazonaws.com ${ROLE}`]);
  desk.denied.add('iam:PassRole');
  assert.is((await desk.start({ TranscriptionJobName: 'c', ...DEFERRED })).error, 'AccessDeniedException');
});

test('a job fails with a reason', async () => {
  const desk = rig();
  desk.objects.set('calls/b.mp3', '').set('calls/c.mp3', '');
  desk.engine.hear('s3://calls/b.mp3', { failure: 'Unsupported media format.' });
  await desk.start({ TranscriptionJobName: 'b', Media: { MediaFileUri: 's3://calls/b.mp3' } });
  await desk.start({ TranscriptionJobName: 'silent', Media: { MediaFileUri: 's3://calls/c.mp3' } });
  desk.refused.add('else');
  await desk.start({ TranscriptionJobName: 'd', OutputBucketName: 'else' });
  await desk.skip(desk.engine.jobMs);
  const reasons = desk.engine.jobs.map(({ status, failure }) => `${status} ${failure}`);
  assert.equal(reasons, [
    'FAILED Unsupported media format.',
    'FAILED Nobody told the desk what is to be heard in s3://calls/c.mp3',
    'FAILED Access Denied',
  ]);
  assert.equal([...new Set(desk.events.map(({ detail }) => detail.TranscriptionJobStatus))], ['FAILED']);
});

test('the metadata of a recording can say what is to be heard', async () => {
  const desk = rig();
  desk.objects.set('calls/m.mp3', '');
  Object.assign(desk.metadata, { 'desk-speech': 'Gr%C3%BC%C3%9Fe', 'desk-language': 'de-DE' });
  await desk.start({
    LanguageCode: undefined,
    IdentifyLanguage: true,
    LanguageOptions: ['de-DE', 'en-US'],
    Media: { MediaFileUri: 's3://calls/m.mp3' },
  });
  await desk.skip(desk.engine.jobMs);
  const { results } = JSON.parse(desk.objects.get('calls/a.json')!);
  assert.equal([results.transcripts[0].transcript, results.language_code], ['Grüße', 'de-DE']);
  const { TranscriptionJob } = await desk.call('GetTranscriptionJob', { TranscriptionJobName: 'a' });
  assert.is(TranscriptionJob.LanguageCode, 'de-DE');
});

test('jobs are listed in pages, newest first', async () => {
  const desk = rig();
  for (const TranscriptionJobName of ['a1', 'a2', 'b1']) await desk.start({ TranscriptionJobName });
  const list = async (input: object) => {
    const { TranscriptionJobSummaries, NextToken } = await desk.call('ListTranscriptionJobs', input);
    const names = TranscriptionJobSummaries.map(
      (one: { TranscriptionJobName: string }) => one.TranscriptionJobName,
    );
    return [names.join(' '), NextToken];
  };
  const [names, token] = await list({ MaxResults: 2 });
  assert.is(names, 'b1 a2');
  assert.equal(await list({ MaxResults: 2, NextToken: token }), ['a1', undefined]);
  assert.equal(await list({ JobNameContains: 'a' }), ['a2 a1', undefined]);
  assert.equal(await list({ Status: 'COMPLETED' }), ['', undefined]);
  assert.is((await desk.call('ListTranscriptionJobs', { MaxResults: 101 })).error, 'BadRequestException');
  assert.is(
    (await desk.call('GetTranscriptionJob', { TranscriptionJobName: 'x' })).error,
    'NotFoundException',
  );
  assert.is((await desk.call('DeleteTranscriptionJob', {})).error, 'UnknownOperationException');
});

test.after(() => {
  for (const clock of clocks) clock.close();
});

test.run();
