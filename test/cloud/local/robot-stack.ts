import type { JWTPayload } from 'jose';
import { readStack, type SynthesizedStack } from '../../../cloud/local/template/assembly.ts';
import { type Assembly, writeAssembly } from '../assembly.ts';
import { type DeskRig, openRig } from './rig.ts';

export interface RobotStackRig extends DeskRig {
  readonly stack: SynthesizedStack;
  /** Somebody of a group, or of none, as the template lets sign in. */
  tokenOf(group: string | null): Promise<string>;
  /** A token of the pool with these claims; undefined takes one away. */
  signed(changes: Readonly<Record<string, unknown>>): Promise<string>;
  claims(changes?: Readonly<Record<string, unknown>>): JWTPayload;
  call(
    path: string,
    token: string | null,
    body?: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>;
}

/** The robots' stack on the desk, synthesized as `npm run synth` does. */
export async function openRobotStack(robots: readonly string[]): Promise<RobotStackRig> {
  const assembly: Assembly = await writeAssembly({ robots: robots.join(',') }, { schemas: false });
  try {
    const stack = await readStack(assembly.folder, 'robot');
    const desk = await openRig(stack);
    return { ...robotStackOn(desk, stack), close: () => desk.close().finally(() => assembly.remove()) };
  } catch (error) {
    await assembly.remove();
    throw error;
  }
}

/** What tests do with a desk that runs the robots' stack. */
export function robotStackOn(desk: DeskRig, stack: SynthesizedStack): RobotStackRig {
  const client = desk.userPools.clients[0]!;
  const claims = (changes: Readonly<Record<string, unknown>> = {}): JWTPayload => {
    const nowS = Math.floor(Date.now() / 1000);
    const base = {
      iss: desk.userPools.issuer(client.poolId),
      sub: 'u-1',
      client_id: client.id,
      token_use: 'access',
      scope: 'openid roverd/operate',
      iat: nowS,
      exp: nowS + 600,
    };
    return Object.fromEntries(
      Object.entries({ ...base, ...changes }).filter(([, value]) => value !== undefined),
    );
  };
  return {
    ...desk,
    stack,
    claims,
    tokenOf: (group) => desk.userPools.token(client, group === null ? [] : [group], 'Zoë'),
    signed: (changes) => desk.userPools.sign(client.poolId, claims(changes)),
    async call(path, token, body, headers = { 'content-type': 'application/json' }) {
      for (;;) {
        const response = await fetch(`${desk.outputs.ApiURL}${path}`, {
          method: body === undefined ? 'GET' : 'POST',
          headers: { ...headers, ...(token === null ? {} : { authorization: token }) },
          ...(body === undefined ? {} : { body }),
        });
        // A fast machine runs into the throttle of the template, which is not what is tested here.
        if (response.status !== 429) return response;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  };
}
