import { readFileSync } from 'node:fs';
import type { Config } from '../../config/schema.ts';

/** What the robot shows the cloud, and what it takes the cloud by; PEM. */
export interface Identity {
  readonly certificate: string;
  readonly privateKey: string;
  readonly ca: string;
}

type Files = Pick<Config['cloud'], 'certificate' | 'privateKey' | 'ca'>;

const PARTS = {
  certificate: { what: 'the certificate of the robot', mark: /-----BEGIN (TRUSTED )?CERTIFICATE-----/ },
  privateKey: { what: 'the private key of the robot', mark: /-----BEGIN (RSA |EC )?PRIVATE KEY-----/ },
  ca: { what: 'the certificate authority of the cloud', mark: /-----BEGIN (TRUSTED )?CERTIFICATE-----/ },
} as const;

/**
 * Reads the three files of a robot in the cloud.
 * @throws Error that names key, path and what is wrong
 */
export function readIdentity(files: Files): Identity {
  const read = (key: keyof typeof PARTS): string => {
    const { what, mark } = PARTS[key];
    const expected = `Expected ${what} (PEM) in ${files[key]} (cloud.${key})`;
    let text: string;
    try {
      text = readFileSync(files[key], 'utf8');
    } catch (error) {
      throw new Error(`${expected} but could not read it: ${(error as Error).message}`);
    }
    if (!mark.test(text)) throw new Error(`${expected} but received something else`);
    return text;
  };
  return { certificate: read('certificate'), privateKey: read('privateKey'), ca: read('ca') };
}
