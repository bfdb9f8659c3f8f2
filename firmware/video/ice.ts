import { isIP } from 'node:net';
import type { IceServer } from './engine.ts';

/** Candidates taken from one viewer for one offer; a browser has fewer than ten. */
export const MAX_REMOTE_CANDIDATES = 64;

const MAX_CANDIDATE_CHARACTERS = 1024;

export interface RemoteCandidate {
  /** `candidate:...`, checked. */
  readonly text: string;
  /** The ICE generation it says it belongs to. */
  readonly ufrag: string | null;
}

/**
 * Reads a candidate attribute (RFC 8839 section 5.1). Null for what can't be used: malformed ones, TCP, and names
 * instead of addresses. Names (`x.local`, by which browsers hide their address) would be looked up, one thread
 * each, at the word of a stranger; without them the robot still learns the address from the browser's own
 * connectivity checks (peer reflexive, RFC 8445 section 7.3.1.3).
 */
export function readCandidate(candidate: string): RemoteCandidate | null {
  if (candidate.length > MAX_CANDIDATE_CHARACTERS || /[^\x20-\x7e]/.test(candidate)) return null;
  const text = candidate.replace(/^a=/, '').trim();
  const [foundation, component, transport, priority, address = '', port, typ, type, ...rest] =
    text.split(/ +/);
  const usable =
    /^candidate:[\w+/]{1,32}$/.test(foundation ?? '') &&
    component === '1' &&
    transport?.toLowerCase() === 'udp' &&
    /^\d{1,10}$/.test(priority ?? '') &&
    isIP(address) !== 0 &&
    /^\d{1,5}$/.test(port ?? '') &&
    Number(port) >= 1 &&
    Number(port) <= 65_535 &&
    typ === 'typ' &&
    /^(host|srflx|prflx|relay)$/.test(type ?? '');
  if (!usable) return null;
  const ufragAt = rest.indexOf('ufrag');
  return { text, ufrag: ufragAt < 0 ? null : (rest[ufragAt + 1] ?? null) };
}

export interface ServerAddress {
  readonly hostname: string;
  readonly port: number;
  readonly turn: { readonly username: string; readonly password: string } | null;
}

/** STUN and TURN over UDP (RFC 7064, RFC 7065); null for TCP and TLS, which the engine can't do, and for no URL. */
export function readServerUrl(url: string, server: IceServer): ServerAddress | null {
  const found = /^(stun|turn):(\[[0-9a-f:.]+\]|[^:?[\]]+)(?::(\d{1,5}))?(?:\?transport=(\w+))?$/i.exec(
    url.trim(),
  );
  if (!found || (found[4] ?? 'udp').toLowerCase() !== 'udp') return null;
  const turn = found[1]?.toLowerCase() === 'turn';
  if (turn && (server.username === undefined || server.credential === undefined)) return null;
  return {
    hostname: (found[2] ?? '').replace(/^\[|\]$/g, ''),
    port: Number(found[3] ?? 3478),
    turn: turn ? { username: server.username ?? '', password: server.credential ?? '' } : null,
  };
}
