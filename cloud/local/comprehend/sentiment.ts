import { wordsIn } from '../desk/words.ts';
import { WORDS } from './words.ts';

export interface SentimentScore {
  readonly Positive: number;
  readonly Negative: number;
  readonly Neutral: number;
  readonly Mixed: number;
}

export interface Sentiment {
  readonly Sentiment: 'POSITIVE' | 'NEGATIVE' | 'NEUTRAL' | 'MIXED';
  readonly SentimentScore: SentimentScore;
}

/** Each of the four has at least this much, as with the service. */
const FLOOR = 0.01;

/**
 * Counts words of a list. In a language without a list everything is neutral. The four scores are each within 0..1 and add
 * up to 1, as those of the service do.
 */
export function sentimentOf(text: string, language: string): Sentiment {
  const { good, bad } = WORDS[language] ?? { good: [], bad: [] };
  const words = wordsIn(text.toLowerCase(), language)
    .filter(({ isWordLike }) => isWordLike)
    .map(({ segment }) => segment);
  const count = (stems: readonly string[]) =>
    words.filter((word) => stems.some((stem) => word.startsWith(stem))).length;
  const [positive, negative] = [count(good), count(bad)];
  // One word in ten that says something is plenty.
  const neutral = Math.max(0.5, words.length / 10 - positive - negative);
  const mixed = 1.5 * Math.min(positive, negative);
  const total = positive + negative + neutral + mixed;
  const share = (weight: number) => FLOOR + (1 - 4 * FLOOR) * (weight / total);
  const SentimentScore = {
    Positive: share(positive),
    Negative: share(negative),
    Neutral: share(neutral),
    Mixed: share(mixed),
  };
  const [highest] = Object.entries(SentimentScore).sort(([, a], [, b]) => b - a)[0]!;
  return { Sentiment: highest.toUpperCase() as Sentiment['Sentiment'], SentimentScore };
}
