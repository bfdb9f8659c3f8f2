import { createHash, randomBytes, randomInt } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Role } from './wire.ts';

/** Tokens printed at a start are for the terminal it was started from; the newest few stay valid over restarts. */
const CONSOLE_TOKENS_KEPT = 8;
const MAX_TOKENS = 256;
const MAX_CODES = 16;
/** Without letters and digits that are taken for one another. */
const CODE_ALPHABET = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789';

const role = z.enum(['operator', 'viewer']);
const fileSchema = z.object({
  tokens: z.array(
    z.object({
      id: z.string(),
      hash: z.string(),
      name: z.string(),
      role,
      kind: z.enum(['paired', 'console']),
      createdMs: z.number(),
    }),
  ),
  codes: z.array(z.object({ hash: z.string(), role, expiresMs: z.number() })),
});
type StoreFile = z.infer<typeof fileSchema>;
export type TokenRecord = StoreFile['tokens'][number];

export interface TokenStore {
  /** A new token; it is shown this once and kept only as its SHA-256. */
  mint(options: { name: string; role: Role; kind: 'paired' | 'console' }): { id: string; token: string };
  /** The owner of a token, or null. */
  verify(token: string): TokenRecord | null;
  /** A code for one device, of the form `ABCD-EFGH`. */
  createPairingCode(options: { role: Role; ttlMs: number }): string;
  /** Turns a code into a token, once. Null when it is unknown, used or expired. */
  redeem(code: string, name: string): { id: string; token: string; role: Role } | null;
  list(): readonly TokenRecord[];
  has(id: string): boolean;
  /** False when there is no such token. */
  revoke(id: string): boolean;
}

/**
 * Tokens and pairing codes of one robot, hashed, in `<stateDir>/tokens.json` (0600). Server and command line may
 * have it open at once: each reads it anew when it has changed.
 * @throws Error when the folder can't be written or the file is no token file
 */
export function openTokenStore(stateDir: string, wallMs: () => number = Date.now): TokenStore {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const path = join(stateDir, 'tokens.json');
  let seen = '';
  let content: StoreFile = { tokens: [], codes: [] };

  const load = (): StoreFile => {
    const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
    const version = stat ? `${stat.ino} ${stat.mtimeNs} ${stat.size}` : '';
    if (version !== seen) {
      content = stat ? parse(path) : { tokens: [], codes: [] };
      seen = version;
    }
    return content;
  };
  const save = (next: StoreFile): void => {
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
    chmodSync(draft, 0o600);
    renameSync(draft, path);
  };
  const mint: TokenStore['mint'] = ({ name, role, kind }) => {
    const token = `rd_${randomBytes(24).toString('base64url')}`;
    const id = randomBytes(4).toString('hex');
    const { tokens, codes } = load();
    const consoles = tokens
      .filter((record) => record.kind === 'console')
      .slice(0, -(CONSOLE_TOKENS_KEPT - 1));
    const kept = kind === 'console' ? tokens.filter((record) => !consoles.includes(record)) : tokens;
    const record: TokenRecord = {
      id,
      hash: sha256(token),
      name: name.slice(0, 40),
      role,
      kind,
      createdMs: wallMs(),
    };
    save({ codes, tokens: [...kept, record].slice(-MAX_TOKENS) });
    return { id, token };
  };
  load();

  return {
    mint,
    verify(token) {
      const hash = sha256(token);
      return load().tokens.find((record) => record.hash === hash) ?? null;
    },
    createPairingCode({ role, ttlMs }) {
      const letters = Array.from({ length: 8 }, () => CODE_ALPHABET[randomInt(CODE_ALPHABET.length)]).join(
        '',
      );
      const { tokens, codes } = load();
      const valid = codes.filter((code) => code.expiresMs > wallMs()).slice(-(MAX_CODES - 1));
      save({ tokens, codes: [...valid, { hash: sha256(letters), role, expiresMs: wallMs() + ttlMs }] });
      return `${letters.slice(0, 4)}-${letters.slice(4)}`;
    },
    redeem(code, name) {
      const hash = sha256(code.toUpperCase().replace(/[^A-Z0-9]/g, ''));
      const { tokens, codes } = load();
      const match = codes.find((known) => known.hash === hash && known.expiresMs > wallMs());
      if (!match) return null;
      save({ tokens, codes: codes.filter((known) => known !== match) });
      return { ...mint({ name, role: match.role, kind: 'paired' }), role: match.role };
    },
    list: () => load().tokens,
    has: (id) => load().tokens.some((record) => record.id === id),
    revoke(id) {
      const { tokens, codes } = load();
      const kept = tokens.filter((record) => record.id !== id);
      if (kept.length === tokens.length) return false;
      save({ codes, tokens: kept });
      return true;
    },
  };
}

function parse(path: string): StoreFile {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')) as unknown) as StoreFile;
  } catch (cause) {
    throw new Error(
      `Expected ${path} to hold roverd's tokens but could not read it as such. Remove it and pair again.`,
      {
        cause,
      },
    );
  }
}

/** A token has 192 random bits: a plain hash can't be searched backwards, a slow one would only delay the stop. */
function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
