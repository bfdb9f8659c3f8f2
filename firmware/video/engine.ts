import type { Observable } from 'rxjs';
import type { AccessUnit } from './camera.ts';

export interface IceCandidate {
  readonly candidate: string;
  readonly sdpMid: string | null;
}

export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

export type PeerState = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';

/** What the receiver tells about the path, as it comes in (RTCP RR, REMB, TWCC). */
export interface ReceiverReport {
  /**
   * Share of packets lost on the way since the last report, 0..1, also those that came when sent again; null where
   * this report says nothing about loss.
   */
  readonly lossRatio: number | null;
  readonly roundTripMs: number | null;
  /** The receiver's own estimate of what the path carries, in kbit/s, where it gives one. */
  readonly estimateKbps: number | null;
}

export interface PeerStats {
  readonly framesSent: number;
  readonly framesDropped: number;
  readonly bytesSent: number;
  readonly keyFrameRequests: number;
}

/**
 * One viewer, seen from the robot: the answering side of a WebRTC connection that sends one H.264 track and
 * takes the data channel named `drive` which the viewer opens.
 */
export interface VideoPeer {
  /**
   * Takes the viewer's offer, first or renegotiated, and gives the answer.
   * @throws VideoError `bad_offer` when the SDP has no H.264 video (packetization-mode 1) or is not SDP
   */
  answer(offerSdp: string): Promise<string>;
  /** A viewer's candidate; may come before the offer and after connecting. Unusable ones are ignored. */
  addCandidate(candidate: IceCandidate): void;
  /** Queues one access unit. False when the peer can't take it now (not connected): the caller gates on a key frame. */
  sendFrame(unit: AccessUnit): boolean;
  /**
   * Takes the units of this running capture of the addon by itself, from a key frame on; null ends that. It asks for
   * key frames by `keyFrameRequests$` then. Only where the engine `takesCaptures`.
   */
  attachCapture?(captureId: number | null): void;
  /** Sends text on the viewer's data channel; false when there is none or it is not open. */
  sendData(text: string): boolean;
  readonly localCandidates$: Observable<IceCandidate>;
  readonly state$: Observable<PeerState>;
  /** Text from the data channel `drive`. */
  readonly data$: Observable<string>;
  readonly dataOpen$: Observable<boolean>;
  /** The viewer lost the picture (PLI, FIR, or packets that can't be sent again). Not coalesced. */
  readonly keyFrameRequests$: Observable<void>;
  readonly reports$: Observable<ReceiverReport>;
  stats(): PeerStats;
  /** Frees everything; the streams complete. Safe to call twice and during negotiation. */
  close(): Promise<void>;
}

export interface VideoEngine {
  readonly name: string;
  /** Whether its peers take units from the addon's captures without JavaScript in between. */
  readonly takesCaptures?: boolean;
  createPeer(options: { readonly iceServers: readonly IceServer[] }): Promise<VideoPeer>;
  /** Closes all peers. */
  close(): Promise<void>;
}

export type VideoErrorCode = 'bad_offer' | 'too_many_viewers' | 'engine_failed' | 'closed' | 'video_off';

export class VideoError extends Error {
  override readonly name = 'VideoError';
  readonly code: VideoErrorCode;
  constructor(code: VideoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The RTP time stamp (90 kHz, 32 bits) every engine gives to a picture: the page turns it back into its age. */
export function rtpTimestamp(capturedUs: number): number {
  return Number(((BigInt(Math.round(capturedUs)) * 9n) / 100n) % 4294967296n);
}
