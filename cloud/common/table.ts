import { RemovalPolicy } from 'aws-cdk-lib';
import {
  type Attribute,
  AttributeType,
  BillingMode,
  type StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';

export interface ExpiringTableProps {
  readonly partitionKey: string;
  readonly sortKey?: Attribute;
  /** Items leave by themselves once this attribute (s since 1970) is past. */
  readonly expiresBy?: string;
  /** What its stream tells of a change; without: it has none. */
  readonly stream?: StreamViewType;
  /** Without: CloudFormation makes one up. */
  readonly name?: string;
}

/** A table paid by request, with point-in-time recovery, that goes with its stack. */
export function ownedTable(scope: Construct, id: string, props: ExpiringTableProps): Table {
  return new Table(scope, id, {
    partitionKey: { name: props.partitionKey, type: AttributeType.STRING },
    ...(props.sortKey ? { sortKey: props.sortKey } : {}),
    ...(props.expiresBy ? { timeToLiveAttribute: props.expiresBy } : {}),
    ...(props.name ? { tableName: props.name } : {}),
    ...(props.stream ? { stream: props.stream } : {}),
    billingMode: BillingMode.PAY_PER_REQUEST,
    encryption: TableEncryption.AWS_MANAGED,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy: RemovalPolicy.DESTROY,
  });
}
