import { PLACE } from '../desk/place.ts';
import { type Decision, decide, type PolicyDocument, statementsOf } from './policy.ts';

/** Who asks a resource for something: a service on behalf of one of its resources, or a role. */
export interface Asker {
  /** `events.amazonaws.com`, or the ARN of a role. */
  readonly principal: string;
  /** The resource that it asks for; null for a role. */
  readonly sourceArn: string | null;
}

/**
 * What the policies of a resource itself (a queue's, a topic's, a bus's) say.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 * @param more condition keys of the service
 */
export function decideByResource(
  documents: readonly PolicyDocument[],
  { principal, sourceArn }: Asker,
  action: string,
  resource: string,
  more: Readonly<Record<string, string>> = {},
): Decision {
  const concerning = documents
    .flatMap(statementsOf)
    .filter(({ Principal }) => principalsIn(Principal).some((one) => one === '*' || one === principal));
  const context = {
    'aws:SecureTransport': 'true',
    'aws:SourceAccount': PLACE.account,
    'aws:PrincipalAccount': PLACE.account,
    'AWS:SourceOwner': PLACE.account,
    ...(sourceArn === null ? {} : { 'aws:SourceArn': sourceArn }),
    ...more,
  };
  // Statements without a resource are about the one they stand at.
  const statements = concerning.map((statement) => ({
    ...statement,
    ...(statement.Resource === undefined && statement.NotResource === undefined ? { Resource: '*' } : {}),
  }));
  return decide([{ Statement: statements }], { action, resource, context });
}

/** Both policies count: one has to allow it, and neither may deny it. */
export function together(...decisions: readonly Decision[]): Decision {
  if (decisions.includes('deny')) return 'deny';
  return decisions.includes('allow') ? 'allow' : 'none';
}

/** The account's own root stands for every role of it that is allowed by its own policies, too: not counted here. */
function principalsIn(principal: unknown): string[] {
  if (typeof principal === 'string') return [principal];
  const { Service = [], AWS = [] } = (principal ?? {}) as Readonly<
    Record<string, string | readonly string[]>
  >;
  return [Service, AWS].flat() as string[];
}
