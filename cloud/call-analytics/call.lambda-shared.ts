/** What was said in a call. */
export interface Call {
  readonly text: string;
  /** In their order; none where speakers were not told apart. */
  readonly turns: readonly Turn[];
}

export interface Turn {
  /** As in `spk_0`. */
  readonly speaker: string;
  readonly text: string;
}

interface Item {
  readonly type?: string;
  readonly speaker_label?: string;
  readonly alternatives?: readonly { readonly content?: string }[];
}

interface AudioSegment {
  readonly transcript?: string;
  readonly speaker_label?: string;
}

export interface Transcript extends Call {
  /** What was identified; null when the job was told. */
  readonly language: string | null;
}

/**
 * Reads the result of a job: https://docs.aws.amazon.com/transcribe/latest/dg/how-input.html#how-output
 * @throws Error when the bytes are no UTF-8, no JSON or no transcript
 */
export function transcriptIn(bytes: Uint8Array): Transcript {
  const { results } = (JSON.parse(utf8(bytes)) ?? {}) as {
    readonly results?: {
      readonly language_code?: string;
      readonly transcripts?: readonly { readonly transcript?: string }[];
      readonly audio_segments?: readonly AudioSegment[];
      readonly items?: readonly Item[];
    };
  };
  const transcripts = results?.transcripts;
  if (!Array.isArray(transcripts) || transcripts.some(({ transcript }) => typeof transcript !== 'string')) {
    throw new Error('Expected a transcript of Amazon Transcribe but received another JSON');
  }
  const segments = (results?.audio_segments ?? []).filter(({ speaker_label }) => speaker_label !== undefined);
  const turns = segments.length > 0 ? turnsOfSegments(segments) : turnsOfItems(results?.items ?? []);
  return {
    text: transcripts
      .map(({ transcript }) => transcript)
      .join(' ')
      .trim(),
    turns,
    language: results?.language_code ?? null,
  };
}

/** A translated call, one turn a line. @throws Error when the bytes are no UTF-8 */
export function callIn(bytes: Uint8Array): Call {
  const lines = utf8(bytes)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const turns = lines.flatMap((line) => {
    const [, speaker, text] = SPOKEN.exec(line) ?? [];
    return speaker === undefined || text === undefined ? [] : [{ speaker, text }];
  });
  return { text: lines.map((line) => line.replace(SPOKEN, '$2')).join(' '), turns };
}

/** The text of a call, to be read again by `callIn`. */
export function linesOf({ text, turns }: Call): string[] {
  const oneLine = (part: string) => part.replace(/\s*\n\s*/g, ' ');
  return turns.length > 0 ? turns.map((turn) => `${turn.speaker}: ${oneLine(turn.text)}`) : [oneLine(text)];
}

/** What each speaker said, together. */
export function textsBySpeaker({ turns }: Call): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { speaker, text } of turns) {
    const before = texts.get(speaker);
    texts.set(speaker, before === undefined ? text : `${before} ${text}`);
  }
  return texts;
}

const SPOKEN = /^(spk_\d+): (.*)$/s;

/** @throws Error at the first byte that is no UTF-8: what is made up in its place would be analysed as if it had been said */
function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('Expected UTF-8 but received other bytes');
  }
}

function turnsOfSegments(segments: readonly AudioSegment[]): Turn[] {
  return joined(
    segments.map(({ speaker_label = '', transcript = '' }) => ({ speaker: speaker_label, text: transcript })),
  );
}

function turnsOfItems(items: readonly Item[]): Turn[] {
  const words = items.filter(({ speaker_label }) => speaker_label !== undefined);
  const turns: { speaker: string; text: string }[] = [];
  for (const { speaker_label: speaker = '', type, alternatives } of words) {
    const word = alternatives?.[0]?.content ?? '';
    const last = turns.at(-1);
    if (last?.speaker !== speaker) turns.push({ speaker, text: word });
    else last.text += type === 'punctuation' ? word : ` ${word}`;
  }
  return turns;
}

/** Segments of the same speaker, one after the other, are one turn. */
function joined(turns: readonly Turn[]): Turn[] {
  const result: { speaker: string; text: string }[] = [];
  for (const { speaker, text } of turns) {
    const last = result.at(-1);
    if (last?.speaker === speaker) last.text += ` ${text}`;
    else result.push({ speaker, text });
  }
  return result;
}
