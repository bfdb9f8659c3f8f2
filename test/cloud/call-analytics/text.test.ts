import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  callIn,
  linesOf,
  textsBySpeaker,
  transcriptIn,
} from '../../../cloud/call-analytics/call.lambda-shared.ts';
import { bytesOf, chunksOf } from '../../../cloud/call-analytics/chunks.lambda-shared.ts';
import {
  comprehendLanguage,
  transcribeLanguage,
  translateLanguage,
} from '../../../cloud/call-analytics/languages.lambda-shared.ts';
import {
  jobNameIn,
  jobNameOf,
  objectAt,
  storedObjectIn,
  versionIn,
} from '../../../cloud/call-analytics/recording.lambda-shared.ts';
import { combined } from '../../../cloud/call-analytics/sentiment.lambda-shared.ts';
import { speechOf } from '../../../cloud/local/transcribe/speech.ts';
import { transcriptOf } from '../../../cloud/local/transcribe/transcript.ts';

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

test('a text is cut at the ends of sentences', () => {
  assert.equal(chunksOf('One is here. Two is there. Three.', 28), ['One is here. Two is there.', 'Three.']);
  assert.equal(chunksOf('  One.  ', 100), ['One.']);
  assert.equal(chunksOf(' \n ', 100), []);
});

test('a sentence that is too long is cut between words, a word that is too long between characters', () => {
  assert.equal(chunksOf('one two three four', 9), ['one two', 'three', 'four']);
  assert.equal(chunksOf('ääää', 4), ['ää', 'ää']);
  assert.equal(chunksOf('no end.aaaaaaaa', 6), ['no end', '.aaaaa', 'aaa']);
  const family = '👨‍👩‍👧';
  assert.equal(chunksOf(family.repeat(3), bytesOf(family) + 3), [family, family, family]);
});

test('whatever the text is, nothing of it is lost, and no part is too long', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 400 }),
      fc.integer({ min: 60, max: 300 }),
      (text, max) => {
        const chunks = chunksOf(text, max);
        const bare = (one: string) => one.replace(/\s/g, '');
        assert.is(bare(chunks.join('')), bare(text));
        for (const chunk of chunks) {
          assert.ok(bytesOf(chunk) <= max && chunk !== '' && chunk === chunk.trim());
          assert.not(/\p{Surrogate}/u.test(chunk), 'half a character');
        }
      },
    ),
    { numRuns: 100 },
  );
});

const stored = (key: string, sequencer = '0055AED6DCD90281E5') => ({ bucket: 'calls', key, sequencer });
const NAME = /^[0-9a-zA-Z._-]{1,200}$/;

test('every key gives a name that Transcribe takes, and no two the same', () => {
  const keys = [
    'a.mp3',
    'A.mp3',
    'a b.mp3',
    'a+b.mp3',
    'a%20b.mp3',
    'ä.mp3',
    'a/b.mp3',
    '電話.mp3',
    `${'x'.repeat(1000)}.mp3`,
    '.mp3',
  ];
  const names = keys.map((key) => jobNameOf(stored(key)));
  for (const name of names) assert.match(name, NAME);
  assert.is(new Set(names).size, keys.length);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }), (key) =>
      NAME.test(jobNameOf(stored(key))),
    ),
  );
});

test('the same event gives the same name, the same key written again another', () => {
  assert.is(jobNameOf(stored('a.mp3')), jobNameOf(stored('a.mp3')));
  assert.is.not(jobNameOf(stored('a.mp3')), jobNameOf(stored('a.mp3', '0055AED6DCD90281E6')));
  assert.match(
    jobNameOf(stored('reviews/positive.mp3')),
    /^calls-reviews-positive-[0-9a-f]{16}-0055AED6DCD90281E5$/,
  );
});

test('versions of a recording are in order as text, a shorter sequencer filled up on the right', () => {
  const version = (sequencer: string) => versionIn(jobNameOf(stored('a.mp3', sequencer)));
  assert.ok(version('0055AED6DCD90281E5') < version('0055AED6DCD90281E6'));
  assert.ok(version('0055AED6DCD902') < version('0055AED6DCD90281E5'));
  assert.throws(() => versionIn('somebody-elses-job'), /Expected the name of one of our jobs/);
});

test('the job stands in the key of its result, the recording in its address', () => {
  assert.is(jobNameIn('transcripts/calls-a-1.json'), 'calls-a-1');
  assert.is(jobNameIn('texts/calls-a.mp3-1.txt'), 'calls-a.mp3-1');
  assert.equal(objectAt('s3://calls/a b/ä+%.mp3'), { bucket: 'calls', key: 'a b/ä+%.mp3' });
  assert.throws(() => objectAt('https://calls/a.mp3'), /Expected s3:/);
});

test('what is no event of S3 is refused', () => {
  const event = { detail: { bucket: { name: 'calls' }, object: { key: 'a b.mp3', sequencer: '00ab' } } };
  assert.equal(storedObjectIn(JSON.stringify(event)), { bucket: 'calls', key: 'a b.mp3', sequencer: '00AB' });
  for (const body of ['{}', '{"detail":{"bucket":{"name":"b"},"object":{"key":"a"}}}', 'null']) {
    assert.throws(() => storedObjectIn(body), /Expected an event of S3|null/);
  }
  assert.throws(() => storedObjectIn('not JSON'), SyntaxError);
});

test('languages of Transcribe in the letters of the others', () => {
  const rows = [
    ['en-US', 'en', 'en'],
    ['fr-CA', 'fr', 'fr-CA'],
    ['pt-PT', 'pt', 'pt-PT'],
    ['zh-CN', 'zh', 'zh'],
    ['zh-TW', 'zh-TW', 'zh-TW'],
    ['sv-SE', null, 'sv'],
    ['no-NO', null, 'no'],
  ] as const;
  for (const [code, comprehend, translate] of rows) {
    assert.equal([comprehendLanguage(code), translateLanguage(code)], [comprehend, translate]);
  }
  assert.equal(['fr-fr', 'FR_FR', ' fr-FR '].map(transcribeLanguage), ['fr-FR', 'fr-FR', 'fr-FR']);
});

const spoken = (text: string, maxSpeakers: number | null) =>
  transcriptOf({
    jobName: 'a',
    accountId: '1',
    speech: speechOf(text),
    maxSpeakers,
    language: 'en-US',
    identified: false,
  }) as { results: { audio_segments?: unknown; items: unknown[] } };
const DIALOGUE = "spk_0: I've been on hold.\nspk_0: For an hour!\nspk_1: Sorry about that.";
const TURNS = [
  { speaker: 'spk_0', text: "I've been on hold. For an hour!" },
  { speaker: 'spk_1', text: 'Sorry about that.' },
];

test('who said what is read from the segments, or where there are none from the words', () => {
  const transcript = spoken(DIALOGUE, 2);
  assert.equal(transcriptIn(bytes(transcript)).turns, TURNS);
  assert.equal(transcriptIn(bytes(transcript)).text, "I've been on hold. For an hour! Sorry about that.");
  delete transcript.results.audio_segments;
  assert.equal(transcriptIn(bytes(transcript)).turns, TURNS);
  assert.equal(transcriptIn(bytes(spoken(DIALOGUE, null))).turns, []);
  assert.equal(
    [...textsBySpeaker({ text: '', turns: TURNS })],
    TURNS.map(({ speaker, text }) => [speaker, text]),
  );
});

test('what a call is written as is what is read again', () => {
  const call = transcriptIn(bytes(spoken(DIALOGUE, 2)));
  const { text, turns } = callIn(Buffer.from(linesOf(call).join('\n')));
  assert.equal([text, turns], [call.text, call.turns]);
  const one = transcriptIn(bytes(spoken('Hello.', null)));
  assert.equal(callIn(Buffer.from(linesOf(one).join('\n'))), { text: 'Hello.', turns: [] });
});

test('other bytes, other JSON and no JSON are refused', () => {
  const latin1 = Buffer.from('{"results":{"transcripts":[{"transcript":"Grüße"}]}}', 'latin1');
  assert.throws(() => transcriptIn(latin1), /Expected UTF-8/);
  assert.throws(() => callIn(Buffer.from('Grüße', 'latin1')), /Expected UTF-8/);
  assert.throws(() => transcriptIn(Buffer.from('{"results":')), SyntaxError);
  for (const other of [{}, null, [], { results: { transcripts: [{}] } }]) {
    assert.throws(() => transcriptIn(bytes(other)), /Expected a transcript/);
  }
  assert.is(transcriptIn(bytes({ results: { transcripts: [{ transcript: '' }] } })).text, '');
});

test('parts count by their length, and the highest of the four gives the name', () => {
  const good = { Positive: 0.9, Negative: 0, Neutral: 0.1, Mixed: 0 };
  const bad = { Positive: 0, Negative: 0.8, Neutral: 0.2, Mixed: 0 };
  const result = combined([
    { weight: 3000, scores: bad },
    { weight: 1000, scores: good },
  ]);
  assert.is(result.Sentiment, 'NEGATIVE');
  assert.ok(Math.abs(result.Negative - 0.6) < 1e-9 && Math.abs(result.Positive - 0.225) < 1e-9);
  const sum = result.Positive + result.Negative + result.Neutral + result.Mixed;
  assert.ok(Math.abs(sum - 1) < 1e-9);
  assert.equal(combined([{ weight: 1, scores: good }]), { Sentiment: 'POSITIVE', ...good });
});

test.run();
