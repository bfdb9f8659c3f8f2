import { wordsIn } from '../desk/words.ts';

/**
 * A few words into English, by language: those of the calls that tests and people on a desk make up. Whatever is not here
 * stays what it is, in marks: nobody shall take it for a translation.
 */
const DICTIONARY: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  fr: {
    au: 'at the',
    bonjour: 'hello',
    cassé: 'broken',
    "c'est": 'it is',
    content: 'happy',
    contente: 'happy',
    est: 'is',
    et: 'and',
    excellent: 'excellent',
    horrible: 'horrible',
    je: 'I',
    jamais: 'never',
    la: 'the',
    le: 'the',
    lent: 'slow',
    mauvais: 'bad',
    merci: 'thank you',
    mon: 'my',
    parfait: 'perfect',
    robot: 'robot',
    service: 'service',
    suis: 'am',
    terrible: 'terrible',
    très: 'very',
    votre: 'your',
  },
  sv: {
    aldrig: 'never',
    bra: 'good',
    det: 'it',
    dålig: 'bad',
    en: 'a',
    glad: 'happy',
    hej: 'hello',
    hemsk: 'terrible',
    jag: 'I',
    långsam: 'slow',
    mycket: 'very',
    och: 'and',
    roboten: 'the robot',
    tack: 'thank you',
    trasig: 'broken',
    utmärkt: 'excellent',
    är: 'is',
  },
};

/** Word for word. @returns the text where both languages are one */
export function translated(text: string, from: string, to: string): string {
  if (from === to) return text;
  const words = to === 'en' ? (DICTIONARY[from] ?? {}) : {};
  return wordsIn(text, from)
    .map(({ segment, isWordLike }) => {
      if (!isWordLike) return segment;
      const lower = segment.toLowerCase();
      const known = Object.hasOwn(words, lower) ? words[lower]! : null;
      if (known === null) return `‹${segment}›`;
      return segment === lower ? known : known.charAt(0).toUpperCase() + known.slice(1);
    })
    .join('');
}
