import { randomBytes } from 'node:crypto';
import { PLACE } from '../desk/place.ts';
import { type AccessRequest, type Decision, decide, type PolicyDocument, statementsOf } from './policy.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

interface Role {
  readonly arn: string;
  readonly trust: PolicyDocument;
  readonly documents: PolicyDocument[];
}

/** The roles of the template and who has taken them. */
export class Principals {
  readonly #roles = new Map<string, Role>();
  /** Credentials that were given out, by access key. */
  readonly #sessions = new Map<string, Credentials & { readonly roleArn: string }>();

  addRole(name: string, trust: PolicyDocument, documents: readonly PolicyDocument[]): string {
    const arn = `arn:${PLACE.partition}:iam::${PLACE.account}:role/${name}`;
    this.#roles.set(arn, { arn, trust, documents: [...documents] });
    return arn;
  }

  /** @throws Error when there is no such role */
  addPolicy(roleName: string, document: PolicyDocument): void {
    this.#role(`arn:${PLACE.partition}:iam::${PLACE.account}:role/${roleName}`).documents.push(document);
  }

  /**
   * Lets a service act as a role.
   * @param service as in `lambda.amazonaws.com`
   * @throws Error when the role does not trust the service
   */
  assume(roleArn: string, service: string): Credentials {
    const { trust } = this.#role(roleArn);
    const context = { 'aws:SourceAccount': PLACE.account };
    const documents = statementsOf(trust)
      .filter(({ Principal }) => servicesIn(Principal).includes(service))
      .map((statement) => ({ Statement: { ...statement, Resource: '*' } }));
    if (decide(documents, { action: 'sts:AssumeRole', resource: roleArn, context }) !== 'allow') {
      throw new Error(`${roleArn} does not let ${service} assume it`);
    }
    const credentials = {
      accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      sessionToken: randomBytes(60).toString('base64'),
    };
    this.#sessions.set(credentials.accessKeyId, { ...credentials, roleArn });
    return credentials;
  }

  /** Null for a key that nobody was given. */
  session(accessKeyId: string): (Credentials & { readonly roleArn: string }) | null {
    return this.#sessions.get(accessKeyId) ?? null;
  }

  /** What the policies of a role say to a request. */
  decide(roleArn: string, request: AccessRequest): Decision {
    return decide(this.#role(roleArn).documents, request);
  }

  #role(arn: string): Role {
    const role = this.#roles.get(arn);
    if (!role) throw new Error(`Expected a role of the template but received ${arn}`);
    return role;
  }
}

function servicesIn(principal: unknown): string[] {
  const { Service = [] } = (principal ?? {}) as { readonly Service?: string | readonly string[] };
  return [Service].flat() as string[];
}
