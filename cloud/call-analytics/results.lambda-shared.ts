import { type AttributeValue, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { bytesOf } from './chunks.lambda-shared.ts';
import { EXCERPT_LENGTH, MAX_TRANSCRIPT_BYTES } from './constants.ts';
import type { JobOrigin } from './jobs.lambda-shared.ts';
import type { Analysis } from './sentiment.lambda-shared.ts';

export interface Result {
  /** What was analysed: in the base language where it was translated. */
  readonly transcript: string;
  /** Where the whole of it is. */
  readonly transcriptKey: string;
  readonly translated: boolean;
  readonly sentiment: Analysis;
  readonly speakers: ReadonlyMap<string, Analysis>;
}

/**
 * Puts down what came of a recording: the post's fields, and some more.
 * @returns false when the table knows this version of the recording, or a later one, already: results come twice, and
 * those of an older version may come last
 */
export async function keep(
  client: DynamoDBClient,
  table: string,
  { job, key, version, language }: JobOrigin,
  came: { readonly result: Result } | { readonly failure: string },
  nowMs: number,
): Promise<boolean> {
  try {
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: {
          partitionKey: { S: key },
          created: { N: `${Math.floor(nowMs / 1000)}` },
          version: { S: version },
          job: { S: job },
          ...(language === null ? {} : { language: { S: language } }),
          ...('result' in came ? attributesOf(came.result) : { failure: { S: came.failure } }),
        },
        ConditionExpression: 'attribute_not_exists(partitionKey) OR #version < :version',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':version': { S: version } },
      }),
    );
    return true;
  } catch (error) {
    if ((error as Error).name === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}

function attributesOf(result: Result): Record<string, AttributeValue> {
  const { transcript, transcriptKey, translated, sentiment, speakers } = result;
  const whole = bytesOf(transcript) <= MAX_TRANSCRIPT_BYTES;
  const each = [...speakers].map(([speaker, one]) => [speaker, { M: scoresOf(one) }] as const);
  return {
    transcript: { S: whole ? transcript : `${[...transcript].slice(0, EXCERPT_LENGTH).join('')}…` },
    transcriptKey: { S: transcriptKey },
    ...(whole ? {} : { transcriptCut: { BOOL: true } }),
    ...(translated ? { translated: { BOOL: true } } : {}),
    ...scoresOf(sentiment),
    ...(each.length > 0 ? { speakers: { M: Object.fromEntries(each) } } : {}),
  };
}

function scoresOf({
  Sentiment,
  Positive,
  Negative,
  Neutral,
  Mixed,
}: Analysis): Record<string, AttributeValue> {
  return {
    Sentiment: { S: Sentiment },
    Positive: { N: `${Positive}` },
    Negative: { N: `${Negative}` },
    Neutral: { N: `${Neutral}` },
    Mixed: { N: `${Mixed}` },
  };
}
