import type { Principals } from '../iam/principals.ts';

const STREAM_ACTIONS = ['GetRecords', 'GetShardIterator', 'DescribeStream'];
const QUEUE_ACTIONS = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'];

/**
 * Lambda reads the source as the function's role and makes no mapping where that may not.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html#events-dynamodb-permissions
 * @throws Error naming what the role lacks
 */
export function checkAccess(sourceArn: string, roleArn: string, principals: Principals): void {
  const isAllowed = (action: string, resource = sourceArn) =>
    principals.decide(roleArn, { action, resource }) === 'allow';
  if (sourceArn.split(':')[2] === 'sqs') {
    const lacking = QUEUE_ACTIONS.filter((action) => !isAllowed(`sqs:${action}`));
    if (lacking.length === 0) return;
    throw new Error(
      `The function execution role does not have permissions to call ${lacking.join(', ')} on ${sourceArn}`,
    );
  }
  const lacking = STREAM_ACTIONS.filter((action) => !isAllowed(`dynamodb:${action}`));
  // Listing concerns all streams, and is granted on all or on this one.
  const mayList = isAllowed('dynamodb:ListStreams', '*') || isAllowed('dynamodb:ListStreams');
  const all = mayList ? lacking : [...lacking, 'ListStreams'];
  if (all.length > 0)
    throw new Error(`Cannot access stream ${sourceArn}: the role may not perform ${all.join(', ')}`);
}
