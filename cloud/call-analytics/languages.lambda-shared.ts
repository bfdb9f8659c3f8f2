/** https://docs.aws.amazon.com/comprehend/latest/dg/supported-languages.html#supported-languages-feature */
const COMPREHEND = ['ar', 'de', 'en', 'es', 'fr', 'hi', 'it', 'ja', 'ko', 'pt', 'zh', 'zh-TW'];

/** Where Comprehend and Translate do not go by the first part of Transcribe's codes alone. */
const TAIWAN = ['zh-TW', 'zh-HK'];
/** https://docs.aws.amazon.com/translate/latest/dg/what-is-languages.html */
const REGIONS_OF_TRANSLATE = ['es-MX', 'fa-AF', 'fr-CA', 'pt-PT', 'zh-TW'];

/** A language as people write it (`fr-fr`, `FR_FR`) in the letters of Transcribe (`fr-FR`). */
export function transcribeLanguage(text: string): string {
  const [language = '', ...rest] = text.trim().split(/[-_]/);
  return [language.toLowerCase(), ...rest.map((part) => part.toUpperCase())].join('-');
}

/** @param code as Transcribe has it. @returns null when Comprehend does not take it */
export function comprehendLanguage(code: string): string | null {
  const language = TAIWAN.includes(code) ? 'zh-TW' : firstPart(code);
  return COMPREHEND.includes(language) ? language : null;
}

/** @param code as Transcribe has it */
export function translateLanguage(code: string): string {
  if (TAIWAN.includes(code)) return 'zh-TW';
  return REGIONS_OF_TRANSLATE.includes(code) ? code : firstPart(code);
}

function firstPart(code: string): string {
  return code.split('-')[0] ?? code;
}
