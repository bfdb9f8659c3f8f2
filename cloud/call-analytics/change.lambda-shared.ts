import type { AttributeValue, DynamoDBRecord } from 'aws-lambda';
import { EXCERPT_LENGTH } from './constants.ts';

/** A result as it was written to the table. */
export interface ChangedResult {
  /** Of this version of the recording, and of no other. */
  readonly id: string;
  readonly key: string;
  readonly job: string;
  readonly language: string | null;
  readonly failure: string | null;
  readonly sentiment: string | null;
  readonly scores: Readonly<Record<string, number>>;
  readonly speakers: Readonly<Record<string, string>>;
  readonly transcriptKey: string | null;
  readonly excerpt: string;
}

/** @throws Error when the record has no new image of a result */
export function changedResult({ eventID, dynamodb }: DynamoDBRecord): ChangedResult {
  const image = dynamodb?.NewImage;
  const text = (name: string) => image?.[name]?.S ?? null;
  const [key, job] = [text('partitionKey'), text('job')];
  if (!image || key === null || job === null) throw new Error(`Expected a result in the record ${eventID}`);
  const speakers = Object.entries((image.speakers?.M ?? {}) as Readonly<Record<string, AttributeValue>>);
  const scores = ['Positive', 'Negative', 'Neutral', 'Mixed'].filter((name) => image[name] !== undefined);
  return {
    id: job,
    key,
    job,
    language: text('language'),
    failure: text('failure'),
    sentiment: text('Sentiment'),
    scores: Object.fromEntries(scores.map((name) => [name, Number(image[name]?.N)])),
    speakers: Object.fromEntries(speakers.map(([name, { M }]) => [name, M?.Sentiment?.S ?? ''])),
    transcriptKey: text('transcriptKey'),
    excerpt: [...(text('transcript') ?? '')].slice(0, EXCERPT_LENGTH).join(''),
  };
}
