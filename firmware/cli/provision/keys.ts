import 'reflect-metadata';
import { createHash, createPrivateKey, createPublicKey, webcrypto, X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { cryptoProvider, Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

/** https://www.amazontrust.com/repository/: Amazon Root CA 1, by the SHA-256 of its certificate. */
const AMAZON_ROOT_CA_1 =
  '8E:CD:E6:88:4F:3D:87:B1:12:5B:A3:1A:C3:FC:B1:3D:70:16:DE:7F:57:CC:90:4F:E1:CB:97:C6:AE:98:19:6E';

/**
 * P-256: AWS IoT takes it, a Pi makes and uses it in a fraction of the time of RSA, and handshakes are smaller. Keys
 * of other kinds that are there already serve as well.
 */
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A new private key, PKCS#8 in PEM. */
export async function createKey(): Promise<string> {
  const { privateKey } = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const der = await webcrypto.subtle.exportKey('pkcs8', privateKey);
  return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  }) as string;
}

/**
 * A certificate signing request (PKCS#10, PEM): it proves that its maker has the key without giving it away.
 * @throws Error when this is no key made by `createKey`
 */
export async function createRequest(privateKeyPem: string, name: string): Promise<string> {
  cryptoProvider.set(webcrypto as Crypto);
  const key = createPrivateKey(privateKeyPem);
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const keys = {
    privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, ALGORITHM, true, ['verify']),
  };
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [name] }],
    keys,
    signingAlgorithm: ALGORITHM,
  });
  return request.toString('pem');
}

/** What AWS IoT calls a certificate by. */
export function certificateId(certificatePem: string): string {
  return createHash('sha256').update(new X509Certificate(certificatePem).raw).digest('hex');
}

/** Whether a certificate was made for a key. @throws Error when either can't be read */
export function fitTogether(certificatePem: string, privateKeyPem: string): boolean {
  return new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem));
}

/** The authority that AWS IoT's endpoints show, out of those that Node trusts; null where it is not among them. */
export function amazonRoot(): string | null {
  const found = rootCertificates.find((pem) => new X509Certificate(pem).fingerprint256 === AMAZON_ROOT_CA_1);
  return found === undefined ? null : `${found.trim()}\n`;
}
