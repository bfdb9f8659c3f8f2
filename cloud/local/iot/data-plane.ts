import type { IClientPublishOptions } from 'mqtt';
import { arn } from '../desk/place.ts';
import { refusal, type ServiceRequest, type ServiceResponse } from '../services/services.ts';

type Publish = (topic: string, payload: Buffer, options: IClientPublishOptions) => Promise<void>;

/** https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits */
const LIMITS = { payloadBytes: 131_072, topicBytes: 256, slashes: 7 };

/**
 * Publishing over HTTPS: `POST /topics/TOPIC?qos=...`, answered once the broker has the message.
 * https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_Publish.html
 */
export async function publishOverHttps(request: ServiceRequest, publish: Publish): Promise<ServiceResponse> {
  const { pathname, searchParams: query } = new URL(request.url, 'https://desk');
  const encoded = /^\/topics\/(.+)$/.exec(pathname)?.[1];
  if (request.method !== 'POST' || encoded === undefined) {
    return refusal(501, 'NotImplemented', `${request.method} ${pathname} has no engine on the desk`);
  }
  const topic = decodeURIComponent(encoded);
  const tooLong =
    Buffer.byteLength(topic) > LIMITS.topicBytes || topic.split('/').length - 1 > LIMITS.slashes;
  if (tooLong || /[+#\0]/.test(topic))
    return refusal(400, 'InvalidRequestException', `Invalid topic ${topic}`);
  if (request.body.length > LIMITS.payloadBytes) {
    return refusal(413, 'InvalidRequestException', `More than ${LIMITS.payloadBytes} bytes`);
  }
  const retain = query.get('retain') === 'true';
  for (const action of ['iot:Publish', ...(retain ? ['iot:RetainPublish'] : [])]) {
    if (request.decide(action, arn('iot', `topic/${topic}`)) === 'allow') continue;
    return refusal(
      403,
      'ForbiddenException',
      `${request.caller} is not authorized to perform: ${action} on ${topic}`,
    );
  }
  const options = optionsOf(query, request.headers, retain);
  if (typeof options === 'string') return refusal(400, 'InvalidRequestException', options);
  await publish(topic, request.body, options);
  return { status: 200, body: JSON.stringify({ message: 'OK' }) };
}

/** What becomes of the parameters in MQTT 5; text says what is wrong with them. */
function optionsOf(
  query: URLSearchParams,
  headers: ServiceRequest['headers'],
  retain: boolean,
): IClientPublishOptions | string {
  const qos = Number(query.get('qos') ?? 0);
  if (qos !== 0 && qos !== 1) return `Expected qos to be 0 or 1 but received ${qos}`;
  const expiry = query.get('messageExpiry');
  if (expiry !== null && !/^\d+$/.test(expiry))
    return `Expected messageExpiry in seconds but received ${expiry}`;
  const format = headers['x-amz-mqtt5-payload-format-indicator'];
  const correlation = headers['x-amz-mqtt5-correlation-data'];
  const given = headers['x-amz-mqtt5-user-properties'];
  const userProperties = given === undefined ? {} : userPropertiesIn(String(given));
  if (!userProperties) return 'Expected user properties as a list of objects, in JSON and base64';
  const [contentType, responseTopic] = [query.get('contentType'), query.get('responseTopic')];
  return {
    qos,
    retain,
    properties: {
      userProperties,
      ...(expiry === null ? {} : { messageExpiryInterval: Number(expiry) }),
      ...(format === undefined ? {} : { payloadFormatIndicator: format === 'UTF8_DATA' }),
      ...(correlation === undefined ? {} : { correlationData: Buffer.from(String(correlation), 'base64') }),
      ...(contentType === null ? {} : { contentType }),
      ...(responseTopic === null ? {} : { responseTopic }),
    },
  };
}

/** `[{"name":"value"}, ...]`; a name may come several times. */
function userPropertiesIn(encoded: string): Record<string, string | string[]> | null {
  try {
    const list = JSON.parse(Buffer.from(encoded, 'base64').toString()) as Record<string, string>[];
    const properties: Record<string, string[]> = {};
    for (const [name, value] of list.flatMap((one) => Object.entries(one))) {
      properties[name] = [...(properties[name] ?? []), String(value)];
    }
    return Object.fromEntries(
      Object.entries(properties).map(([name, values]) => [name, values.length === 1 ? values[0]! : values]),
    );
  } catch {
    return null;
  }
}
