export interface Word {
  readonly segment: string;
  /** Not so: a mark, or a blank. */
  readonly isWordLike: boolean;
}

/** Letters and digits, with an apostrophe or hyphen inside; blanks; any other mark alone. */
const PARTS = /[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*|\s+|./gsu;
/** Scripts that put no blanks between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

/** The words of a text and what is between them, in order and without loss. */
export function wordsIn(text: string, language: string): Word[] {
  return (text.match(PARTS) ?? []).flatMap((part) =>
    UNSPACED.test(part)
      ? segmented(part, language)
      : { segment: part, isWordLike: /[\p{L}\p{N}]/u.test(part) },
  );
}

/** Slow, and worse for long texts: with every segment Intl.Segmenter gives a copy of the whole input. */
function segmented(part: string, language: string): Word[] {
  return [...new Intl.Segmenter(language, { granularity: 'word' }).segment(part)].map(
    ({ segment, isWordLike }) => ({ segment, isWordLike: isWordLike === true }),
  );
}
