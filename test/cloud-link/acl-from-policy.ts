import type { PolicyDocument } from './policy.ts';

/**
 * The rules of mosquitto's ACL file for one user that grant what an IoT policy grants. mosquitto knows one right to
 * hear a topic where AWS has two: a topic has to be in Subscribe and in Receive. The right to connect under a name is
 * the listener's (`use_username_as_clientid`). Only statements that allow are understood.
 * @throws Error when a statement is of another kind, or no statement lets the user connect under its name
 */
export function aclFromPolicy(user: string, policy: PolicyDocument): string {
  const granted = (action: string, kind: string): string[] =>
    policy.Statement.flatMap(({ Effect, Action, Resource }) => {
      if (Effect !== 'Allow') throw new Error(`Expected statements that allow but received ${Effect}`);
      if (![Action].flat().includes(action)) return [];
      return [Resource].flat().flatMap((arn) => topicIn(arn, kind));
    });
  if (!granted('iot:Connect', 'client').includes(user)) {
    throw new Error(`Expected a policy by which ${user} may connect`);
  }
  const received = granted('iot:Receive', 'topic');
  const heard = granted('iot:Subscribe', 'topicfilter').filter((filter) => received.includes(filter));
  const rules = [
    ...heard.map((topic) => `topic read ${topic}`),
    ...granted('iot:Publish', 'topic').map((topic) => `topic write ${topic}`),
  ];
  return [`user ${user}`, ...rules, ''].join('\n');
}

/** `arn:aws:iot:eu-west-1:111122223333:topic/a/*` is `a/#`. */
function topicIn(arn: string, kind: string): string[] {
  const resource = arn.split(':').slice(5).join(':');
  return resource.startsWith(`${kind}/`) ? [resource.slice(kind.length + 1).replace(/\*$/, '#')] : [];
}
