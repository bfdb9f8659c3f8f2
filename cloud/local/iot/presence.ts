import { randomUUID } from 'node:crypto';

/** https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html */
export interface PresenceEvent {
  readonly clientId: string;
  readonly timestamp: number;
  readonly eventType: 'connected' | 'disconnected';
  readonly sessionIdentifier: string;
  readonly principalIdentifier: string;
  readonly versionNumber: number;
  readonly ipAddress?: string;
  readonly clientInitiatedDisconnect?: boolean;
  readonly disconnectReason?: string;
}

const CONNECTED = /^New client connected from (\S+?)(?::\d+)? as (\S+) \(/;
const ENDED: readonly (readonly [RegExp, string])[] = [
  [/^Client (\S+) disconnected\.$/, 'CLIENT_INITIATED_DISCONNECT'],
  [/^Client (\S+) already connected, closing old connection\.$/, 'DUPLICATE_CLIENTID'],
  [/^Client (\S+) has exceeded timeout, disconnecting\.$/, 'MQTT_KEEP_ALIVE_TIMEOUT'],
  [/^Client (\S+) closed its connection\.$/, 'CONNECTION_LOST'],
  [/^Client (\S+) disconnected: session taken over\.$/, 'DUPLICATE_CLIENTID'],
  [/^Client (\S+) disconnected(?:: |,| due to)/, 'CONNECTION_LOST'],
  [/^Socket error on client (\S+),/, 'CONNECTION_LOST'],
];

/** Makes of the broker's log the events that AWS IoT publishes when clients come and go. */
export class Presence {
  readonly #sessions = new Map<string, { readonly id: string; versionNumber: number }>();
  readonly #versions = new Map<string, number>();

  /** @returns the event that a line of the log tells of, if any */
  eventOf(line: string, nowMs: number): PresenceEvent | null {
    const [, ipAddress, joined] = CONNECTED.exec(line) ?? [];
    if (joined !== undefined) {
      const versionNumber = (this.#versions.get(joined) ?? -1) + 1;
      const session = { id: randomUUID(), versionNumber };
      this.#versions.set(joined, versionNumber);
      this.#sessions.set(joined, session);
      return { ...this.#event(joined, session, nowMs, 'connected'), ipAddress: ipAddress! };
    }
    for (const [pattern, disconnectReason] of ENDED) {
      const left = pattern.exec(line)?.[1];
      const session = left === undefined ? undefined : this.#sessions.get(left);
      if (!session) continue;
      this.#sessions.delete(left!);
      const clientInitiatedDisconnect = disconnectReason === 'CLIENT_INITIATED_DISCONNECT';
      return {
        ...this.#event(left!, session, nowMs, 'disconnected'),
        clientInitiatedDisconnect,
        disconnectReason,
      };
    }
    return null;
  }

  #event(
    clientId: string,
    { id, versionNumber }: { readonly id: string; readonly versionNumber: number },
    timestamp: number,
    eventType: PresenceEvent['eventType'],
  ): PresenceEvent {
    return {
      clientId,
      timestamp,
      eventType,
      sessionIdentifier: id,
      principalIdentifier: clientId,
      versionNumber,
    };
  }
}
