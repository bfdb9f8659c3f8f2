import { readStack } from '../../../cloud/local/template/assembly.ts';
import { writeAssembly } from '../assembly.ts';
import { type DeskRig, openRig } from '../local/rig.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of a text in JSON. */
  json<T = { readonly error: true; readonly message: string }>(): T;
}

export interface Link {
  readonly id: string;
  readonly url: string;
  readonly timestamp: string;
  readonly owner: string;
}

export interface Shortener extends DeskRig {
  /** A token of identity. */
  tokenOf(email: string): Promise<string>;
  /** A token of the pool with these claims in place of what somebody's has; undefined takes one away. */
  signed(changes: Readonly<Record<string, unknown>>): Promise<string>;
  /** @param path from the stage on, `app` */
  call(
    method: string,
    path: string,
    token?: string | null,
    body?: unknown,
    headers?: object,
  ): Promise<Answer>;
}

/** The stack on the desk, synthesized as `npm run synth` does. */
export async function openShortener(context: Readonly<Record<string, string>> = {}): Promise<Shortener> {
  const assembly = await writeAssembly({ scenarios: 'url-shortener', ...context }, { schemas: false });
  try {
    const desk = await openRig(await readStack(assembly.folder, 'url-shortener'));
    const client = desk.userPools.clients[0]!;
    return {
      ...desk,
      tokenOf: (email) => desk.userPools.idToken(client, [], email),
      signed(changes) {
        const nowS = Math.floor(Date.now() / 1000);
        const base = {
          iss: desk.userPools.issuer(client.poolId),
          sub: 'u-1',
          aud: client.id,
          email: 'zoe@example.com',
          token_use: 'id',
          iat: nowS,
          exp: nowS + 600,
        };
        const claims = Object.entries({ ...base, ...changes }).filter(([, value]) => value !== undefined);
        return desk.userPools.sign(client.poolId, Object.fromEntries(claims));
      },
      async call(method, path, token = null, body, headers = {}) {
        const response = await fetch(`${desk.outputs.ApiURL}${path}`, {
          method,
          redirect: 'manual',
          headers: {
            ...(token === null ? {} : { authorization: token }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        });
        const text = await response.text();
        return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
      },
      close: () => desk.close().finally(() => assembly.remove()),
    };
  } catch (error) {
    await assembly.remove();
    throw error;
  }
}
