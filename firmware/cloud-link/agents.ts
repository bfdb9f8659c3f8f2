import { Agent } from 'node:https';
import { createSecureContext, rootCertificates } from 'node:tls';
import type { Identity } from './identity.ts';

/** For endpoints that know the robot by its certificate. */
export function mutualTlsAgent({ certificate, privateKey, ca }: Identity): Agent {
  return new Agent({ cert: certificate, key: privateKey, ca, keepAlive: false });
}

/**
 * For AWS's other endpoints, whose certificates come from several authorities. Reading them all takes tens of
 * milliseconds, on a Pi hundreds: done here once, and not in the middle of driving for every connection.
 */
export function publicTlsAgent(ca: string): Agent {
  const secureContext = createSecureContext({ ca: [...rootCertificates, ca] });
  return new Agent({ secureContext, keepAlive: true, maxSockets: 4, timeout: 30_000 });
}
