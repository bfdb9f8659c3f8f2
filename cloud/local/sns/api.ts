import { decideByResource, together } from '../iam/resource-policy.ts';
import type { Faults } from '../services/faults.ts';
import { ApiError } from '../services/json-api.ts';
import type { Service, ServiceResponse } from '../services/services.ts';
import { type XmlFields, xmlDocument } from '../services/xml.ts';
import type { TopicAttribute } from './message.ts';
import type { Topics } from './topics.ts';

/** SNS takes no more. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const MAX_MESSAGE_BYTES = 256 * 1024;
const MAX_BATCH = 10;
const NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/';

/** The API of SNS, in AWS's Query protocol: fields of a form, answers in XML. */
export function snsApi(topics: Topics, faults: Faults): Service {
  return async ({ body, decide, caller }) => {
    const form = new URLSearchParams(body.toString());
    const action = form.get('Action') ?? '';
    const topicArn = form.get('TopicArn') ?? form.get('TargetArn') ?? '';
    try {
      if (action !== 'Publish' && action !== 'PublishBatch') {
        throw new ApiError('InvalidAction', `sns:${action} is not supported on the desk`);
      }
      const byTopic = decideByResource(
        topics.topic(topicArn)?.policies ?? [],
        { principal: caller, sourceArn: null },
        'sns:Publish',
        topicArn,
      );
      if (together(decide('sns:Publish', topicArn), byTopic) !== 'allow') {
        const message = `User: ${caller} is not authorized to perform: SNS:Publish on resource: ${topicArn}`;
        throw new ApiError('AuthorizationError', message, 403);
      }
      if (!topics.topic(topicArn)) throw new ApiError('NotFound', 'Topic does not exist', 404);
      const fault = faults.take(action);
      if (fault) throw new ApiError(fault.code, fault.message, fault.status);
      return answer(
        action,
        action === 'Publish' ? publish(topics, topicArn, form, '') : batch(topics, topicArn, form),
      );
    } catch (error) {
      if (error instanceof ApiError) return refused(error);
      throw error;
    }
  };
}

/** @param prefix of the fields, as in `PublishBatchRequestEntries.member.1.` */
function publish(topics: Topics, topicArn: string, form: URLSearchParams, prefix: string): XmlFields {
  const text = form.get(`${prefix}Message`) ?? '';
  if (text === '') throw new ApiError('InvalidParameter', 'Invalid parameter: Empty message');
  if (Buffer.byteLength(text) > MAX_MESSAGE_BYTES) {
    throw new ApiError('InvalidParameter', 'Invalid parameter: Message too long');
  }
  if (form.has(`${prefix}MessageStructure`)) {
    throw new ApiError('InvalidParameter', 'MessageStructure is not supported on the desk');
  }
  const { fifo, contentBasedDeduplication } = topics.topic(topicArn)!;
  const [groupId, deduplicationId] = ['MessageGroupId', 'MessageDeduplicationId'].map(
    (name) => form.get(`${prefix}${name}`) ?? undefined,
  );
  if (fifo && groupId === undefined) {
    throw new ApiError('InvalidParameter', 'Invalid parameter: The MessageGroupId parameter is required');
  }
  if (fifo && !contentBasedDeduplication && deduplicationId === undefined) {
    const message =
      'The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided';
    throw new ApiError('InvalidParameter', `Invalid parameter: ${message} explicitly`);
  }
  const id = topics.publish(topicArn, {
    subject: form.get(`${prefix}Subject`),
    text,
    attributes: attributesIn(form, prefix),
    ...(groupId === undefined ? {} : { groupId }),
    ...(deduplicationId === undefined ? {} : { deduplicationId }),
  });
  return { MessageId: id };
}

function batch(topics: Topics, topicArn: string, form: URLSearchParams): XmlFields {
  const member = (at: number) => `PublishBatchRequestEntries.member.${at}.`;
  const ids: string[] = [];
  while (form.has(`${member(ids.length + 1)}Id`)) ids.push(form.get(`${member(ids.length + 1)}Id`)!);
  if (ids.length === 0 || ids.length > MAX_BATCH) {
    const code = ids.length === 0 ? 'EmptyBatchRequest' : 'TooManyEntriesInBatchRequest';
    throw new ApiError(code, `Expected 1 to ${MAX_BATCH} entries but received ${ids.length}`);
  }
  const [done, failed]: [XmlFields[], XmlFields[]] = [[], []];
  for (const [at, Id] of ids.entries()) {
    try {
      done.push({ Id, ...publish(topics, topicArn, form, member(at + 1)) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      failed.push({ Id, Code: error.code, Message: error.message, SenderFault: true });
    }
  }
  return { Successful: { member: done }, Failed: { member: failed } };
}

function attributesIn(form: URLSearchParams, prefix: string): Record<string, TopicAttribute> {
  const attributes: Record<string, TopicAttribute> = {};
  for (let at = 1; ; at++) {
    const entry = `${prefix}MessageAttributes.entry.${at}.`;
    const name = form.get(`${entry}Name`);
    if (name === null) return attributes;
    const value = form.get(`${entry}Value.StringValue`) ?? form.get(`${entry}Value.BinaryValue`) ?? '';
    attributes[name] = { dataType: form.get(`${entry}Value.DataType`) ?? 'String', value };
  }
}

function answer(action: string, result: XmlFields): ServiceResponse {
  const fields = { [`${action}Result`]: result, ResponseMetadata: { RequestId: 'desk' } };
  return inXml(200, `${action}Response`, fields);
}

function refused({ code, message, status }: ApiError): ServiceResponse {
  const error = { Type: status >= 500 ? 'Receiver' : 'Sender', Code: code, Message: message };
  return inXml(status, 'ErrorResponse', { Error: error, RequestId: 'desk' });
}

function inXml(status: number, root: string, fields: XmlFields): ServiceResponse {
  return { status, headers: { 'content-type': 'text/xml' }, body: xmlDocument(root, fields, NAMESPACE) };
}
