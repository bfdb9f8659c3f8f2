import { ApiError, type Input, onlyFields } from '../services/json-api.ts';
import { LANGUAGES } from './languages.ts';

/** A place in S3. */
export interface Place {
  readonly bucket: string;
  readonly key: string;
}

export interface JobRequest {
  readonly name: string;
  readonly media: Place;
  readonly mediaUri: string;
  readonly format: string;
  /** Null: to be identified. */
  readonly language: string | null;
  readonly languageOptions: readonly string[];
  /** Null: who speaks is not asked for. */
  readonly maxSpeakers: number | null;
  readonly output: Place;
  /** Waits for its turn beyond the limit, as this role. */
  readonly deferred: { readonly roleArn: string } | null;
}

const FIELDS = [
  'IdentifyLanguage',
  'JobExecutionSettings',
  'LanguageCode',
  'LanguageOptions',
  'Media',
  'MediaFormat',
  'OutputBucketName',
  'OutputKey',
  'Settings',
  'Tags',
  'TranscriptionJobName',
];
const NAME = /^[0-9a-zA-Z._-]{1,200}$/;
const BUCKET = /^[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9]$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: so the service has it
const OUTPUT_KEY = /^[a-zA-Z0-9-_.!*'()/&$@=;:+,? \x00-\x1F\x7F]{1,1024}$/;
const FORMATS = ['amr', 'flac', 'm4a', 'mp3', 'mp4', 'ogg', 'wav', 'webm'];

/**
 * Checked against https://docs.aws.amazon.com/transcribe/latest/APIReference/API_StartTranscriptionJob.html.
 * @throws ApiError BadRequestException; for what this engine leaves out by the field's name
 */
export function jobRequestOf(input: Input): JobRequest {
  onlyFields(input, FIELDS, 'BadRequestException');
  const { uri, ...media } = mediaIn(input);
  const name = matching(input, 'TranscriptionJobName', NAME);
  return {
    name,
    media,
    mediaUri: uri,
    format: formatOf(input, media.key),
    ...languageIn(input),
    maxSpeakers: speakersIn(input),
    output: outputIn(input, name),
    deferred: deferralIn(input),
  };
}

function refuse(message: string): never {
  throw new ApiError('BadRequestException', message);
}

function matching(input: Input, field: string, pattern: RegExp): string {
  const value = input[field];
  if (typeof value === 'string' && pattern.test(value)) return value;
  return refuse(
    `1 validation error detected: Value '${value}' at '${field.charAt(0).toLowerCase()}${field.slice(1)}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${pattern.source}`,
  );
}

function mediaIn({ Media }: Input): Place & { readonly uri: string } {
  const { MediaFileUri: uri = '' } = (Media ?? {}) as { readonly MediaFileUri?: string };
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(uri) ?? [];
  if (bucket === undefined || key === undefined || uri.length > 2000) {
    return refuse(`The URI that you provided isn't valid: ${uri}. Expected s3://BUCKET/KEY.`);
  }
  return { bucket, key, uri };
}

function formatOf({ MediaFormat }: Input, key: string): string {
  const format = String(MediaFormat ?? key.split('.').at(-1)?.toLowerCase());
  return FORMATS.includes(format) ? format : refuse(`The media format ${format} isn't supported.`);
}

function languageIn(input: Input): Pick<JobRequest, 'language' | 'languageOptions'> {
  const { LanguageCode: code, IdentifyLanguage: identify = false, LanguageOptions: options = [] } = input;
  if ((code === undefined) === (identify !== true)) {
    refuse(
      'You must include one of LanguageCode, IdentifyLanguage or IdentifyMultipleLanguages, and only one.',
    );
  }
  if (code !== undefined && !LANGUAGES.includes(String(code))) {
    refuse(
      `Value '${code}' at 'languageCode' failed to satisfy constraint: Member must satisfy enum value set`,
    );
  }
  const languageOptions = options as string[];
  if (languageOptions.length > 0 && identify !== true) refuse('LanguageOptions needs IdentifyLanguage.');
  if (languageOptions.length === 1) refuse('LanguageOptions needs two or more languages.');
  const unknown = languageOptions.find((one) => !LANGUAGES.includes(one));
  if (unknown !== undefined) refuse(`Value '${unknown}' at 'languageOptions' isn't supported.`);
  return { language: code === undefined ? null : String(code), languageOptions };
}

function speakersIn({ Settings = {} }: Input): number | null {
  const settings = Settings as Input;
  onlyFields(settings, ['MaxSpeakerLabels', 'ShowSpeakerLabels'], 'BadRequestException');
  const { ShowSpeakerLabels: show = false, MaxSpeakerLabels: max } = settings;
  if ((show === true) !== (max !== undefined)) {
    refuse('ShowSpeakerLabels and MaxSpeakerLabels must be used together.');
  }
  if (max === undefined) return null;
  const count = Number(max);
  if (!Number.isInteger(count) || count < 2 || count > 30) {
    refuse(`Value '${max}' at 'settings.maxSpeakerLabels' failed to satisfy constraint: 2 to 30`);
  }
  return count;
}

/** A key that ends like a file is taken as it is; any other is a folder. */
function outputIn(input: Input, name: string): Place {
  if (input.OutputBucketName === undefined) {
    refuse("OutputBucketName: the desk has no bucket of the service's own; name one");
  }
  const bucket = matching(input, 'OutputBucketName', BUCKET);
  if (input.OutputKey === undefined) return { bucket, key: `${name}.json` };
  const key = matching(input, 'OutputKey', OUTPUT_KEY);
  return { bucket, key: key.endsWith('.json') ? key : `${key.replace(/\/$/, '')}/${name}.json` };
}

function deferralIn({ JobExecutionSettings }: Input): JobRequest['deferred'] {
  if (JobExecutionSettings === undefined) return null;
  const { AllowDeferredExecution: allow, DataAccessRoleArn: roleArn } = JobExecutionSettings as Input;
  if (typeof allow !== 'boolean' || typeof roleArn !== 'string') {
    refuse('JobExecutionSettings needs both AllowDeferredExecution and DataAccessRoleArn.');
  }
  return allow ? { roleArn } : null;
}
