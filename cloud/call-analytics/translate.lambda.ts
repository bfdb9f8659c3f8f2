import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { TranscribeClient } from '@aws-sdk/client-transcribe';
import { TranslateClient, TranslateTextCommand } from '@aws-sdk/client-translate';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { eachMessage } from '../common/batch.lambda-shared.ts';
import { writeMetrics } from '../common/emf.lambda-shared.ts';
import { type Environment, required } from '../common/environment.lambda-shared.ts';
import { linesOf, transcriptIn } from './call.lambda-shared.ts';
import { chunksOf } from './chunks.lambda-shared.ts';
import { BASE_LANGUAGE, METRICS_NAMESPACE, TEXTS, TRANSLATE_BYTES } from './constants.ts';
import { originOf } from './jobs.lambda-shared.ts';
import { comprehendLanguage, translateLanguage } from './languages.lambda-shared.ts';
import { readObject } from './objects.lambda-shared.ts';
import { jobNameIn, storedObjectIn } from './recording.lambda-shared.ts';

type Handler = (event: SQSEvent) => Promise<SQSBatchResponse>;

/** A transcript in another language was stored: its translation goes beside it as text, which the sentiment is made of. */
export function createTranslate(
  env: Environment,
  clients = {
    s3: new S3Client({}),
    transcribe: new TranscribeClient({}),
    translate: new TranslateClient({}),
  },
): Handler {
  const always = required(env, 'TRANSLATE') === 'always';

  return eachMessage(async ({ body }: SQSRecord) => {
    const { bucket, key } = storedObjectIn(body);
    const job = jobNameIn(key);
    const { bytes } = await readObject(clients.s3, bucket, key);
    const call = transcriptIn(bytes);
    const spoken = call.language ?? (await originOf(clients.transcribe, job)).language;
    if (spoken === null) throw new Error(`Nothing says in which language ${key} is`);
    const analysed = comprehendLanguage(spoken);
    const asItIs = analysed === BASE_LANGUAGE || (analysed !== null && !always);
    const lines = asItIs ? linesOf(call) : await translated(clients.translate, spoken, linesOf(call));
    await clients.s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: `${TEXTS}${job}.txt`,
        Body: lines.join('\n'),
        ContentType: 'text/plain; charset=utf-8',
        Metadata: { language: asItIs ? analysed : BASE_LANGUAGE, translated: `${!asItIs}` },
      }),
    );
    writeMetrics(
      METRICS_NAMESPACE,
      { Translated: asItIs ? 0 : 1 },
      { level: 'INFO', message: asItIs ? 'passed on' : 'translated', job, spoken },
    );
  });
}

/** Line by line: who speaks stands before a line and is not translated. */
async function translated(
  client: TranslateClient,
  spoken: string,
  lines: readonly string[],
): Promise<string[]> {
  const result: string[] = [];
  for (const line of lines) {
    const [, speaker = '', text = ''] = /^(spk_\d+: )?(.*)$/s.exec(line) ?? [];
    const parts: string[] = [];
    for (const chunk of chunksOf(text, TRANSLATE_BYTES)) {
      const { TranslatedText = '' } = await client.send(
        new TranslateTextCommand({
          Text: chunk,
          SourceLanguageCode: translateLanguage(spoken),
          TargetLanguageCode: BASE_LANGUAGE,
        }),
      );
      parts.push(TranslatedText);
    }
    result.push(speaker + parts.join(' '));
  }
  return result;
}

let take: Handler | undefined;
export const handler: Handler = (event) => {
  take ??= createTranslate(process.env);
  return take(event);
};
