import type { Family } from '../desk/family.ts';
import type { ViewType } from './stream.ts';
import { tableArn } from './tables.ts';

export const dynamodb: Family = {
  'AWS::DynamoDB::Table': {
    properties: [
      'AttributeDefinitions',
      'BillingMode',
      'DeletionProtectionEnabled',
      'GlobalSecondaryIndexes',
      'KeySchema',
      'LocalSecondaryIndexes',
      'OnDemandThroughput',
      'PointInTimeRecoverySpecification',
      'ProvisionedThroughput',
      'SSESpecification',
      'StreamSpecification',
      'TableClass',
      'TableName',
      'Tags',
      'TimeToLiveSpecification',
    ],
    async create({ name, properties }, { tables }) {
      const { TableName = name, TimeToLiveSpecification, StreamSpecification } = properties;
      const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, LocalSecondaryIndexes } =
        properties as unknown as Parameters<typeof tables.create>[1];
      const expiry = TimeToLiveSpecification as { AttributeName: string; Enabled: boolean } | undefined;
      const stream = StreamSpecification as { StreamViewType: ViewType } | undefined;
      const keys = {
        AttributeDefinitions,
        KeySchema,
        ...(GlobalSecondaryIndexes ? { GlobalSecondaryIndexes } : {}),
        ...(LocalSecondaryIndexes ? { LocalSecondaryIndexes } : {}),
      };
      const streamArn = await tables.create(String(TableName), keys, {
        streamView: stream?.StreamViewType ?? null,
        expiresBy: expiry?.Enabled ? expiry.AttributeName : null,
      });
      return {
        ref: String(TableName),
        attributes: {
          Arn: tableArn(String(TableName)),
          ...(streamArn === null ? {} : { StreamArn: streamArn }),
        },
      };
    },
  },
};
