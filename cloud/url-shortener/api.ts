import { Duration } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  AuthorizationType,
  CognitoUserPoolsAuthorizer,
  EndpointType,
  LogGroupLogDestination,
  MethodLoggingLevel,
  type MethodOptions,
  type Model,
  ResponseType,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import type { IUserPool } from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { acknowledge } from '../common/acknowledge.ts';
import type { Alarms } from '../common/alarms.ts';
import { logGroup } from '../common/logs.ts';
import { ownRestApi } from '../common/rest-api.ts';
import {
  MAX_ERROR_RATIO,
  OWNER_INDEX,
  REDIRECT_CACHE_S,
  REDIRECT_THROTTLE,
  SLOW_MS,
  STAGE,
  THROTTLE,
} from './constants.ts';
import type { Links } from './links.ts';
import {
  changeLink,
  createLink,
  deleteLink,
  LINK_PARAMETER,
  listLinks,
  methodResponses,
  redirect,
  redirectResponses,
} from './methods.ts';
import { changedLink, newLink } from './models.ts';
import type { ShortenerSettings } from './settings.ts';

export interface ApiProps {
  readonly settings: ShortenerSettings;
  readonly links: Links;
  readonly userPool: IUserPool;
  readonly alarms: Alarms;
}

/** `POST` and `GET /app`, `PUT` and `DELETE /app/{linkId}` for who is signed in, and `GET /{linkId}` for all. */
export class Api extends Construct {
  readonly rest: RestApi;

  constructor(scope: Construct, id: string, { settings, links, userPool, alarms }: ApiProps) {
    super(scope, id);
    const api = this.makeApi(settings, links);
    this.rest = api;
    const validator = (name: string, validateRequestBody: boolean) =>
      api.addRequestValidator(name, { validateRequestBody, validateRequestParameters: true });
    const whole = validator('Whole', true);
    const parameters = validator('Parameters', false);
    const signedIn: MethodOptions = {
      authorizationType: AuthorizationType.COGNITO,
      authorizer: new CognitoUserPoolsAuthorizer(this, 'Authorizer', {
        cognitoUserPools: [userPool],
        // A token is good until its end, and no longer.
        resultsCacheTtl: Duration.seconds(0),
      }),
      methodResponses,
    };
    const body = (model: Model) => ({
      requestModels: { 'application/json': model },
      requestValidator: whole,
    });
    const newModel = api.addModel('NewLink', { modelName: 'NewLink', schema: newLink });
    const changedModel = api.addModel('ChangedLink', { modelName: 'ChangedLink', schema: changedLink });

    const app = api.root.addResource('app');
    app.addMethod('POST', createLink(links), { ...signedIn, ...body(newModel) });
    app.addMethod('GET', listLinks(links), {
      ...signedIn,
      requestParameters: {
        'method.request.querystring.limit': false,
        'method.request.querystring.next': false,
      },
      requestValidator: parameters,
    });
    const one = app.addResource('{linkId}');
    const named = { requestParameters: { [LINK_PARAMETER]: true } };
    one.addMethod('PUT', changeLink(links), { ...signedIn, ...named, ...body(changedModel) });
    one.addMethod('DELETE', deleteLink(links), { ...signedIn, ...named, requestValidator: parameters });
    const open = api.root.addResource('{linkId}').addMethod('GET', redirect(links), {
      ...named,
      requestValidator: parameters,
      authorizationType: AuthorizationType.NONE,
      methodResponses: redirectResponses,
    });
    acknowledge(open, {
      'AwsSolutions-APIG4': 'A short link is for whoever has it: it gives one address, and no list of them.',
      'AwsSolutions-COG4': 'A short link is for whoever has it: it gives one address, and no list of them.',
    });
    this.answers();
    this.watch(alarms);
  }

  private makeApi({ cacheGb, duplicate }: ShortenerSettings, { table }: Links): RestApi {
    const access = logGroup(this, 'AccessLogs');
    const cached = cacheGb !== '0';
    const logged = {
      loggingLevel: MethodLoggingLevel.ERROR,
      dataTraceEnabled: false,
      metricsEnabled: true,
    };
    const api = new RestApi(this, 'Rest', {
      description: 'Short links',
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: false,
      deployOptions: {
        stageName: STAGE,
        // What the templates have to know of the stack.
        variables: { table: table.tableName, index: OWNER_INDEX, duplicate },
        throttlingRateLimit: THROTTLE.perS,
        throttlingBurstLimit: THROTTLE.burst,
        ...logged,
        // Caching is for redirects alone: a list that is kept would be shown to another.
        cachingEnabled: false,
        ...(cached ? { cacheClusterEnabled: true, cacheClusterSize: cacheGb } : {}),
        methodOptions: {
          '/{linkId}/GET': {
            throttlingRateLimit: REDIRECT_THROTTLE.perS,
            throttlingBurstLimit: REDIRECT_THROTTLE.burst,
            ...logged,
            cachingEnabled: cached,
            ...(cached ? { cacheTtl: Duration.seconds(REDIRECT_CACHE_S), cacheDataEncrypted: true } : {}),
          },
        },
        accessLogDestination: new LogGroupLogDestination(access),
        accessLogFormat: AccessLogFormat.custom(
          JSON.stringify({
            requestId: '$context.requestId',
            time: '$context.requestTimeEpoch',
            ip: '$context.identity.sourceIp',
            sub: '$context.authorizer.claims.sub',
            method: '$context.httpMethod',
            path: '$context.path',
            status: '$context.status',
            ms: '$context.responseLatency',
            tableMs: '$context.integration.latency',
            tableStatus: '$context.integration.integrationStatus',
            error: '$context.error.responseType',
          }),
        ),
        tracingEnabled: true,
      },
    });
    ownRestApi(this, api, STAGE);
    acknowledge(api.deploymentStage, {
      'AwsSolutions-APIG3':
        'A web ACL costs more than everything else here; requests are throttled, and to write needs a token.',
    });
    return api;
  }

  /** What API Gateway answers by itself has the shape of all other refusals. */
  private answers(): void {
    const answer = (type: ResponseType, message: string, statusCode?: string) =>
      this.rest.addGatewayResponse(type.responseType, {
        type,
        ...(statusCode === undefined ? {} : { statusCode }),
        templates: { 'application/json': `{"error":true,"message":${message}}` },
      });
    const own = '$context.error.messageString';
    answer(
      ResponseType.BAD_REQUEST_BODY,
      '"Expected id (1 to 64 letters, digits, _ or -, not app) and url (http or https, at most 2048 characters of ASCII without spaces), and nothing else"',
    );
    // Whoever asks for a path that there is not gets this one from API Gateway, as 403.
    answer(ResponseType.MISSING_AUTHENTICATION_TOKEN, '"There is nothing here"', '404');
    answer(ResponseType.DEFAULT_4XX, own);
    answer(ResponseType.DEFAULT_5XX, own);
  }

  private watch(alarms: Alarms): void {
    const { rest } = this;
    alarms.onShare(
      'ClientErrors',
      rest.metricClientError(),
      MAX_ERROR_RATIO,
      '1 % of requests are refused (4xx)',
    );
    alarms.onShare('ServerErrors', rest.metricServerError(), MAX_ERROR_RATIO, '1 % of requests fail (5xx)');
    alarms.onDelay('Slow', rest.metricLatency(), SLOW_MS, 'The slowest 1 % of requests take 75 ms or longer');
  }
}
