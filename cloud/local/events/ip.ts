import { isIP } from 'node:net';

/** An address as a number and how many bits it has. */
export interface Address {
  readonly number: bigint;
  readonly bits: 32 | 128;
}

/** Null for what is none; with a zone, or with its end as in IPv4, it is none to the service. */
export function parseAddress(text: string): Address | null {
  const version = /%|:.*\./.test(text) ? 0 : isIP(text);
  if (version === 4) return { number: ofBytes(text.split('.').map(Number), 8), bits: 32 };
  if (version !== 6) return null;
  const groups = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [left = '', right] = text.split('::');
  const [before, after] = [groups(left), groups(right ?? '')];
  const zeros = right === undefined ? 0 : 8 - before.length - after.length;
  return { number: ofBytes([...before, ...new Array<number>(zeros).fill(0), ...after], 16), bits: 128 };
}

/** @throws Error when it is no block such as `10.0.0.0/24`; the reasons are those of the service */
export function parseBlock(text: string): (address: Address) => boolean {
  const parts = text.split('/');
  if (parts.length !== 2) throw new Error("Malformed CIDR, one '/' required");
  const [start = '', mask = ''] = parts;
  if (!/^[+-]?\d+$/.test(mask)) throw new Error('Malformed CIDR, mask bits must be an integer');
  const maskBits = Number(mask);
  if (maskBits < 0) throw new Error('Malformed CIDR, mask bits must not be negative');
  const base = parseAddress(start);
  if (!base) throw new Error(`Nonstandard IP address: ${start}`);
  if (maskBits >= base.bits) {
    throw new Error(`IPv${base.bits === 32 ? 4 : 6} mask bits must be < ${base.bits}`);
  }
  const shift = BigInt(base.bits - maskBits);
  return ({ number, bits }) => bits === base.bits && number >> shift === base.number >> shift;
}

function ofBytes(parts: readonly number[], bits: number): bigint {
  return parts.reduce((whole, part) => (whole << BigInt(bits)) | BigInt(part), 0n);
}
