/** Services of the AWS JSON protocol that the desk has, and what their operations are called after in X-Amz-Target. */
const TARGETS: Readonly<Record<string, string>> = {
  dynamodb: 'DynamoDB_20120810',
  events: 'AWSEvents',
};

export interface ServiceUri {
  readonly service: string;
  /** X-Amz-Target; empty for a function. */
  readonly target: string;
  readonly unsupported: readonly string[];
}

/**
 * What an integration calls: `arn:aws:apigateway:REGION:SERVICE:action/NAME`, or `path/...` for a function.
 * https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html
 * @param uri also as it stands in a template: of `Fn::Join` and `Fn::Sub` what is text is looked at
 */
export function serviceIn(uri: unknown): ServiceUri {
  const text = typeof uri === 'string' ? uri : textsIn(uri).join('');
  const [, service = '', kind = '', rest = ''] = /:([a-z0-9-]+):(action|path)\/(.*)$/s.exec(text) ?? [];
  const prefix = TARGETS[service];
  const supported = service === 'lambda' ? kind === 'path' : prefix !== undefined && kind === 'action';
  return {
    service,
    target: prefix === undefined ? '' : `${prefix}.${rest}`,
    unsupported: supported
      ? []
      : [`an integration with ${service === '' ? JSON.stringify(uri) : `${service}:${kind}/`}`],
  };
}

/** Variables of a template are words here: they can't look like the name of a service. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value !== 'object' || value === null) return [];
  const [[name, inner] = ['', null]] = Object.entries(value);
  if (name === 'Fn::Join') return textsIn((inner as readonly unknown[])[1]);
  if (name === 'Fn::Sub') return textsIn(Array.isArray(inner) ? inner[0] : inner);
  return ['X'];
}
