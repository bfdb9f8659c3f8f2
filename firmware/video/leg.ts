import type { IceCandidate, PeerState, PeerStats, ReceiverReport } from './engine.ts';
import type { Offer } from './sdp.ts';

/** The data channel a viewer opens for commands; any other is closed. */
export const CHANNEL_LABEL = 'drive';

/** A data channel that the viewer opened on an earlier leg and goes on using on this one. */
export interface KeptChannel {
  /** Number of its SCTP stream. */
  readonly id: number;
}

export interface LegEvents {
  state(state: PeerState): void;
  candidate(candidate: IceCandidate): void;
  dataOpen(open: boolean): void;
  data(text: string): void;
  keyFrameWanted(): void;
  report(report: ReceiverReport): void;
}

export type FrameCounts = Omit<PeerStats, 'keyFrameRequests'>;

/**
 * One connection of an engine's library with its track. A viewer has one at a time; a restart of ICE takes a new
 * one, because neither library can do it within a connection: libjuice doesn't (`agent_set_remote_description`: "ICE
 * restart is not supported"), the KVS SDK up to 1.16 can deadlock in it.
 */
export interface Leg {
  /** The offer it was made for, or the last one answered. */
  readonly offer: Offer;
  /**
   * Takes the offer this leg was made for, or a later one of the same ICE generation.
   * @throws VideoError `bad_offer` or `engine_failed`
   */
  answer(offer: Offer): Promise<string>;
  /** Text as `readCandidate` gives it; those the library can't use are ignored. */
  addCandidate(text: string): void;
  /** False when it could not be sent now. */
  sendFrame(data: Buffer, keyFrame: boolean, capturedUs: number): boolean;
  /** Where the library takes the units of a running capture by itself; null ends that. */
  attachCapture?(captureId: number | null): void;
  sendData(text: string): boolean;
  frames(): FrameCounts;
  keptChannel(): KeptChannel | null;
  /** Nothing is heard of this leg from here on, nor sent on it; the connection itself stays. */
  silence(): void;
  /** Silences the leg and ends it. Resolves when the library has let go of it. */
  close(): Promise<void>;
}
