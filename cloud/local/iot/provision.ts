import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Authority } from './certificates.ts';

/**
 * Writes what a robot needs to connect to the desk's broker: configuration and certificates.
 * @returns the path of its configuration, for `roverd run --config`
 */
export async function provision(
  folder: string,
  thing: string,
  authority: Authority,
  brokerPort: number,
): Promise<string> {
  const certificates = join(folder, 'certs');
  mkdirSync(certificates, { recursive: true, mode: 0o700 });
  const { certificate, privateKey } = await authority.issue(thing);
  const write = (path: string, text: string) => {
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const cloud = {
    endpoint: `127.0.0.1:${brokerPort}`,
    thingName: thing,
    certificate: write(join(certificates, 'certificate.pem'), certificate),
    privateKey: write(join(certificates, 'private.pem.key'), privateKey),
    ca: write(join(certificates, 'cacert.pem'), authority.ca),
  };
  const config = { robot: { name: thing, stateDir: join(folder, 'state') }, cloud };
  return write(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
}
