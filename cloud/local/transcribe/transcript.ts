import { wordsIn } from '../desk/words.ts';
import type { Speech, Turn } from './speech.ts';

/** Two words a second and a breath between turns: times that are made up, in order. */
const WORD_S = 0.5;
const BREATH_S = 0.7;
/** What the engine says of words that it was told. */
const SURE = '1.0';

export interface TranscriptOptions {
  readonly jobName: string;
  readonly accountId: string;
  readonly speech: Speech;
  /** Null where speakers are not asked for. */
  readonly maxSpeakers: number | null;
  readonly language: string;
  readonly identified: boolean;
}

interface Item {
  readonly id: number;
  readonly type: 'pronunciation' | 'punctuation';
  readonly alternatives: readonly { readonly confidence: string; readonly content: string }[];
  readonly start_time?: string;
  readonly end_time?: string;
  readonly speaker_label?: string;
}

/**
 * The result of a job in the shape of https://docs.aws.amazon.com/transcribe/latest/dg/how-input.html#how-output and, with
 * speakers, https://docs.aws.amazon.com/transcribe/latest/dg/diarization-output-batch.html.
 */
export function transcriptOf(options: TranscriptOptions): object {
  const { jobName, accountId, speech, maxSpeakers, language, identified } = options;
  const items: Item[] = [];
  const segments: object[] = [];
  const audioSegments: object[] = [];
  let atS = 0;
  for (const [at, turn] of speech.turns.entries()) {
    const label = maxSpeakers === null ? null : labelOf(turn, maxSpeakers);
    const own = itemsOf(turn.text, language, items.length, atS, label);
    items.push(...own);
    const [startS, endS] = [atS, atS + WORD_S * own.filter(({ type }) => type === 'pronunciation').length];
    const times = { start_time: startS.toFixed(2), end_time: endS.toFixed(2) };
    audioSegments.push({
      id: at,
      transcript: turn.text,
      ...times,
      ...(label === null ? {} : { speaker_label: label }),
      items: own.map(({ id }) => id),
    });
    const spoken = own.filter(({ type }) => type === 'pronunciation');
    segments.push({
      ...times,
      speaker_label: label,
      items: spoken.map(({ start_time, end_time }) => ({ start_time, end_time, speaker_label: label })),
    });
    atS = endS + BREATH_S;
  }
  const speakers = new Set(speech.turns.map((turn) => labelOf(turn, maxSpeakers ?? 1))).size;
  return {
    jobName,
    accountId,
    status: 'COMPLETED',
    results: {
      ...(identified
        ? { language_code: language, language_identification: [{ score: SURE, code: language }] }
        : {}),
      transcripts: [{ transcript: speech.turns.map(({ text }) => text).join(' ') }],
      ...(maxSpeakers === null ? {} : { speaker_labels: { channel_label: 'ch_0', speakers, segments } }),
      items,
      audio_segments: audioSegments,
    },
  };
}

/** More speakers than were asked for are heard as the last one. */
function labelOf({ speaker }: Turn, maxSpeakers: number): string {
  return `spk_${Math.min(speaker, maxSpeakers - 1)}`;
}

function itemsOf(
  text: string,
  language: string,
  firstId: number,
  fromS: number,
  label: string | null,
): Item[] {
  let atS = fromS;
  return wordsIn(text, language)
    .filter(({ segment }) => segment.trim() !== '')
    .map(({ segment, isWordLike }, index) => {
      const item = {
        id: firstId + index,
        ...(label === null ? {} : { speaker_label: label }),
        alternatives: [{ confidence: isWordLike ? SURE : '0.0', content: segment }],
      };
      if (!isWordLike) return { ...item, type: 'punctuation' as const };
      const start_time = atS.toFixed(2);
      atS += WORD_S;
      return { ...item, type: 'pronunciation' as const, start_time, end_time: atS.toFixed(2) };
    });
}
