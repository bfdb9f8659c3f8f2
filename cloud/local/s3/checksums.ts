import { createHash } from 'node:crypto';
import { Crc32, Crc32cJs, Crc64NvmeJs } from '@aws-sdk/checksums/crc';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
export const ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export interface Checksum {
  readonly algorithm: Algorithm;
  /** base64; of parts put together (COMPOSITE) with `-N` after it. */
  readonly value: string;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
}

export interface Digest {
  update(data: Buffer): void;
  base64(): Promise<string>;
}

const CRCS = { CRC32: Crc32, CRC32C: Crc32cJs, CRC64NVME: Crc64NvmeJs };

export function createDigest(algorithm: Algorithm): Digest {
  if (algorithm === 'SHA1' || algorithm === 'SHA256') {
    const hash = createHash(algorithm);
    return { update: (data) => void hash.update(data), base64: async () => hash.digest('base64') };
  }
  const sum = new CRCS[algorithm]();
  return {
    update: (data) => sum.update(data),
    base64: async () => Buffer.from(await sum.digest()).toString('base64'),
  };
}
