import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { introduction } from '../../../cloud/local/cli/introduction.ts';
import { openRig, writeStack } from './rig.ts';

const inApi = { RestApiId: { Ref: 'Api' } };
const { stack, remove } = writeStack({
  Api: { Type: 'AWS::ApiGateway::RestApi' },
  Stage: { Type: 'AWS::ApiGateway::Stage', Properties: { ...inApi, StageName: 'Prod' } },
  Link: {
    Type: 'AWS::ApiGateway::Model',
    Properties: {
      ...inApi,
      Name: 'Link',
      Schema: {
        type: 'object',
        properties: { id: { type: 'string' }, url: { type: 'string', pattern: '^https?://' } },
        required: ['id', 'url'],
      },
    },
  },
  Post: {
    Type: 'AWS::ApiGateway::Method',
    Properties: {
      ...inApi,
      HttpMethod: 'POST',
      ResourceId: { 'Fn::GetAtt': ['Api', 'RootResourceId'] },
      RequestModels: { 'application/json': { Ref: 'Link' } },
      Integration: { Type: 'MOCK' },
    },
  },
  Table: {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      TableName: 'seen',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    },
  },
});
const desk = await openRig(stack);

const surroundings = { robotStarts: false, pageUrl: null, events: [] };

test('the keys that it prints are good for the services of the desk', async () => {
  const words = await introduction(stack.name, desk, surroundings);
  assert.match(words, /^ {2}aws dynamodb scan --table-name seen$/m);
  const [, exported = ''] = /^ {2}export (.*)$/m.exec(words) ?? [];
  const variables = Object.fromEntries(exported.split(' ').map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
  const client = new DynamoDBClient({
    endpoint: variables.AWS_ENDPOINT_URL,
    region: variables.AWS_REGION,
    credentials: {
      accessKeyId: variables.AWS_ACCESS_KEY_ID,
      secretAccessKey: variables.AWS_SECRET_ACCESS_KEY,
      sessionToken: variables.AWS_SESSION_TOKEN,
    },
  });
  assert.is((await client.send(new ScanCommand({ TableName: 'seen' }))).Count, 0);
  client.destroy();
});

test('prints bodies that models take', async () => {
  assert.ok(
    (await introduction(stack.name, desk, surroundings)).includes(
      `-d '{"id":"text","url":"https://example.com/"}'`,
    ),
  );
});

test('does not offer a robot that is started anyway', async () => {
  const withRobot = { ...desk, robots: { rover: '/tmp/config.json' } };
  assert.match(
    await introduction(stack.name, withRobot, surroundings),
    /The robot rover \(or give --robot\)/,
  );
  assert.not.match(
    await introduction(stack.name, withRobot, { ...surroundings, robotStarts: true }),
    /--robot/,
  );
});

test.after(async () => {
  await desk.close();
  remove();
});

test.run();
