import type { Role } from './caller.lambda-shared.ts';

/** What one scope allows. `resource` is a path without its first slash; `*` stands for any part of it. */
export interface Permission {
  readonly scope: string;
  readonly httpVerb: string;
  readonly resource: string;
  /** What the functions behind the API let this scope do; the highest of all scopes counts. Default: viewer. */
  readonly role?: Role;
  /** Default: the stage that was called. */
  readonly stage?: string;
  /** ARN of the API without stage. Default: the API that was called. */
  readonly arn?: string;
}

/** The map that is built in. Viewers may publish because anyone may stop; the function refuses everything else. */
export function staticPermissions(operatorScope: string, viewerScope: string): readonly Permission[] {
  const routes = [
    { httpVerb: 'POST', resource: 'publish' },
    { httpVerb: 'POST', resource: 'robots/*/publish' },
    { httpVerb: 'GET', resource: 'robots' },
    { httpVerb: 'GET', resource: 'robots/*/viewer' },
  ];
  return [
    ...routes.map((route) => ({ ...route, scope: operatorScope, role: 'operator' as const })),
    ...routes.map((route) => ({ ...route, scope: viewerScope, role: 'viewer' as const })),
  ];
}
