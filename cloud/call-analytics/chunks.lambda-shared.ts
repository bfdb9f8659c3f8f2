/** After a mark, what closes behind it, and a blank; no blank stands behind the marks of Chinese and Japanese. */
const SENTENCE_END = /(?<=[.!?…]["'”’»)\]]*\s)|(?<=[。！？])/u;

/**
 * A character with its marks and what is joined to it. Intl.Segmenter knows more of them, but copies the whole text along with every
 * segment: for four hours of speech that is gigabytes.
 */
const CHARACTER = /.(?:[\p{M}\p{Emoji_Modifier}]|\u200d.)*/gsu;

/** From the coarse to the fine: sentences, words, characters with what is combined with them. */
const SPLITS: readonly ((text: string) => string[])[] = [
  (text) => text.split(SENTENCE_END),
  (text) => text.match(/\S+\s*|\s+/g) ?? [],
  (text) => text.match(CHARACTER) ?? [],
];

/**
 * Cuts a text into parts of at most `maxBytes` of UTF-8: at the ends of sentences where it can, else between words, and
 * inside a word only where one alone is too long; never inside a character. No part is blank, none begins or ends with a blank.
 */
export function chunksOf(text: string, maxBytes: number): string[] {
  const chunks: string[] = [];
  let current = '';
  for (const piece of piecesOf(text, maxBytes, 0)) {
    if (bytesOf((current + piece).trim()) > maxBytes) {
      chunks.push(current.trim());
      current = '';
    }
    current += piece;
  }
  return [...chunks, current.trim()].filter((chunk) => chunk !== '');
}

export function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

function piecesOf(text: string, maxBytes: number, level: number): string[] {
  const split = SPLITS[level];
  if (!split || bytesOf(text.trim()) <= maxBytes) return [text];
  return split(text).flatMap((piece) => piecesOf(piece, maxBytes, level + 1));
}
