import { Agent } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { Identity } from './identity.ts';

/** For endpoints that know the robot by its certificate. */
export function mutualTlsAgent({ certificate, privateKey, ca }: Identity): Agent {
  return new Agent({ cert: certificate, key: privateKey, ca, keepAlive: false });
}

/** For AWS's other endpoints, whose certificates come from several authorities. */
export function publicTlsAgent(ca: string): Agent {
  return new Agent({ ca: [...rootCertificates, ca], keepAlive: true, maxSockets: 4, timeout: 30_000 });
}
