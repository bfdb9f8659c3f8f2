import { type FaultOptions, Faults } from '../services/faults.ts';
import { ApiError, type Input, jsonApi, onlyFields } from '../services/json-api.ts';
import type { Service } from '../services/services.ts';
import { sentimentOf } from './sentiment.ts';

/** https://docs.aws.amazon.com/comprehend/latest/dg/guidelines-and-limits.html */
const MAX_BYTES = 5000;
const MAX_DOCUMENTS = 25;
/** https://docs.aws.amazon.com/comprehend/latest/dg/supported-languages.html#supported-languages-feature */
const LANGUAGES = ['ar', 'de', 'en', 'es', 'fr', 'hi', 'it', 'ja', 'ko', 'pt', 'zh', 'zh-TW'];

/**
 * Amazon Comprehend, of which there are DetectSentiment and BatchDetectSentiment, by a list of words. Limits, languages
 * and errors are those of https://docs.aws.amazon.com/comprehend/latest/APIReference/API_DetectSentiment.html and
 * API_BatchDetectSentiment.html.
 */
export class Comprehend {
  readonly #faults = new Faults();
  #brokenDocuments = 0;

  readonly serve: Service = jsonApi(
    'comprehend',
    {
      DetectSentiment: {
        run(input) {
          onlyFields(input, ['LanguageCode', 'Text'], 'InvalidRequestException');
          return sentimentOf(documentIn(input.Text), languageIn(input));
        },
      },
      BatchDetectSentiment: { run: (input) => this.#batch(input) },
    },
    this.#faults,
  );

  /** Makes requests to come fail, `ThrottlingException` for one. */
  failNext(code: string, options?: FaultOptions): void {
    this.#faults.failNext(code, options);
  }

  /** Makes single documents of batches to come fail, while the batch itself is answered. */
  failDocuments(count: number): void {
    this.#brokenDocuments += count;
  }

  #batch(input: Input): object {
    onlyFields(input, ['LanguageCode', 'TextList'], 'InvalidRequestException');
    const language = languageIn(input);
    const texts = Array.isArray(input.TextList) ? (input.TextList as unknown[]) : [];
    if (texts.length === 0) throw new ApiError('InvalidRequestException', 'TextList holds no document');
    if (texts.length > MAX_DOCUMENTS) {
      const message = `The number of documents in the request exceeds the limit of ${MAX_DOCUMENTS}.`;
      throw new ApiError('BatchSizeLimitExceededException', message);
    }
    const results = texts.map(documentIn).map((text, Index) => {
      if (this.#brokenDocuments === 0) return { Index, ...sentimentOf(text, language) };
      this.#brokenDocuments -= 1;
      return { Index, ErrorCode: 'InternalServerException', ErrorMessage: 'Ordered to fail' };
    });
    return {
      ResultList: results.filter((one) => !('ErrorCode' in one)),
      ErrorList: results.filter((one) => 'ErrorCode' in one),
    };
  }
}

function documentIn(text: unknown): string {
  if (typeof text !== 'string' || text.trim() === '') {
    throw new ApiError('InvalidRequestException', 'Input text can not be empty');
  }
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_BYTES) return text;
  const message = `Input text size exceeds limit. Max length of request text allowed is ${MAX_BYTES} bytes while in this request the text size is ${bytes} bytes`;
  throw new ApiError('TextSizeLimitExceededException', message);
}

function languageIn({ LanguageCode }: Input): string {
  if (LANGUAGES.includes(String(LanguageCode))) return String(LanguageCode);
  const message = `Value '${LanguageCode}' at 'languageCode' failed to satisfy constraint: Member must satisfy enum value set: [${LANGUAGES.join(', ')}]`;
  throw new ApiError('ValidationException', message);
}
