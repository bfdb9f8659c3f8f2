import { described, type Family } from '../desk/family.ts';
import { madeUpId } from '../desk/place.ts';
import { beyondContext } from './context.ts';
import {
  functionIn,
  headersIn,
  type IntegrationProperties,
  integrationOf,
  unsupportedInIntegration,
  valuesNotFixed,
} from './integration.ts';

interface MethodSetting {
  readonly ResourcePath?: string;
  readonly HttpMethod?: string;
  readonly ThrottlingRateLimit?: number;
  readonly ThrottlingBurstLimit?: number;
  readonly CachingEnabled?: boolean;
  readonly CacheTtlInSeconds?: number;
}

type Texts = Readonly<Record<string, string>>;

/** API Gateway keeps answers of authorizers and of methods five minutes where the template does not say how long. */
const DEFAULT_TTL_S = 300;

export const restApi: Family = {
  'AWS::ApiGateway::Account': described(['CloudWatchRoleArn']),
  'AWS::ApiGateway::RestApi': {
    properties: ['Description', 'EndpointConfiguration', 'Name', 'Tags'],
    create({ name, logicalId, properties }, { apis }) {
      const id = madeUpId(name, 10);
      const rootId = madeUpId(`${name} root`, 10);
      apis.add({
        id,
        name: String(properties.Name ?? logicalId),
        rootId,
        resources: new Map([[rootId, { parentId: null, pathPart: '' }]]),
        methods: [],
        models: new Map(),
        validators: new Map(),
        authorizers: new Map(),
        gatewayResponses: new Map(),
        stages: [],
      });
      return { ref: id, attributes: { RootResourceId: rootId, RestApiId: id } };
    },
  },
  'AWS::ApiGateway::Resource': {
    properties: ['ParentId', 'PathPart', 'RestApiId'],
    create({ name, properties }, { apis }) {
      const { ParentId: parentId, PathPart: pathPart, RestApiId } = properties as Texts;
      const id = madeUpId(name, 6);
      apis.definition(RestApiId!).resources.set(id, { parentId: parentId!, pathPart: pathPart! });
      return { ref: id, attributes: { ResourceId: id } };
    },
  },
  'AWS::ApiGateway::Model': {
    properties: ['ContentType', 'Description', 'Name', 'RestApiId', 'Schema'],
    unsupported: ({ Schema }) => (JSON.stringify(Schema ?? {}).includes('"$ref"') ? ['$ref in a model'] : []),
    create({ logicalId, properties }, { apis }) {
      const { Name = logicalId, RestApiId, Schema = {} } = properties;
      apis.definition(String(RestApiId)).models.set(String(Name), Schema as object);
      return { ref: String(Name) };
    },
  },
  'AWS::ApiGateway::RequestValidator': {
    properties: ['Name', 'RestApiId', 'ValidateRequestBody', 'ValidateRequestParameters'],
    create({ name, properties }, { apis }) {
      const id = madeUpId(name, 6);
      apis.definition(String(properties.RestApiId)).validators.set(id, {
        body: properties.ValidateRequestBody === true,
        parameters: properties.ValidateRequestParameters === true,
      });
      return { ref: id, attributes: { RequestValidatorId: id } };
    },
  },
  'AWS::ApiGateway::Authorizer': {
    properties: [
      'AuthorizerResultTtlInSeconds',
      'AuthorizerUri',
      'IdentitySource',
      'IdentityValidationExpression',
      'Name',
      'ProviderARNs',
      'RestApiId',
      'Type',
    ],
    unsupported({ Type, IdentitySource }) {
      const source = String(IdentitySource ?? '');
      return [
        ...(Type === 'TOKEN' || Type === 'COGNITO_USER_POOLS' ? [] : [`authorizers of the type ${Type}`]),
        ...(source.startsWith('method.request.header.') ? [] : [`the identity source ${source}`]),
      ];
    },
    create({ name, properties }, { apis }) {
      const {
        RestApiId,
        AuthorizerUri,
        IdentitySource,
        IdentityValidationExpression: expression,
      } = properties as Texts;
      const id = madeUpId(name, 6);
      const common = {
        id,
        header: IdentitySource!.replace('method.request.header.', ''),
        validation: expression ? new RegExp(`^(?:${expression})$`) : null,
      };
      const { authorizers } = apis.definition(RestApiId!);
      if (properties.Type === 'COGNITO_USER_POOLS') {
        const poolArns = (properties.ProviderARNs ?? []) as readonly string[];
        authorizers.set(id, { ...common, type: 'COGNITO_USER_POOLS', poolArns });
      } else {
        authorizers.set(id, {
          ...common,
          type: 'TOKEN',
          functionArn: functionIn(AuthorizerUri!),
          ttlS: Number(properties.AuthorizerResultTtlInSeconds ?? DEFAULT_TTL_S),
        });
      }
      return { ref: id, attributes: { AuthorizerId: id } };
    },
  },
  'AWS::ApiGateway::GatewayResponse': {
    properties: ['ResponseParameters', 'ResponseTemplates', 'ResponseType', 'RestApiId', 'StatusCode'],
    unsupported({ ResponseTemplates = {}, ResponseParameters = {} }) {
      const beyond = Object.values(ResponseTemplates as Texts).map((one) => beyondContext(String(one)));
      return [
        ...beyond.filter((found) => found !== null).map((found) => `${found} in a template`),
        ...valuesNotFixed(ResponseParameters as Texts),
      ];
    },
    create({ name, properties }, { apis }) {
      const {
        RestApiId,
        ResponseType,
        StatusCode,
        ResponseTemplates = {},
        ResponseParameters = {},
      } = properties;
      apis.definition(String(RestApiId)).gatewayResponses.set(String(ResponseType), {
        statusCode: StatusCode === undefined ? null : Number(StatusCode),
        headers: headersIn(ResponseParameters as Texts, 'gatewayresponse.header.'),
        templates: ResponseTemplates as Texts,
      });
      return { ref: name };
    },
  },
  'AWS::ApiGateway::Method': {
    properties: [
      'ApiKeyRequired',
      'AuthorizationScopes',
      'AuthorizationType',
      'AuthorizerId',
      'HttpMethod',
      'Integration',
      'MethodResponses',
      'OperationName',
      'RequestModels',
      'RequestParameters',
      'RequestValidatorId',
      'ResourceId',
      'RestApiId',
    ],
    unsupported({ ApiKeyRequired, AuthorizationType = 'NONE', Integration }) {
      return [
        ...(ApiKeyRequired === true ? ['API keys'] : []),
        ...(['NONE', 'CUSTOM', 'COGNITO_USER_POOLS'].includes(String(AuthorizationType))
          ? []
          : [`authorization by ${AuthorizationType}`]),
        ...unsupportedInIntegration(Integration as IntegrationProperties),
      ];
    },
    create({ name, properties }, { apis }) {
      const {
        RequestModels = {},
        RequestParameters = {},
        RequestValidatorId = null,
        AuthorizerId = null,
        AuthorizationScopes = [],
      } = properties;
      const integration = properties.Integration as IntegrationProperties;
      apis.definition(String(properties.RestApiId)).methods.push({
        resourceId: String(properties.ResourceId),
        httpMethod: String(properties.HttpMethod),
        authorizerId: (properties.AuthorizationType ?? 'NONE') === 'NONE' ? null : String(AuthorizerId),
        scopes: AuthorizationScopes as readonly string[],
        requestModels: RequestModels as Texts,
        requestParameters: RequestParameters as Readonly<Record<string, boolean>>,
        validatorId: RequestValidatorId === null ? null : String(RequestValidatorId),
        integration: integrationOf(integration),
        cache: {
          namespace: integration.CacheNamespace ?? null,
          keyParameters: integration.CacheKeyParameters ?? [],
        },
      });
      return { ref: name };
    },
  },
  'AWS::ApiGateway::Deployment': described(['Description', 'RestApiId']),
  'AWS::ApiGateway::Stage': {
    properties: [
      'AccessLogSetting',
      'CacheClusterEnabled',
      'CacheClusterSize',
      'DeploymentId',
      'Description',
      'MethodSettings',
      'RestApiId',
      'StageName',
      'Tags',
      'TracingEnabled',
      'Variables',
    ],
    create({ properties }, { apis }) {
      const { RestApiId, StageName, AccessLogSetting, MethodSettings = [], Variables = null } = properties;
      const name = String(StageName);
      const settings = (MethodSettings as MethodSetting[]).map((given) => ({
        path: (given.ResourcePath ?? '/*').replace(/^\/(?=~1)/, '').replaceAll('~1', '/'),
        httpMethod: given.HttpMethod ?? '*',
        given,
      }));
      apis.definition(String(RestApiId)).stages.push({
        name,
        variables: Variables as Texts | null,
        accessLogFormat: (AccessLogSetting as { readonly Format?: string } | undefined)?.Format ?? null,
        throttles: settings.flatMap(({ path, httpMethod, given }) =>
          given.ThrottlingRateLimit === undefined
            ? []
            : [
                {
                  path,
                  httpMethod,
                  perS: given.ThrottlingRateLimit,
                  burst: given.ThrottlingBurstLimit ?? given.ThrottlingRateLimit,
                },
              ],
        ),
        // Without a cluster nothing is kept, whatever methods say.
        caching: (properties.CacheClusterEnabled === true ? settings : []).flatMap(
          ({ path, httpMethod, given }) =>
            given.CachingEnabled === undefined
              ? []
              : [
                  {
                    path,
                    httpMethod,
                    enabled: given.CachingEnabled,
                    ttlS: given.CacheTtlInSeconds ?? DEFAULT_TTL_S,
                  },
                ],
        ),
      });
      return { ref: name };
    },
  },
};
