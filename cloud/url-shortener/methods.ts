import {
  AwsIntegration,
  type IntegrationResponse,
  type MethodResponse,
  Model,
  PassthroughBehavior,
} from 'aws-cdk-lib/aws-apigateway';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { REDIRECT_CACHE_S } from './constants.ts';
import type { Links } from './links.ts';
import { template } from './templates.ts';

export const LINK_PARAMETER = 'method.request.path.linkId';

const JSON_TYPE = 'application/json';
const CONTENT_TYPE = 'method.response.header.Content-Type';
const CACHE_CONTROL = 'method.response.header.Cache-Control';
const LOCATION = 'method.response.header.Location';

/** The table answers 200 or 400; the templates make of it what else there is. */
const answered = (statusCode: string, headers: readonly string[], model: string): MethodResponse => ({
  statusCode,
  responseParameters: Object.fromEntries(headers.map((name) => [name, true])),
  responseModels: { [model]: Model.EMPTY_MODEL },
});
const UNLUCKY = ['400', '502'].map((status) => answered(status, [CACHE_CONTROL], JSON_TYPE));
export const methodResponses = [answered('200', [CACHE_CONTROL], JSON_TYPE), ...UNLUCKY];
export const redirectResponses = [
  answered('301', [CACHE_CONTROL, CONTENT_TYPE, LOCATION], 'text/html'),
  ...UNLUCKY,
];

/** What belongs to one person is kept nowhere, and no failure outlasts its cause. */
const NOT_KEPT = { [CACHE_CONTROL]: "'no-store'" };

const unlucky: readonly IntegrationResponse[] = [
  {
    statusCode: '400',
    selectionPattern: '400',
    responseTemplates: { [JSON_TYPE]: template('refused-response') },
    responseParameters: NOT_KEPT,
  },
  // Without a pattern: whatever no other takes.
  {
    statusCode: '502',
    responseTemplates: { [JSON_TYPE]: template('failed-response') },
    responseParameters: NOT_KEPT,
  },
];

interface Call {
  readonly action: string;
  readonly credentialsRole: Role;
  readonly request: string;
  readonly response: IntegrationResponse;
  readonly cacheKeyParameters?: string[];
}

function call({ action, credentialsRole, request, response, cacheKeyParameters }: Call): AwsIntegration {
  return new AwsIntegration({
    service: 'dynamodb',
    action,
    integrationHttpMethod: 'POST',
    options: {
      credentialsRole,
      // A body of another type would come to the table as it is, past model and template.
      passthroughBehavior: PassthroughBehavior.NEVER,
      requestTemplates: { [JSON_TYPE]: template(request) },
      integrationResponses: [response, ...unlucky],
      ...(cacheKeyParameters ? { cacheKeyParameters } : {}),
    },
  });
}

const inJson = (name: string): IntegrationResponse => ({
  statusCode: '200',
  selectionPattern: '200',
  responseTemplates: { [JSON_TYPE]: template(name) },
  responseParameters: NOT_KEPT,
});

export const createLink = ({ writer }: Links) =>
  call({
    action: 'UpdateItem',
    credentialsRole: writer,
    request: 'create-request',
    response: inJson('link-response'),
  });

export const listLinks = ({ lister }: Links) =>
  call({
    action: 'Query',
    credentialsRole: lister,
    request: 'list-request',
    response: inJson('list-response'),
  });

export const changeLink = ({ writer }: Links) =>
  call({
    action: 'UpdateItem',
    credentialsRole: writer,
    request: 'change-request',
    response: inJson('link-response'),
  });

export const deleteLink = ({ writer }: Links) =>
  call({
    action: 'DeleteItem',
    credentialsRole: writer,
    request: 'delete-request',
    response: inJson('link-response'),
  });

export const redirect = ({ reader }: Links) =>
  call({
    action: 'GetItem',
    credentialsRole: reader,
    request: 'redirect-request',
    response: {
      statusCode: '301',
      selectionPattern: '200',
      responseTemplates: { 'text/html': template('redirect-response') },
      responseParameters: {
        [CONTENT_TYPE]: "'text/html; charset=utf-8'",
        [CACHE_CONTROL]: `'max-age=${REDIRECT_CACHE_S}'`,
      },
    },
    // Without it all links would share what the first one asked for was answered.
    cacheKeyParameters: [LINK_PARAMETER],
  });
