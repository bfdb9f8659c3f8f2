import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Resource } from '../../../cloud/local/template/template.ts';
import { functionResources, openRig, writeStack } from './rig.ts';

const method = (properties: object): Resource => ({
  Type: 'AWS::ApiGateway::Method',
  Properties: { HttpMethod: 'GET', ResourceId: 'r', RestApiId: 'a', ...properties },
});
const lambda = (properties: object): Resource => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { S3Key: 'x' },
    Handler: 'index.handler',
    Role: 'r',
    Runtime: 'nodejs24.x',
    ...properties,
  },
});
const rule = (payload: object): Resource => ({
  Type: 'AWS::IoT::TopicRule',
  Properties: {
    TopicRulePayload: { AwsIotSqlVersion: '2016-03-23', Sql: "SELECT * FROM 'a'", Actions: [], ...payload },
  },
});
const notifying = (configuration: object): Resource => ({
  Type: 'AWS::S3::Bucket',
  Properties: {
    NotificationConfiguration: {
      LambdaConfigurations: [{ Event: 's3:ObjectCreated:*', Function: 'f', ...configuration }],
    },
  },
});

const rows: readonly (readonly [resource: Resource, said: string])[] = [
  [{ Type: 'AWS::Kinesis::Stream' }, 'X (AWS::Kinesis::Stream): the type'],
  [{ Type: 'AWS::SSM::Parameter' }, 'the type'],
  [
    { Type: 'AWS::Lambda::EventSourceMapping', Properties: { TumblingWindowInSeconds: 10 } },
    'the property TumblingWindowInSeconds',
  ],
  [
    { Type: 'AWS::Lambda::EventSourceMapping', Properties: { StartingPosition: 'AT_TIMESTAMP' } },
    'the starting position AT_TIMESTAMP',
  ],
  [{ Type: 'AWS::Logs::LogGroup', Properties: { KmsKeyId: 'k' } }, 'the property KmsKeyId'],
  [{ Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: { 'Fn::Cidr': [] } } }, 'Fn::Cidr'],
  [lambda({ Runtime: 'python3.13' }), 'the runtime python3.13'],
  [lambda({ Code: { ZipFile: 'x' } }), 'code that is no asset'],
  [lambda({ VpcConfig: {} }), 'the property VpcConfig'],
  [
    method({ Integration: { Type: 'AWS', Uri: 'arn:aws:apigateway:eu-central-1:kinesis:action/PutRecord' } }),
    'an integration with kinesis:action/',
  ],
  [
    method({
      Integration: {
        Type: 'AWS',
        Uri: { 'Fn::Sub': `arn:aws:apigateway:\${AWS::Region}:s3:path/\${Bucket}/a` },
      },
    }),
    'an integration with s3:path/',
  ],
  [
    method({
      Integration: { Type: 'MOCK', RequestParameters: { 'integration.request.path.a': "'b'" } },
    }),
    'integration.request.path.a',
  ],
  [method({ Integration: { Type: 'HTTP_PROXY' } }), 'the integration HTTP_PROXY'],
  [method({ Integration: { Type: 'MOCK' }, ApiKeyRequired: true }), 'API keys'],
  [method({ Integration: { Type: 'MOCK' }, AuthorizationType: 'AWS_IAM' }), 'authorization by AWS_IAM'],
  [method({ Integration: { Type: 'MOCK', ContentHandling: 'CONVERT_TO_BINARY' } }), 'CONVERT_TO_BINARY'],
  [method({ Integration: { Type: 'MOCK', ConnectionType: 'VPC_LINK' } }), 'the property ConnectionType'],
  [
    method({
      Integration: {
        Type: 'MOCK',
        IntegrationResponses: [
          { StatusCode: '200', ResponseParameters: { a: 'integration.response.multivalueheader.b' } },
        ],
      },
    }),
    'a from "integration.response.multivalueheader.b"',
  ],
  [{ Type: 'AWS::ApiGateway::UsagePlan' }, 'the type'],
  [{ Type: 'AWS::ApiGateway::RestApi', Properties: { Body: {} } }, 'the property Body'],
  [
    { Type: 'AWS::ApiGateway::RestApi', Properties: { BinaryMediaTypes: ['*/*'] } },
    'the property BinaryMediaTypes',
  ],
  [{ Type: 'AWS::ApiGateway::RestApi', Properties: { Policy: {} } }, 'the property Policy'],
  [
    { Type: 'AWS::ApiGateway::Authorizer', Properties: { Type: 'REQUEST' } },
    'authorizers of the type REQUEST',
  ],
  [{ Type: 'AWS::ApiGateway::Model', Properties: { Schema: { $ref: 'x' } } }, '$ref in a model'],
  [
    { Type: 'AWS::ApiGateway::GatewayResponse', Properties: { ResponseTemplates: { a: '$input.body' } } },
    '$input in a template',
  ],
  [
    { Type: 'AWS::ApiGateway::Stage', Properties: { ClientCertificateId: 'c' } },
    'the property ClientCertificateId',
  ],
  [
    { Type: 'AWS::DynamoDB::Table', Properties: { KinesisStreamSpecification: {} } },
    'the property KinesisStreamSpecification',
  ],
  [rule({ Actions: [{ Sns: {} }] }), 'the action Sns'],
  [rule({ ErrorAction: { Sqs: {} } }), 'the action Sqs'],
  [rule({ AwsIotSqlVersion: '2015-10-08' }), 'the SQL version 2015-10-08'],
  [rule({ Sql: "SELECT get_thing_shadow('a') AS x FROM 'b'" }), 'the function get_thing_shadow()'],
  [
    { Type: 'AWS::Cognito::UserPool', Properties: { LambdaConfig: { PreSignUp: 'a' } } },
    'the trigger PreSignUp',
  ],
  [
    { Type: 'AWS::Events::Rule', Properties: { Targets: [{ Id: 'a', Arn: 'b', EcsParameters: {} }] } },
    "the target's property EcsParameters",
  ],
  [{ Type: 'AWS::Events::Rule', Properties: { RoleArn: 'a' } }, 'the property RoleArn'],
  [{ Type: 'AWS::Events::EventBus', Properties: { KmsKeyIdentifier: 'k' } }, 'the property KmsKeyIdentifier'],
  [{ Type: 'AWS::EventSchemas::Schema', Properties: { Type: 'Avro' } }, 'the type Avro of a schema'],
  [{ Type: 'AWS::Events::ApiDestination' }, 'the type'],
  [
    {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: 'arn:aws:scheduler:::aws-sdk:s3:putObject' },
      },
    },
    'the universal target arn:aws:scheduler:::aws-sdk:s3:putObject',
  ],
  [
    { Type: 'AWS::Scheduler::Schedule', Properties: { FlexibleTimeWindow: { Mode: 'FLEXIBLE' } } },
    'the mode FLEXIBLE of FlexibleTimeWindow',
  ],
  [{ Type: 'AWS::SNS::Subscription', Properties: { Protocol: 'sms' } }, 'the protocol sms'],
  [
    { Type: 'Custom::Anything', Properties: { ServiceToken: 'a' } },
    'a custom resource that is no call of an API',
  ],
  [
    { Type: 'AWS::S3::Bucket', Properties: { VersioningConfiguration: { Status: 'Enabled' } } },
    'the property VersioningConfiguration',
  ],
  [notifying({ Event: 's3:ObjectRestore:Completed' }), 'the event s3:ObjectRestore:Completed'],
  [notifying({ Filter: { S3Key: { Rules: [{ Name: 'infix', Value: 'a' }] } } }), 'the filter infix'],
  [
    { Type: 'Custom::S3BucketNotifications', Properties: { ServiceToken: 'a', BucketName: 'b' } },
    'notifications by a function of the CDK',
  ],
  [
    {
      Type: 'Custom::AWS',
      Properties: { ServiceToken: 'a', Create: '{"service":"S3","action":"listBuckets"}' },
    },
    'the call s3:ListBuckets',
  ],
];

const messageOf = async (resources: Record<string, Resource>): Promise<string> => {
  const { stack, remove } = writeStack(resources);
  try {
    await (await openRig(stack)).close();
    return 'runs';
  } catch (error) {
    return (error as Error).message;
  } finally {
    remove();
  }
};

for (const [resource, said] of rows) {
  test(`refuses ${said}`, async () => {
    const message = await messageOf({ X: resource });
    assert.match(message, /^The desk does not support\n/);
    assert.ok(message.includes(said), message);
    assert.ok(message.includes(`X (${resource.Type})`), message);
  });
}

test('names all of it at once', async () => {
  const message = await messageOf(Object.fromEntries(rows.map(([resource], at) => [`X${at}`, resource])));
  for (const [, said] of rows) assert.ok(message.includes(said.replace('X (', 'X0 (')), said);
});

test('what can not be made is named with its resource', async () => {
  const { stack, remove } = writeStack({ ...functionResources('Worker') });
  try {
    await openRig(stack);
    assert.unreachable('it has no code');
  } catch (error) {
    assert.match((error as Error).message, /^small, Worker \(AWS::Lambda::Function\): Expected index.mjs/);
  } finally {
    remove();
  }
});

test('a custom resource asks with the rights of its role', async () => {
  const call = JSON.stringify({
    service: 'Iot',
    action: 'DescribeEndpoint',
    parameters: { endpointType: 'iot:Data-ATS' },
  });
  const endpoint: Resource = {
    Type: 'Custom::IotEndpoint',
    Properties: { ServiceToken: { 'Fn::GetAtt': ['Worker', 'Arn'] }, Create: call },
  };
  const code = { Worker: 'export const handler = async () => 1;' };
  const open = async (statements: object[]) => {
    const { stack, remove } = writeStack(
      { ...functionResources('Worker', {}, statements), Endpoint: endpoint },
      code,
      {
        Outputs: { Host: { Value: { 'Fn::GetAtt': ['Endpoint', 'endpointAddress'] } } },
      },
    );
    try {
      const desk = await openRig(stack);
      await desk.close();
      return desk.outputs.Host!;
    } catch (error) {
      return (error as Error).message;
    } finally {
      remove();
    }
  };
  assert.match(
    await open([{ Effect: 'Allow', Action: 'iot:DescribeEndpoint', Resource: '*' }]),
    /^127\.0\.0\.1:\d+$/,
  );
  assert.match(await open([]), /small, Endpoint .* is not authorized to perform: iot:DescribeEndpoint/);
});

test.run();
