import { Aws, Duration } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  AuthorizationType,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  MethodLoggingLevel,
  ResponseType,
  RestApi,
  TokenAuthorizer,
} from 'aws-cdk-lib/aws-apigateway';
import { AttributeType, type Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledge } from '../common/acknowledge.ts';
import type { Alarms } from '../common/alarms.ts';
import { NodeFunction } from '../common/function.ts';
import { logGroup } from '../common/logs.ts';
import { ownRestApi } from '../common/rest-api.ts';
import { ownedTable } from '../common/table.ts';
import { AUTHORIZER_TTL_S, STAGE, THROTTLE, TOKEN_PATTERN } from './constants.ts';
import { commandModel } from './request-model.ts';
import { channelArn, topicArn } from './robots.ts';
import type { Provider, RobotSettings } from './settings.ts';

/** Slower than this is a command too late to be of use. */
const SLOW_MS = 1000;

export interface ApiProps {
  readonly settings: RobotSettings;
  readonly provider: Provider;
  /** Scheme and host of the broker. */
  readonly brokerUrl: string;
  readonly presence: Table;
  readonly alarms: Alarms;
}

/** The end of a channel ARN is its time of creation, which is not known before. */
const channelFindings = (robots: readonly string[]) =>
  Object.fromEntries(
    robots.map((name) => [
      `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kinesisvideo:<AWS::Region>:<AWS::AccountId>:channel/${name}/*]`,
      'The end of a channel ARN is its time of creation, which is not known before; the name is fixed.',
    ]),
  );

/** `POST [/robots/{name}]/publish`, `GET /robots` and `GET /robots/{name}/viewer`, guarded by the authorizer. */
export class Api extends Construct {
  readonly url: string;
  /** Scheme and host of it. */
  readonly origin: string;
  private readonly props: ApiProps;

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    this.props = props;
    const api = this.makeApi();
    this.url = api.url;
    this.origin = `https://${api.restApiId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}`;
    const authorizer = new TokenAuthorizer(this, 'Authorizer', {
      handler: this.authorizer(),
      identitySource: 'method.request.header.Authorization',
      validationRegex: TOKEN_PATTERN,
      resultsCacheTtl: Duration.seconds(AUTHORIZER_TTL_S),
    });
    const guarded = { authorizer, authorizationType: AuthorizationType.CUSTOM };
    const requestModels = {
      'application/json': api.addModel('Command', {
        modelName: 'Command',
        contentType: 'application/json',
        schema: commandModel(),
      }),
    };
    const requestValidator = api.addRequestValidator('Whole', {
      validateRequestBody: true,
      validateRequestParameters: true,
    });
    const command = { ...guarded, requestModels, requestValidator };
    const publish = new LambdaIntegration(this.publish(), { allowTestInvoke: false });
    api.root.addResource('publish').addMethod('POST', publish, command);
    const robots = api.root.addResource('robots');
    robots.addMethod('GET', new LambdaIntegration(this.robots(), { allowTestInvoke: false }), {
      ...guarded,
      requestValidator,
    });
    const robot = robots.addResource('{name}');
    robot.addResource('publish').addMethod('POST', publish, command);
    const viewer = new LambdaIntegration(this.viewer(), { allowTestInvoke: false });
    robot.addResource('viewer').addMethod('GET', viewer, { ...guarded, requestValidator });
    this.answers(api);
    this.watch(api);
    for (const method of api.methods) {
      acknowledge(
        method,
        method.httpMethod === 'OPTIONS'
          ? {
              'AwsSolutions-APIG4': 'Browsers send preflights without a token; they reach no function.',
              'AwsSolutions-COG4': 'Browsers send preflights without a token; they reach no function.',
            }
          : {
              'AwsSolutions-COG4':
                'The authorizer takes tokens of any identity provider, those of Cognito among them.',
            },
      );
    }
  }

  private makeApi(): RestApi {
    const { origins } = this.props.settings;
    const access = logGroup(this, 'AccessLogs');
    const api = new RestApi(this, 'Rest', {
      description: 'Drives robots',
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: false,
      deployOptions: {
        stageName: STAGE,
        throttlingRateLimit: THROTTLE.perS,
        throttlingBurstLimit: THROTTLE.burst,
        accessLogDestination: new LogGroupLogDestination(access),
        accessLogFormat: AccessLogFormat.custom(
          JSON.stringify({
            requestId: '$context.requestId',
            time: '$context.requestTimeEpoch',
            ip: '$context.identity.sourceIp',
            sub: '$context.authorizer.sub',
            role: '$context.authorizer.role',
            method: '$context.httpMethod',
            path: '$context.path',
            status: '$context.status',
            ms: '$context.responseLatency',
            error: '$context.error.responseType',
          }),
        ),
        loggingLevel: MethodLoggingLevel.ERROR,
        dataTraceEnabled: false,
        metricsEnabled: true,
        tracingEnabled: true,
      },
      ...(origins.length
        ? {
            defaultCorsPreflightOptions: {
              allowOrigins: [...origins],
              allowMethods: ['GET', 'POST'],
              allowHeaders: ['Authorization', 'Content-Type'],
              maxAge: Duration.hours(1),
            },
          }
        : {}),
    });
    ownRestApi(this, api, STAGE);
    acknowledge(api.deploymentStage, {
      'AwsSolutions-APIG3':
        'A web ACL costs more than everything else here; requests are throttled and need a verified token.',
    });
    return api;
  }

  private publish(): NodeFunction {
    const { settings, brokerUrl, alarms } = this.props;
    const publish = new NodeFunction(this, 'Publish', {
      entry: 'cloud/robot/publish.lambda.ts',
      description: 'Hands a command to the topic of a robot',
      memoryMiB: 512,
      timeoutS: 5,
      environment: {
        ROBOTS: settings.robots.join(','),
        IOT_ENDPOINT: brokerUrl,
        ORIGINS: settings.origins.join(','),
      },
    });
    publish.addToRolePolicy(
      new PolicyStatement({
        actions: ['iot:Publish'],
        resources: settings.robots.map((name) => topicArn(this, `${name}/action`)),
      }),
    );
    alarms.onFailures('PublishErrors', publish.metricErrors(), 'The publish function fails');
    alarms.onDelay('PublishSlow', publish.metricDuration(), SLOW_MS, 'Commands take too long to publish');
    return publish;
  }

  private robots(): NodeFunction {
    const { settings, presence, alarms } = this.props;
    const robots = new NodeFunction(this, 'Robots', {
      entry: 'cloud/robot/robots.lambda.ts',
      description: 'Lists the robots and whether they are there',
      memoryMiB: 256,
      timeoutS: 5,
      environment: {
        ROBOTS: settings.robots.join(','),
        PRESENCE_TABLE: presence.tableName,
        ORIGINS: settings.origins.join(','),
      },
    });
    presence.grant(robots, 'dynamodb:BatchGetItem');
    alarms.onFailures('RobotsErrors', robots.metricErrors(), 'The list of robots fails');
    return robots;
  }

  private viewer(): NodeFunction {
    const { settings, alarms } = this.props;
    const viewer = new NodeFunction(this, 'Viewer', {
      entry: 'cloud/robot/viewer.lambda.ts',
      description: 'Lets a person watch a robot by Kinesis Video Streams',
      memoryMiB: 512,
      timeoutS: 10,
      environment: {
        ROBOTS: settings.robots.join(','),
        KVS_ENDPOINT: `https://kinesisvideo.${Aws.REGION}.${Aws.URL_SUFFIX}`,
        ORIGINS: settings.origins.join(','),
      },
    });
    const resources = settings.robots.map((name) => channelArn(this, name));
    viewer.addToRolePolicy(
      new PolicyStatement({
        actions: [
          'kinesisvideo:ConnectAsViewer',
          'kinesisvideo:DescribeSignalingChannel',
          'kinesisvideo:GetIceServerConfig',
          'kinesisvideo:GetSignalingChannelEndpoint',
        ],
        resources,
      }),
    );
    acknowledge(viewer.role!, channelFindings(settings.robots));
    alarms.onFailures('ViewerErrors', viewer.metricErrors(), 'The viewer function fails');
    return viewer;
  }

  private authorizer(): NodeFunction {
    const { settings, provider, alarms } = this.props;
    const byTable = settings.permissions === 'table';
    const authorizer = new NodeFunction(this, 'Authorize', {
      entry: byTable ? 'cloud/robot/authorizer-table.lambda.ts' : 'cloud/robot/authorizer.lambda.ts',
      description: 'Verifies tokens and says what their scopes allow',
      memoryMiB: 512,
      timeoutS: 10,
      environment: {
        ISSUER: provider.issuer,
        AUDIENCE: provider.audience,
        AUDIENCE_CLAIM: provider.audienceClaim,
        JWKS_URI: provider.jwksUri,
        OPERATOR_SCOPE: settings.operatorScope,
        VIEWER_SCOPE: settings.viewerScope,
      },
    });
    if (byTable) {
      const table = ownedTable(this, 'Permissions', {
        partitionKey: 'scope',
        sortKey: { name: 'entry', type: AttributeType.STRING },
      });
      table.grant(authorizer, 'dynamodb:Scan');
      authorizer.addEnvironment('PERMISSIONS_TABLE', table.tableName);
    }
    alarms.onFailures('AuthorizerErrors', authorizer.metricErrors(), 'The authorizer fails');
    return authorizer;
  }

  /** What API Gateway answers by itself has the shape of the robot's own refusals. */
  private answers(api: RestApi): void {
    const [origin] = this.props.settings.origins;
    const answer = (type: ResponseType, code: string) =>
      api.addGatewayResponse(type.responseType, {
        type,
        templates: { 'application/json': `{"code":"${code}","message":$context.error.messageString}` },
        ...(origin ? { responseHeaders: { 'Access-Control-Allow-Origin': `'${origin}'` } } : {}),
      });
    answer(ResponseType.BAD_REQUEST_BODY, 'bad_request');
    answer(ResponseType.UNAUTHORIZED, 'unauthorized');
    answer(ResponseType.ACCESS_DENIED, 'forbidden');
    answer(ResponseType.THROTTLED, 'too_many_requests');
    answer(ResponseType.DEFAULT_4XX, 'refused');
    answer(ResponseType.DEFAULT_5XX, 'failed');
  }

  private watch(api: RestApi): void {
    const { alarms } = this.props;
    alarms.onFailures('ApiErrors', api.metricServerError(), 'The API answers with 5xx');
    alarms.onDelay('ApiSlow', api.metricLatency(), 2 * SLOW_MS, 'The API takes too long to answer');
  }
}
