/** HTTP status by code: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const STATUS = {
  AccessDenied: 403,
  BadDigest: 400,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidTag: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedXML: 400,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  NotModified: 304,
  PreconditionFailed: 412,
  SignatureDoesNotMatch: 403,
  XAmzContentSHA256Mismatch: 400,
} as const;

/** What S3 answers in place of a result. */
export class S3Error extends Error {
  readonly code: string;
  readonly status: number;

  /** @param status of codes that are not in the list above */
  constructor(code: keyof typeof STATUS, message: string);
  constructor(code: string, message: string, status: number);
  constructor(code: string, message: string, status?: number) {
    super(message);
    this.code = code;
    this.status = status ?? STATUS[code as keyof typeof STATUS];
  }
}

/** For what S3 has and the desk has not. */
export function notOnTheDesk(what: string): S3Error {
  return new S3Error('NotImplemented', `${what}: not supported on the desk`);
}
