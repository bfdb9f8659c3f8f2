import {
  BatchDetectSentimentCommand,
  type ComprehendClient,
  type LanguageCode,
} from '@aws-sdk/client-comprehend';
import { bytesOf, chunksOf } from './chunks.lambda-shared.ts';
import { SENTIMENT_BATCH, SENTIMENT_BYTES } from './constants.ts';

/** Each within 0..1, together 1. */
export interface Scores {
  readonly Positive: number;
  readonly Negative: number;
  readonly Neutral: number;
  readonly Mixed: number;
}

export interface Analysis extends Scores {
  /** `NONE` where nothing was said. */
  readonly Sentiment: 'POSITIVE' | 'NEGATIVE' | 'NEUTRAL' | 'MIXED' | 'NONE';
}

const KINDS = ['Positive', 'Negative', 'Neutral', 'Mixed'] as const;
const NOTHING: Analysis = { Sentiment: 'NONE', Positive: 0, Negative: 0, Neutral: 0, Mixed: 0 };

/**
 * The sentiment of each of some texts of any length: what is too long for Comprehend is analysed in parts, which count by their
 * length.
 * @throws Error when Comprehend does not answer for every part
 */
export async function analyse(
  client: ComprehendClient,
  language: string,
  texts: readonly string[],
): Promise<Analysis[]> {
  const parts = texts.flatMap((text, of) => chunksOf(text, SENTIMENT_BYTES).map((chunk) => ({ of, chunk })));
  const scores: Scores[] = [];
  for (let from = 0; from < parts.length; from += SENTIMENT_BATCH) {
    const chunks = parts.slice(from, from + SENTIMENT_BATCH).map(({ chunk }) => chunk);
    scores.push(...(await scoresOf(client, language, chunks)));
  }
  return texts.map((_, of) => {
    const own = parts.flatMap((part, at) =>
      part.of === of ? [{ weight: bytesOf(part.chunk), scores: scores[at]! }] : [],
    );
    return own.length === 0 ? NOTHING : combined(own);
  });
}

/** Weighted by length; the highest of the four gives its name. */
export function combined(parts: readonly { readonly weight: number; readonly scores: Scores }[]): Analysis {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  const mean = (kind: keyof Scores) =>
    parts.reduce((sum, { weight, scores }) => sum + (weight / total) * scores[kind], 0);
  const result = {
    Positive: mean('Positive'),
    Negative: mean('Negative'),
    Neutral: mean('Neutral'),
    Mixed: mean('Mixed'),
  };
  const highest = KINDS.reduce((best, kind) => (result[kind] > result[best] ? kind : best));
  return { Sentiment: highest.toUpperCase() as Analysis['Sentiment'], ...result };
}

/** Documents that fail alone are asked for once more; then the whole is to be tried again later. */
async function scoresOf(
  client: ComprehendClient,
  language: string,
  texts: readonly string[],
): Promise<Scores[]> {
  const found = new Map<number, Scores>();
  let failure = '';
  for (let attempt = 0; attempt < 2 && found.size < texts.length; attempt++) {
    const missing = texts.map((_, at) => at).filter((at) => !found.has(at));
    const { ResultList = [], ErrorList = [] } = await client.send(
      new BatchDetectSentimentCommand({
        LanguageCode: language as LanguageCode,
        TextList: missing.map((at) => texts[at]!),
      }),
    );
    for (const { Index, SentimentScore } of ResultList) {
      const { Positive = 0, Negative = 0, Neutral = 0, Mixed = 0 } = SentimentScore ?? {};
      found.set(missing[Index!]!, { Positive, Negative, Neutral, Mixed });
    }
    failure = ErrorList.map(({ ErrorCode, ErrorMessage }) => `${ErrorCode}: ${ErrorMessage}`).join('; ');
  }
  if (found.size < texts.length) {
    throw new Error(`Comprehend answered for ${found.size} of ${texts.length} parts; ${failure}`);
  }
  return texts.map((_, at) => found.get(at)!);
}
