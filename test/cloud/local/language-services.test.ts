import {
  BatchDetectSentimentCommand,
  ComprehendClient,
  DetectSentimentCommand,
} from '@aws-sdk/client-comprehend';
import { SESv2Client, SendEmailCommand, type SendEmailCommandInput } from '@aws-sdk/client-sesv2';
import { TranslateClient, TranslateTextCommand } from '@aws-sdk/client-translate';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { functionResources, openRig, writeStack } from './rig.ts';

/** Comprehend, Translate and SES as the SDK's own clients see them. */
const written = writeStack(
  {
    Sender: { Type: 'AWS::SES::EmailIdentity', Properties: { EmailIdentity: 'calls@example.com' } },
    ...functionResources('Worker', {}, [
      {
        Effect: 'Allow',
        Action: ['comprehend:DetectSentiment', 'comprehend:BatchDetectSentiment', 'translate:TranslateText'],
        Resource: '*',
      },
      {
        Effect: 'Allow',
        Action: 'ses:SendEmail',
        Resource: 'arn:aws:ses:eu-central-1:123456789012:identity/calls@example.com',
      },
    ]),
    ...functionResources('Poor'),
  },
  { Worker: 'export const handler = async () => 1;', Poor: 'export const handler = async () => 1;' },
);
const desk = await openRig(written.stack);
const configOf = (name: string) => ({
  endpoint: desk.services.url,
  region: 'eu-central-1',
  credentials: desk.principals.assume(
    desk.functions.all.find(({ label }) => label === name)!.roleArn,
    'lambda.amazonaws.com',
  ),
  maxAttempts: 1,
});
const comprehend = new ComprehendClient(configOf('Worker'));
const translate = new TranslateClient(configOf('Worker'));
const ses = new SESv2Client(configOf('Worker'));

const nameOf = async (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: Error) => error.name,
  );
const sentiment = (Text: string, LanguageCode = 'en') =>
  comprehend.send(new DetectSentimentCommand({ Text, LanguageCode: LanguageCode as 'en' }));
const translation = (Text: string, SourceLanguageCode = 'fr') =>
  translate.send(new TranslateTextCommand({ Text, SourceLanguageCode, TargetLanguageCode: 'en' }));

const texts: readonly (readonly [text: string, language: string, sentiment: string])[] = [
  ['The staff was friendly and the food delicious. We recommend it.', 'en', 'POSITIVE'],
  ['Terrible service. The waiter was rude and the soup cold.', 'en', 'NEGATIVE'],
  ['The shop opens at nine and closes at five on every day of the week but Sunday.', 'en', 'NEUTRAL'],
  ['Great food, terrible service.', 'en', 'MIXED'],
  ['Das Essen war gut und alle freundlich.', 'de', 'POSITIVE'],
  ['こんにちは', 'ja', 'NEUTRAL'],
];
for (const [text, language, expected] of texts) {
  test(`${text}: ${expected}`, async () => {
    const { Sentiment, SentimentScore } = await sentiment(text, language);
    assert.is(Sentiment, expected);
    const scores = Object.values(SentimentScore!);
    assert.is(scores.length, 4);
    assert.ok(Math.abs(scores.reduce((sum, one) => sum + one, 0) - 1) < 1e-9);
    assert.ok(scores.every((score) => score > 0 && score < 1));
  });
}

test('Comprehend takes 5000 bytes, not characters', async () => {
  assert.is(await nameOf(sentiment('a'.repeat(5000))), 'done');
  assert.is(await nameOf(sentiment('a'.repeat(5001))), 'TextSizeLimitExceededException');
  assert.is(await nameOf(sentiment('ä'.repeat(2500))), 'done');
  assert.is(await nameOf(sentiment('ä'.repeat(2501))), 'TextSizeLimitExceededException');
  assert.is(await nameOf(sentiment(' ')), 'InvalidRequestException');
  assert.is(await nameOf(sentiment('hej', 'sv')), 'ValidationException');
});

const batch = (TextList: string[]) =>
  comprehend.send(new BatchDetectSentimentCommand({ TextList, LanguageCode: 'en' }));

test('a batch has up to 25 documents; one of them can fail by itself', async () => {
  const { ResultList, ErrorList } = await batch(['good', 'bad']);
  assert.equal(
    ResultList?.map(({ Index, Sentiment }) => [Index, Sentiment]),
    [
      [0, 'POSITIVE'],
      [1, 'NEGATIVE'],
    ],
  );
  assert.equal(ErrorList, []);
  assert.is(await nameOf(batch(Array(26).fill('good'))), 'BatchSizeLimitExceededException');
  assert.is(await nameOf(batch(['good', 'a'.repeat(5001)])), 'TextSizeLimitExceededException');
  desk.comprehend.failDocuments(1);
  const half = await batch(['good', 'bad']);
  assert.equal([half.ResultList?.map(({ Index }) => Index), half.ErrorList?.[0]?.Index], [[1], 0]);
});

test('requests fail when they are told to, as often as they are told to', async () => {
  desk.comprehend.failNext('ThrottlingException', { times: 2, operation: 'DetectSentiment' });
  assert.is(await nameOf(batch(['good'])), 'done');
  assert.is(await nameOf(sentiment('good')), 'ThrottlingException');
  assert.is(await nameOf(sentiment('good')), 'ThrottlingException');
  assert.is(await nameOf(sentiment('good')), 'done');
});

test('Translate knows some words and marks the others', async () => {
  const { TranslatedText } = await translation('Merci, votre service est excellent et rapide.');
  assert.is(
    TranslatedText,
    'Thank you, your service is excellent et rapide.'.replace('et rapide', 'and ‹rapide›'),
  );
  assert.is(await nameOf(translation('a'.repeat(10_000))), 'done');
  assert.is(await nameOf(translation('a'.repeat(10_001))), 'TextSizeLimitExceededException');
  assert.is(await nameOf(translation('tlhIngan', 'tlh')), 'UnsupportedLanguagePairException');
});

const mail = (change: Partial<SendEmailCommandInput> = {}) =>
  ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'Calls <calls@example.com>',
      Destination: { ToAddresses: ['boss@example.org'] },
      Content: { Simple: { Subject: { Data: 'A call' }, Body: { Text: { Data: 'Somebody is angry' } } } },
      ...change,
    }),
  );

test('SES keeps what it sends, from identities of the template only', async () => {
  const { MessageId } = await mail();
  assert.equal(desk.ses.mails, [
    {
      id: MessageId,
      from: 'calls@example.com',
      to: ['boss@example.org'],
      subject: 'A call',
      text: 'Somebody is angry',
      html: '',
    },
  ]);
  assert.ok(desk.lines.some((line) => line === 'mail Somebody is angry'));
  assert.is(await nameOf(mail({ FromEmailAddress: 'else@example.com' })), 'AccessDeniedException');
  assert.is(await nameOf(mail({ Destination: {} })), 'BadRequestException');
  assert.is(await nameOf(mail({ ConfigurationSetName: 'x' })), 'BadRequestException');
  assert.is(await nameOf(mail({ Content: { Raw: { Data: Buffer.from('x') } } })), 'BadRequestException');
  desk.ses.failNext('TooManyRequestsException', { status: 429 });
  assert.is(await nameOf(mail()), 'TooManyRequestsException');
  assert.is(desk.ses.mails.length, 1);
});

test('a role without a grant gets nothing from any of them', async () => {
  const poor = configOf('Poor');
  const refused = 'AccessDeniedException';
  const Text = 'good';
  const LanguageCode = 'en';
  assert.is(
    await nameOf(new ComprehendClient(poor).send(new DetectSentimentCommand({ Text, LanguageCode }))),
    refused,
  );
  const pair = { SourceLanguageCode: 'fr', TargetLanguageCode: 'en' };
  assert.is(
    await nameOf(new TranslateClient(poor).send(new TranslateTextCommand({ Text, ...pair }))),
    refused,
  );
});

test.after(async () => {
  await desk.close();
  written.remove();
});

test.run();
