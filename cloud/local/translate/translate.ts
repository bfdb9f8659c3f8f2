import { type FaultOptions, Faults } from '../services/faults.ts';
import { ApiError, jsonApi, onlyFields, textIn } from '../services/json-api.ts';
import type { Service } from '../services/services.ts';
import { translated } from './dictionary.ts';

/** https://docs.aws.amazon.com/translate/latest/dg/what-is-limits.html */
const MAX_BYTES = 10_000;
/** https://docs.aws.amazon.com/translate/latest/dg/what-is-languages.html */
const LANGUAGES =
  'af sq am ar hy az bn bs bg ca zh zh-TW hr cs da fa-AF nl en et fa tl fi fr fr-CA ka de el gu ht ha he hi hu is id ga it ja kn kk ko lv lt mk ms ml mt mr mn no ps pl pt pt-PT pa ro ru sr si sk sl so es es-MX sw sv ta te th tr uk ur uz vi cy'.split(
    ' ',
  );

/**
 * Amazon Translate, of which there is TranslateText between two named languages, word for word by a small dictionary. Limits
 * and errors are those of https://docs.aws.amazon.com/translate/latest/APIReference/API_TranslateText.html.
 */
export class Translate {
  readonly #faults = new Faults();

  readonly serve: Service = jsonApi(
    'translate',
    {
      TranslateText: {
        run(input) {
          onlyFields(input, ['SourceLanguageCode', 'TargetLanguageCode', 'Text'], 'InvalidRequestException');
          const text = textIn(input, 'Text', 'InvalidRequestException');
          const from = textIn(input, 'SourceLanguageCode', 'InvalidRequestException', 5);
          const to = textIn(input, 'TargetLanguageCode', 'InvalidRequestException', 5);
          if (Buffer.byteLength(text) > MAX_BYTES) {
            const message = `Input text size exceeds limit. Max length of request text allowed is ${MAX_BYTES} bytes while in this request the text size is ${Buffer.byteLength(text)} bytes`;
            throw new ApiError('TextSizeLimitExceededException', message);
          }
          if (!LANGUAGES.includes(from) || !LANGUAGES.includes(to)) {
            const message = `Unsupported language pair: ${from} to ${to}.`;
            throw new ApiError('UnsupportedLanguagePairException', message);
          }
          return {
            TranslatedText: translated(text, from, to),
            SourceLanguageCode: from,
            TargetLanguageCode: to,
          };
        },
      },
    },
    this.#faults,
  );

  /** Makes requests to come fail, `ThrottlingException` for one. */
  failNext(code: string, options?: FaultOptions): void {
    this.#faults.failNext(code, options);
  }
}
