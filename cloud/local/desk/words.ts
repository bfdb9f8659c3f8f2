export interface Word {
  readonly segment: string;
  /** Not so: a mark, or a blank. */
  readonly isWordLike: boolean;
}

/**
 * The words of a text and what is between them. Intl.Segmenter gives the whole of its input along with every segment, a copy each
 * time, so it gets one piece between blanks at a time.
 */
export function wordsIn(text: string, language: string): Word[] {
  const segmenter = new Intl.Segmenter(language, { granularity: 'word' });
  return text
    .split(/(\s+|(?<=[。！？、]))/u)
    .filter((piece) => piece !== '' && piece !== undefined)
    .flatMap((piece) =>
      [...segmenter.segment(piece)].map(({ segment, isWordLike }) => ({
        segment,
        isWordLike: isWordLike === true,
      })),
    );
}
