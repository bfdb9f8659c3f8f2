/** What a robot's IoT policy tells about the stack it came from. */
export interface PolicyFacts {
  /** The role alias whose credentials it grants; empty where it grants none, or not by name. */
  readonly roleAlias: string;
  /** `original`: of aws-serverless-telepresence-robot, which knows neither status nor shadow. */
  readonly topics: 'all' | 'original';
}

interface Statement {
  readonly Effect?: unknown;
  readonly Action?: unknown;
  readonly Resource?: unknown;
}

/** Reads a policy document; one that can't be read grants nothing. */
export function readPolicy(document: string, thing: string): PolicyFacts {
  const allowed = statementsOf(document).filter(({ Effect }) => Effect === 'Allow');
  const aliases = allowed
    .filter(({ Action }) => texts(Action).includes('iot:AssumeRoleWithCertificate'))
    .flatMap(({ Resource }) => texts(Resource))
    .flatMap((arn) => /:rolealias\/([\w=,@-]+)$/.exec(arn)?.[1] ?? []);
  const grantsStatus = allowed.some(({ Resource }) =>
    texts(Resource).some((arn) => /:(topic\/)?\*$/.test(arn) || arn.endsWith(`:topic/${thing}/status`)),
  );
  return { roleAlias: aliases[0] ?? '', topics: grantsStatus ? 'all' : 'original' };
}

function statementsOf(document: string): Statement[] {
  try {
    const { Statement: found = [] } = JSON.parse(document) as { Statement?: Statement | Statement[] };
    return Array.isArray(found) ? found : [found];
  } catch {
    return [];
  }
}

function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');
}
