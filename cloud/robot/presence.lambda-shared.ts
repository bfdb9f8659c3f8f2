/** The latest that was told of a robot: by itself (`status`) or by the broker (`connected`, `disconnected`). */
export interface PresenceItem {
  readonly robot: string;
  readonly kind: string;
  /** When it was told, in ms since 1970. */
  readonly at: number;
  /** `online` or `offline`, in a status. */
  readonly state: string;
  /** The broker's name for a connection. */
  readonly session: string;
}

export interface Presence {
  readonly online: boolean;
  /** Since when, in ms since 1970; null for a robot that was never there. */
  readonly sinceMs: number | null;
}

/**
 * The broker's word counts more than a status: after a take-over the last will of the old connection may come when the
 * new one is long there. A connection has ended only when the end of that same connection was told.
 */
export function presenceOf(items: readonly PresenceItem[]): Presence {
  const latest = (kind: string) => items.find((item) => item.kind === kind);
  const [status, connected, disconnected] = [latest('status'), latest('connected'), latest('disconnected')];
  if (connected) {
    const ended = disconnected !== undefined && disconnected.session === connected.session;
    return { online: !ended, sinceMs: ended ? disconnected.at : connected.at };
  }
  return { online: status?.state === 'online', sinceMs: status?.at ?? null };
}
