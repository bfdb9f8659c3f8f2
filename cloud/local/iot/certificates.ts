import { generate, type SelfsignedOptions } from 'selfsigned';

/** PEM. */
export interface Identity {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Gives certificates; it lives as long as the desk. */
export interface Authority {
  /** What to trust; PEM. */
  readonly ca: string;
  issue(commonName: string): Promise<Identity>;
  /** For a server on loopback. */
  issueServer(): Promise<Identity>;
}

const LOOPBACK_NAMES = [
  { type: 2, value: 'localhost' },
  { type: 7, ip: '127.0.0.1' },
] as const;

export async function createAuthority(): Promise<Authority> {
  const root = await make('roverd desk', {
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  });
  const issue = async (name: string, options: SelfsignedOptions = {}) => {
    const issued = await make(name, { ca: { key: root.private, cert: root.cert }, ...options });
    return { certificate: issued.cert, privateKey: issued.private };
  };
  return {
    ca: root.cert,
    issue,
    issueServer: () =>
      issue('localhost', { extensions: [{ name: 'subjectAltName', altNames: [...LOOPBACK_NAMES] }] }),
  };
}

function make(name: string, options: SelfsignedOptions) {
  return generate([{ name: 'commonName', value: name }], { keyType: 'ec', algorithm: 'sha256', ...options });
}
