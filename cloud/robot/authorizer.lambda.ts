import { required } from '../common/environment.lambda-shared.ts';
import { type Authorizer, createAuthorizer } from './authorize.lambda-shared.ts';
import { staticPermissions } from './permissions.lambda-shared.ts';

let authorizer: Authorizer | undefined;

/** The authorizer with the permissions that are built in. */
export const handler: Authorizer = (event) => {
  const { env } = process;
  authorizer ??= createAuthorizer(env, async () =>
    staticPermissions(required(env, 'OPERATOR_SCOPE'), required(env, 'VIEWER_SCOPE')),
  );
  return authorizer(event);
};
