/**
 * What there is to hear in a recording. The desk recognizes nothing: somebody has to say it, in the register of the engine
 * or in the object's own metadata (`x-amz-meta-desk-speech`, percent-encoded).
 */
export interface Speech {
  /** As in `en-US`: what identification finds. */
  readonly language: string | null;
  readonly turns: readonly Turn[];
}

export interface Turn {
  /** From 0. */
  readonly speaker: number;
  readonly text: string;
}

/** A recording that can't be transcribed, with the reason that the job gives. */
export interface Unheard {
  readonly failure: string;
}

export const SPEECH_METADATA = 'desk-speech';
export const LANGUAGE_METADATA = 'desk-language';

/** @param text a line for each turn; `spk_1: ` before it says who speaks, 0 without */
export function speechOf(text: string, language: string | null = null): Speech {
  const turns = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, speaker = '0', words = ''] = /^(?:spk_(\d+): )?(.*)$/s.exec(line) ?? [];
      return { speaker: Number(speaker), text: words };
    });
  return { language, turns };
}

/** What the metadata of a recording says is to be heard in it; null: nothing. */
export function speechIn(metadata: Readonly<Record<string, string>>): Speech | null {
  const told = metadata[SPEECH_METADATA];
  if (told === undefined) return null;
  return speechOf(decodeURIComponent(told), metadata[LANGUAGE_METADATA] ?? null);
}
