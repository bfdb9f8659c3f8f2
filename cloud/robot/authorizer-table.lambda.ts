import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { type Environment, required } from '../common/environment.lambda-shared.ts';
import { type Authorizer, createAuthorizer } from './authorize.lambda-shared.ts';
import { MAX_PERMISSIONS, PERMISSIONS_CACHE_MS } from './constants.ts';
import type { Permission } from './permissions.lambda-shared.ts';

/**
 * Permissions from a table, read again when older than a minute.
 * @throws Error when the table holds more than can be searched on every call
 */
export function tablePermissions(
  env: Environment,
  client = new DynamoDBClient({}),
  nowMs = () => performance.now(),
): () => Promise<Permission[]> {
  const TableName = required(env, 'PERMISSIONS_TABLE');
  let cached: { readonly atMs: number; readonly permissions: Promise<Permission[]> } | null = null;
  const read = async () => {
    const permissions: Permission[] = [];
    for await (const { Items = [] } of paginateScan({ client }, { TableName })) {
      for (const item of Items) {
        const { scope, httpVerb, resource, role, stage, arn } = item;
        if (!scope?.S || !httpVerb?.S || !resource?.S) continue;
        permissions.push({
          scope: scope.S,
          httpVerb: httpVerb.S,
          resource: resource.S,
          ...(role?.S === 'operator' ? { role: 'operator' } : {}),
          ...(stage?.S ? { stage: stage.S } : {}),
          ...(arn?.S ? { arn: arn.S } : {}),
        });
      }
      if (permissions.length > MAX_PERMISSIONS) {
        throw new Error(`Expected at most ${MAX_PERMISSIONS} permissions in ${TableName}`);
      }
    }
    return permissions;
  };
  return () => {
    const atMs = nowMs();
    if (!cached || atMs - cached.atMs >= PERMISSIONS_CACHE_MS) {
      const entry = { atMs, permissions: read() };
      cached = entry;
      entry.permissions.catch(() => {
        if (cached === entry) cached = null;
      });
    }
    return cached.permissions;
  };
}

let authorizer: Authorizer | undefined;

/** The authorizer with the permissions of a table. */
export const handler: Authorizer = (event) => {
  authorizer ??= createAuthorizer(process.env, tablePermissions(process.env));
  return authorizer(event);
};
