import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

type Claims = Readonly<Record<string, unknown>>;

export const AUDIENCE = 'https://api.robots.example';

/** An OpenID provider on loopback: keys of its own and their public halves as JWKS. */
export async function startProvider(algorithms: readonly string[] = ['RS256']) {
  const keys = await Promise.all(
    algorithms.map(async (alg) => ({
      alg,
      kid: `key-${alg}`,
      ...(await generateKeyPair(alg, { extractable: true })),
    })),
  );
  const published = await Promise.all(
    keys.map(async ({ publicKey, kid, alg }) => ({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' })),
  );
  let fetches = 0;
  let down = false;
  const server = createServer((_request, response) => {
    fetches += 1;
    if (down) response.writeHead(503).end();
    else
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ keys: published }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  /** Claims of an operator's access token; a claim set to undefined is left out. */
  const claimsOf = (changes: Claims = {}): JWTPayload => {
    const nowS = Math.floor(Date.now() / 1000);
    const base = {
      iss: issuer,
      aud: AUDIENCE,
      sub: 'u-1',
      iat: nowS,
      exp: nowS + 600,
      scope: 'roverd/operate',
    };
    return Object.fromEntries(
      Object.entries({ ...base, ...changes }).filter(([, value]) => value !== undefined),
    );
  };
  return {
    issuer,
    jwksUri: `${issuer}/.well-known/jwks.json`,
    published,
    claimsOf,
    fetches: () => fetches,
    setDown: (value: boolean) => {
      down = value;
    },
    /** @param by signs in place of the provider's key */
    token(changes: Claims = {}, header: { alg?: string; kid?: string } = {}, by?: CryptoKey | Uint8Array) {
      const alg = header.alg ?? algorithms[0]!;
      const key = keys.find((one) => one.alg === alg);
      const signer = new SignJWT(claimsOf(changes)).setProtectedHeader({
        alg,
        kid: header.kid ?? key?.kid ?? 'none',
      });
      return signer.sign(by ?? key!.privateKey);
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export type TestProvider = Awaited<ReturnType<typeof startProvider>>;
