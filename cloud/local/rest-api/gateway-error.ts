/** https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html */
const STATUS = {
  ACCESS_DENIED: 403,
  API_CONFIGURATION_ERROR: 500,
  AUTHORIZER_CONFIGURATION_ERROR: 500,
  AUTHORIZER_FAILURE: 500,
  BAD_REQUEST_BODY: 400,
  BAD_REQUEST_PARAMETERS: 400,
  INTEGRATION_FAILURE: 504,
  INTEGRATION_TIMEOUT: 504,
  MISSING_AUTHENTICATION_TOKEN: 403,
  REQUEST_TOO_LARGE: 413,
  THROTTLED: 429,
  UNAUTHORIZED: 401,
  UNSUPPORTED_MEDIA_TYPE: 415,
  DEFAULT_4XX: 400,
  DEFAULT_5XX: 500,
} as const;

export type GatewayResponseType = keyof typeof STATUS;

/** API Gateway answers by itself. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly type: GatewayResponseType;
  readonly status: number;
  /** What was wrong, in more words: `$context.error.validationErrorString`. */
  readonly details: string;

  constructor(
    type: GatewayResponseType,
    message: string,
    { status = STATUS[type] as number, details = '' } = {},
  ) {
    super(message);
    this.type = type;
    this.status = status;
    this.details = details;
  }
}
