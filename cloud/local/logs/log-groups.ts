import type { Delivered, Delivery } from '../desk/targets.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import { decideByResource } from '../iam/resource-policy.ts';

/** A desk is not an archive. */
const KEPT = 1000;

/** What was logged to each group: lines of functions, and events that rules send there. */
export class LogGroups {
  readonly #entries = new Map<string, string[]>();
  readonly #policies: PolicyDocument[] = [];

  /** Lets services write to groups, as `aws logs put-resource-policy` does. */
  addPolicy(document: PolicyDocument): void {
    this.#policies.push(document);
  }

  add(group: string, text: string): void {
    const entries = this.#entries.get(group) ?? [];
    entries.push(text);
    if (entries.length > KEPT) entries.shift();
    this.#entries.set(group, entries);
  }

  entries(group: string): readonly string[] {
    return this.#entries.get(group) ?? [];
  }

  async deliver(groupArn: string, { principal, sourceArn, payload }: Delivery): Promise<Delivered> {
    const group = groupArn.replace(/:\*$/, '').split(':log-group:')[1] ?? '';
    // Policies are about the streams of a group; those of rules have names that are not known beforehand.
    const stream = `${groupArn.replace(/:\*$/, '')}:log-stream:desk`;
    const asker = { principal, sourceArn };
    if (decideByResource(this.#policies, asker, 'logs:PutLogEvents', stream) !== 'allow') {
      const message = `${principal} is not authorized to perform: logs:PutLogEvents on resource: ${stream}`;
      return { ok: false, code: 'NO_PERMISSIONS', message, retryable: false };
    }
    this.add(group, payload);
    return { ok: true };
  }
}
