import { arn } from '../desk/place.ts';
import { decide, type PolicyDocument, statementsOf } from '../iam/policy.ts';

/** Connection of the thing whose certificate it is: the certificates that the desk makes are attached. */
function contextOf(thing: string): Readonly<Record<string, string>> {
  return {
    'iot:Connection.Thing.IsAttached': 'true',
    'iot:Connection.Thing.ThingName': thing,
    'iot:ClientId': thing,
  };
}

/** Whether a policy lets a thing connect under its own name. */
export function letsConnect(thing: string, policy: PolicyDocument): boolean {
  const request = {
    action: 'iot:Connect',
    resource: arn('iot', `client/${thing}`),
    context: contextOf(thing),
  };
  return decide([policy], request) === 'allow';
}

/**
 * The lines of mosquitto's ACL file that grant a thing what IoT policies grant it. mosquitto has one right to hear a
 * topic where AWS has two: a topic has to be in Subscribe and in Receive.
 * @throws Error when a policy says something that such a file can't
 */
export function aclOf(thing: string, policies: readonly PolicyDocument[]): string {
  const statements = policies.flatMap(statementsOf);
  const granted = (action: string, kind: string): string[] =>
    statements.flatMap(({ Effect, Action = [], Resource = [] }) => {
      if (Effect !== 'Allow') throw new Error(`the effect ${Effect} in an IoT policy is not supported`);
      const matches = [Action].flat().some((one) => one === action || one === 'iot:*' || one === '*');
      return matches ? [Resource].flat().flatMap((resource) => filterIn(resource, kind, thing)) : [];
    });
  const received = granted('iot:Receive', 'topic');
  const heard = granted('iot:Subscribe', 'topicfilter').filter((filter) => received.includes(filter));
  return [
    `user ${thing}`,
    ...heard.map((filter) => `topic read ${filter}`),
    ...granted('iot:Publish', 'topic').map((filter) => `topic write ${filter}`),
    '',
  ].join('\n');
}

/** `arn:aws:iot:REGION:ACCOUNT:topic/a/*` is `a/#`; what is of another kind is nothing. */
function filterIn(resource: string, kind: string, thing: string): string[] {
  if (resource === '*') return ['#'];
  const name = resource.split(':').slice(5).join(':');
  if (!name.startsWith(`${kind}/`)) return [];
  const topic = name.slice(kind.length + 1).replaceAll(`\${iot:Connection.Thing.ThingName}`, thing);
  const filter = topic === '*' ? '#' : topic.replace(/\/\*$/, '/#');
  if (/[*?]|\$\{/.test(filter)) throw new Error(`the resource ${resource} in an IoT policy is not supported`);
  return [filter];
}
