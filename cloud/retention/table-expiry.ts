import { Duration } from 'aws-cdk-lib';
import { type ITable, StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import type { NodeFunction } from '../common/function.ts';
import { ownedTable } from '../common/table.ts';
import { BATCH_SIZE, TABLE } from './constants.ts';
import { type ExpiryProps, rewriteFunction, scheduleFunction } from './functions.ts';

/** How often what the function leaves undone is tried, and for how long: the stream itself keeps it a day. */
const RETRIES = 5;
const MAX_AGE = Duration.hours(23);
/** Batches at a time of one shard. */
const AT_ONCE = 4;

/**
 * The post's table: an item for each object, which DynamoDB deletes when its time is up (minutes to days later), and a
 * stream that tells of it.
 */
export class TableExpiry extends Construct {
  readonly schedule: NodeFunction;

  constructor(scope: Construct, id: string, props: ExpiryProps) {
    super(scope, id);
    const table = ownedTable(this, 'Table', {
      name: TABLE,
      partitionKey: 'path',
      expiresBy: 'ttl',
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });
    this.schedule = scheduleFunction(this, props, { TABLE: table.tableName });
    const rewrite = rewriteFunction(this, props, { TABLE: table.tableName });
    for (const one of [this.schedule, rewrite]) table.grant(one, 'dynamodb:PutItem');
    rewrite.addEventSource(
      new DynamoEventSource(table as ITable, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: BATCH_SIZE,
        parallelizationFactor: AT_ONCE,
        // Expiry alone: an item that somebody deletes is called off.
        filters: [
          FilterCriteria.filter({
            eventName: FilterRule.isEqual('REMOVE'),
            userIdentity: {
              type: FilterRule.isEqual('Service'),
              principalId: FilterRule.isEqual('dynamodb.amazonaws.com'),
            },
          }),
        ],
        reportBatchItemFailures: true,
        bisectBatchOnError: true,
        retryAttempts: RETRIES,
        maxRecordAge: MAX_AGE,
        onFailure: new SqsDlq(props.failures),
      }),
    );
    props.alarms.onDelay(
      'Behind',
      rewrite.metric('IteratorAge'),
      Duration.hours(6).toMilliseconds(),
      'Rewriting is hours behind: what the stream has kept for a day is lost to it',
    );
  }
}
