import { generate, type SelfsignedOptions } from 'selfsigned';
import type { Identity } from '../../firmware/cloud-link/identity.ts';

type KeyType = 'ec' | 'rsa';

export interface Authority {
  /** What to trust; PEM. */
  readonly ca: string;
  /** A key and a certificate for a name. RSA is what AWS makes by itself, and what the original's robots have. */
  issue(name: string, keyType?: KeyType): Promise<Identity>;
  /** For a server on loopback. */
  issueServer(): Promise<Identity>;
}

/** A certificate authority that lives as long as the test; of RSA too only where it is asked for, as that takes long. */
export async function createAuthority({ rsa = false } = {}): Promise<Authority> {
  const roots = new Map<KeyType, { key: string; cert: string }>();
  for (const keyType of ['ec', ...(rsa ? (['rsa'] as const) : [])] as const) {
    const root = await make(`Test CA ${keyType}`, {
      keyType,
      extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
    });
    roots.set(keyType, { key: root.private, cert: root.cert });
  }
  const ca = [...roots.values()].map(({ cert }) => cert).join('\n');
  const issue = async (name: string, keyType: KeyType, options: SelfsignedOptions = {}) => {
    const root = roots.get(keyType);
    if (!root) throw new Error(`Expected an authority with ${keyType} keys`);
    const issued = await make(name, { keyType, ca: root, ...options });
    return { certificate: issued.cert, privateKey: issued.private, ca };
  };
  const altNames = [
    { type: 2, value: 'localhost' },
    { type: 7, ip: '127.0.0.1' },
  ] as const;
  return {
    ca,
    issue: (name, keyType = 'ec') => issue(name, keyType),
    issueServer: () =>
      issue('localhost', 'ec', { extensions: [{ name: 'subjectAltName', altNames: [...altNames] }] }),
  };
}

function make(name: string, options: SelfsignedOptions) {
  return generate([{ name: 'commonName', value: name }], { algorithm: 'sha256', ...options });
}
