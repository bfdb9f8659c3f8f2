import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

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
  base64(): string;
}

export function createDigest(algorithm: Algorithm): Digest {
  if (algorithm === 'SHA1' || algorithm === 'SHA256') {
    const hash = createHash(algorithm);
    return { update: (data) => void hash.update(data), base64: () => hash.digest('base64') };
  }
  return algorithm === 'CRC64NVME' ? crc64() : crc(algorithm === 'CRC32' ? crc32 : crc32c);
}

function crc(step: (data: Buffer, value: number) => number): Digest {
  let value = 0;
  return {
    update(data) {
      value = step(data, value);
    },
    base64() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes.toString('base64');
    },
  };
}

/** Castagnoli's polynomial, reflected. */
const CRC32C = table(0x82f63b78);

function crc32c(data: Buffer, before: number): number {
  let value = ~before;
  for (const byte of data) value = CRC32C[(value ^ byte) & 0xff]! ^ (value >>> 8);
  return ~value >>> 0;
}

function table(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value >>> 0;
  });
}

/** NVMe's polynomial, reflected, as halves of 32 bits: numbers are ten times as fast as BigInt. */
const [CRC64_HIGH, CRC64_LOW] = crc64Tables(0x9a6c9329ac4bc9b5n);

function crc64Tables(polynomial: bigint): [Uint32Array, Uint32Array] {
  const values = Array.from({ length: 256 }, (_, byte) => {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    return value;
  });
  return [
    Uint32Array.from(values, (value) => Number(value >> 32n)),
    Uint32Array.from(values, (value) => Number(value & 0xffffffffn)),
  ];
}

function crc64(): Digest {
  let high = 0xffffffff;
  let low = 0xffffffff;
  return {
    update(data) {
      for (const byte of data) {
        const at = (low ^ byte) & 0xff;
        low = (((low >>> 8) | (high << 24)) ^ CRC64_LOW![at]!) >>> 0;
        high = ((high >>> 8) ^ CRC64_HIGH![at]!) >>> 0;
      }
    },
    base64() {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt32BE(~high >>> 0, 0);
      bytes.writeUInt32BE(~low >>> 0, 4);
      return bytes.toString('base64');
    },
  };
}
