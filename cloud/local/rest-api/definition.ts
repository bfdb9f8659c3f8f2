/** A REST API as the template describes it. */
export interface ApiDefinition {
  readonly id: string;
  readonly name: string;
  readonly rootId: string;
  readonly resources: Map<string, ApiResource>;
  readonly methods: ApiMethod[];
  /** JSON schemas (draft 4), by the name of the model. */
  readonly models: Map<string, object>;
  readonly validators: Map<string, { readonly body: boolean; readonly parameters: boolean }>;
  readonly authorizers: Map<string, Authorizer>;
  readonly gatewayResponses: Map<string, GatewayResponse>;
  readonly stages: Stage[];
}

export interface ApiResource {
  /** Null: the root. */
  readonly parentId: string | null;
  readonly pathPart: string;
}

export interface ApiMethod {
  readonly resourceId: string;
  /** `ANY`: each. */
  readonly httpMethod: string;
  /** Null: open to all. */
  readonly authorizerId: string | null;
  /** One of them has to be in an access token; none: the token has to be an identity token. */
  readonly scopes: readonly string[];
  /** Name of the model by content type. */
  readonly requestModels: Readonly<Record<string, string>>;
  /** `method.request.header.NAME` and the like, and whether it must be there. */
  readonly requestParameters: Readonly<Record<string, boolean>>;
  readonly validatorId: string | null;
  readonly integration: Integration;
  readonly cache: {
    /** Shared by methods that name the same; null: that of the resource. */
    readonly namespace: string | null;
    /** As in `method.request.path.NAME`. */
    readonly keyParameters: readonly string[];
  };
}

type Texts = Readonly<Record<string, string>>;

export type Integration =
  | { readonly type: 'AWS_PROXY'; readonly functionArn: string; readonly timeoutMs: number }
  | MappedIntegration;

/** Request and response are made by templates and mapped parameters. */
export interface MappedIntegration {
  readonly type: 'MAPPED';
  readonly backend: Backend;
  /** The role in which API Gateway acts; null: the resource has to let it. */
  readonly roleArn: string | null;
  readonly timeoutMs: number;
  /** What becomes of a body without a template for its content type. */
  readonly passthrough: 'WHEN_NO_MATCH' | 'WHEN_NO_TEMPLATES' | 'NEVER';
  /** By content type. */
  readonly requestTemplates: Texts;
  /** Where the value of `integration.request.header.NAME` and the like is taken from. */
  readonly requestParameters: Texts;
  readonly responses: readonly IntegrationResponse[];
}

export type Backend =
  | { readonly kind: 'mock' }
  | { readonly kind: 'function'; readonly functionArn: string }
  | { readonly kind: 'service'; readonly service: string; readonly target: string };

export interface IntegrationResponse {
  readonly statusCode: string;
  /** Of the backend's status, or of a function's error; null: all that no other takes. */
  readonly selectionPattern: RegExp | null;
  /** Where the value of `method.response.header.NAME` is taken from. */
  readonly parameters: Texts;
  /** By content type. */
  readonly templates: Texts;
}

export type Authorizer = TokenAuthorizer | UserPoolAuthorizer;

export interface UserPoolAuthorizer {
  readonly type: 'COGNITO_USER_POOLS';
  readonly id: string;
  /** Of the token. */
  readonly header: string;
  readonly validation: RegExp | null;
  readonly poolArns: readonly string[];
}

export interface TokenAuthorizer {
  readonly type: 'TOKEN';
  readonly id: string;
  readonly functionArn: string;
  /** Of the token. */
  readonly header: string;
  readonly validation: RegExp | null;
  readonly ttlS: number;
}

export interface GatewayResponse {
  readonly statusCode: number | null;
  readonly headers: Readonly<Record<string, string>>;
  /** By content type. */
  readonly templates: Readonly<Record<string, string>>;
}

export interface Stage {
  readonly name: string;
  readonly variables: Readonly<Record<string, string>> | null;
  /** Null: no access log. */
  readonly accessLogFormat: string | null;
  readonly throttles: readonly ThrottleSetting[];
  /** Empty without a cache. */
  readonly caching: readonly CacheSetting[];
}

export interface CacheSetting {
  /** `/*` or a path. */
  readonly path: string;
  /** `*` or a method. */
  readonly httpMethod: string;
  readonly enabled: boolean;
  readonly ttlS: number;
}

export interface ThrottleSetting {
  /** `/*` or a path. */
  readonly path: string;
  /** `*` or a method. */
  readonly httpMethod: string;
  readonly perS: number;
  readonly burst: number;
}
