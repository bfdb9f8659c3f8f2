import type { Credentials, Principals } from '../iam/principals.ts';

const SERVICE = 'desk.local';

/** Keys for whoever sits at the desk. They are good for everything on it, and for nothing elsewhere. */
export function personAtTheDesk(principals: Principals): Credentials {
  const role = principals.addRole(
    'person-at-the-desk',
    { Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: SERVICE } } },
    [{ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }],
  );
  return principals.assume(role, SERVICE);
}
