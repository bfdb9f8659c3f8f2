/** Names and figures that the stack and its handlers share. */

/** Where the result of a job goes says what comes next: it is analysed as it is, or translated before. */
export const DIRECT = 'transcripts/';
export const FOREIGN = 'foreign/';
/** Translations. */
export const TEXTS = 'texts/';

/** How jobs of this stack begin, so that rules and grants know them from others in the account. */
export const JOB_PREFIX = 'calls-';

/**
 * Metadata of a recording that says its language. `aws s3 cp --metadata Content-Language=fr-FR` sets the user's own
 * (`x-amz-meta-content-language`), `--content-language` the header of HTTP: both are read, in this order.
 */
export const LANGUAGE_METADATA = 'content-language';
/** In place of a language: let Transcribe identify it. */
export const IDENTIFY = 'auto';
/** What sentiment is analysed in where a call is translated. */
export const BASE_LANGUAGE = 'en';

/** Transcribe tells at most this many speakers apart; 2 to 30. */
export const MAX_SPEAKERS = 4;
/** https://docs.aws.amazon.com/comprehend/latest/dg/guidelines-and-limits.html */
export const SENTIMENT_BYTES = 5000;
export const SENTIMENT_BATCH = 25;
/** https://docs.aws.amazon.com/translate/latest/dg/what-is-limits.html */
export const TRANSLATE_BYTES = 10_000;

/** A longer transcript stays in the bucket; an item may have 400 KiB with everything in it. */
export const MAX_TRANSCRIPT_BYTES = 256 * 1024;
/** As much of it stands in the item then, and in mails. */
export const EXCERPT_LENGTH = 1000;
/** A transcript with every word's time is hardly ever a tenth of this. */
export const MAX_OBJECT_BYTES = 64 * 1024 * 1024;

/** What was sent is remembered for this long; a stream's records are gone after a day. */
export const SENT_DAYS = 7;
/** How long one attempt to send has before another one may try. */
export const SEND_LEASE_S = 60;

export const EVENT_SOURCE = 'roverd.calls';
export const METRICS_NAMESPACE = 'roverd/calls';
