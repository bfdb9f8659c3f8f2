import type { Hello, Role, ServerMessage, SessionMessage } from '../wire.ts';

/** What the page drives by while it can only send: see `LinkPhase`. */
export interface BlindTerms {
  readonly role: Role;
  readonly sendEveryMs: number;
}

export type LinkPhase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly attempt: number; readonly why: string | null }
  | { readonly kind: 'open' }
  /** Commands reach the robot by a detour, and nothing comes back. */
  | { readonly kind: 'oneWay'; readonly terms: BlindTerms; readonly why: string }
  /** Lost; the next try comes by itself after `retryInMs`. `why` is for the person to read. */
  | { readonly kind: 'waiting'; readonly attempt: number; readonly retryInMs: number; readonly why: string }
  /** The token is not accepted: nothing is tried until there is another one. */
  | { readonly kind: 'unpaired'; readonly why: string };

export interface LinkEvents {
  phase(phase: LinkPhase): void;
  message(message: ServerMessage): void;
  /** Offers can be sent, with these servers: the picture may begin. Again when there are others. */
  signaling(iceServers: Hello['iceServers']): void;
}

/**
 * The way to one robot, kept open by itself. Two of them: a WebSocket on the spot (link.ts), and Amazon KVS with
 * messages for the worst case (cloud/link.ts). Everything else of the page is the same for both.
 */
export interface RobotLink {
  /** How often the link was opened again. */
  readonly reconnects: number;
  /** Whether commands may go by the picture's data channel once that is open. */
  readonly channelReady: boolean;
  stop(): void;
  /** Something changed for the better (network, page visible): tries now instead of waiting. */
  nudge(): void;
  /** Sends a command (text) or a message about the session. False when that can't be sent now. */
  send(message: SessionMessage | string): boolean;
  /** The picture's data channel has opened: `send` is false once it is not open any more. Null: it has closed. */
  onChannel(send: ((text: string) => boolean) | null): void;
  /** Something came on the picture's data channel. */
  onChannelMessage(text: string): void;
}
