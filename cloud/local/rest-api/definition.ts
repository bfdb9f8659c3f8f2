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
  readonly authorizers: Map<string, TokenAuthorizer>;
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
  /** Name of the model by content type. */
  readonly requestModels: Readonly<Record<string, string>>;
  /** `method.request.header.NAME` and the like, and whether it must be there. */
  readonly requestParameters: Readonly<Record<string, boolean>>;
  readonly validatorId: string | null;
  readonly integration: Integration;
}

export type Integration =
  | { readonly type: 'AWS_PROXY'; readonly functionArn: string; readonly timeoutMs: number }
  | { readonly type: 'MOCK'; readonly statusCode: string; readonly responses: readonly MockResponse[] };

export interface MockResponse {
  readonly statusCode: string;
  /** Which status of the integration it answers; null: all that no other does. */
  readonly selectionPattern: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface TokenAuthorizer {
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
}

export interface ThrottleSetting {
  /** `/*` or a path. */
  readonly path: string;
  /** `*` or a method. */
  readonly httpMethod: string;
  readonly perS: number;
  readonly burst: number;
}
