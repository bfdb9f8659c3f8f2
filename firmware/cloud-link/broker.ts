/** An MQTT 5 broker as the rest of the cloud link sees it. Every connection is a clean session. */
export interface Broker {
  /** Connects, and again after every loss, with back-off and jitter. */
  start(events: BrokerEvents): void;
  /**
   * At least once (QoS 1).
   * @throws Error when there is no connection, or it ends before the broker has it
   */
  publish(message: OutboundMessage): Promise<void>;
  /**
   * At least once; the broker sends nothing retained.
   * @throws Error when a filter is refused, or the connection ends first
   */
  subscribe(filters: readonly string[]): Promise<void>;
  /**
   * There and back through the connection, behind everything that already waits in it.
   * @throws Error when the connection ends first, or after about 10 s
   */
  roundTrip(): Promise<void>;
  /** Takes back the last will, if it can, with `farewell`; the broker sends the will otherwise. At most about a second. */
  close(farewell: OutboundMessage | null): Promise<void>;
}

export interface BrokerEvents {
  connected(): void;
  /** An attempt failed, or a connection ended; the next attempt follows by itself. */
  disconnected(why: string): void;
  message(message: InboundMessage): void;
}

export interface OutboundMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retain?: boolean;
  /** The broker keeps it for absent subscribers no longer than this. */
  readonly expiryS?: number;
}

export interface InboundMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
  readonly userProperties: readonly { readonly name: string; readonly value: string }[];
}
