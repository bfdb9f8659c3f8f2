import { ofType, resolved, synthesize } from '../cloud/synthesized.ts';
import type { PolicyDocument } from './policy.ts';

/** As it stands in the synthesized template of the robots' stack; some seconds. */
export function synthesizedPolicies(names: readonly string[]): (name: string) => PolicyDocument {
  const policies = ofType(synthesize('roverd-robot', { robots: names.join(',') }), 'AWS::IoT::Policy');
  return (name) => {
    const found = policies.find(([, { Properties }]) => Properties.PolicyName === `${name}Policy`);
    if (!found) throw new Error(`Expected a policy of ${name} in the template`);
    return resolved(found[1].Properties.PolicyDocument) as PolicyDocument;
  };
}
