import { videoRetryDelayMs } from './backoff.ts';

/** A picture that stands for this long is frozen, in ms. */
const FROZEN_MS = 1_000;
/** After this long the connection is made anew. */
const RESTART_MS = 3_000;

export type VideoStatus =
  | { readonly kind: 'off'; readonly why: string | null }
  | { readonly kind: 'starting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'frozen'; readonly forMs: number }
  | { readonly kind: 'waiting'; readonly why: string };

export interface VideoFacts {
  readonly nowMs: number;
  /** When this connection was begun. */
  readonly startedMs: number;
  /** When this connection last showed a picture, or null. */
  readonly lastFrameMs: number | null;
  /** Connections in a row that failed before this one. */
  readonly failures: number;
  readonly connection: RTCPeerConnectionState;
  /** Nothing can come: the camera itself fails, which a new connection won't mend. */
  readonly cameraFailed: boolean;
}

/** What a person is shown of a running connection, and whether it should be given up for a new one. */
export function judgeVideo(facts: VideoFacts): { readonly status: VideoStatus; readonly restart: boolean } {
  const { nowMs, startedMs, lastFrameMs, failures, connection, cameraFailed } = facts;
  const silentMs = nowMs - (lastFrameMs ?? startedMs);
  const broken = connection === 'failed' || connection === 'closed';
  // A slow path gets more time to connect at each try.
  const patienceMs = lastFrameMs === null ? RESTART_MS + videoRetryDelayMs(failures + 1) : RESTART_MS;
  const restart = broken || (!cameraFailed && silentMs >= patienceMs);
  if (cameraFailed) return { status: { kind: 'waiting', why: 'The camera does not deliver.' }, restart };
  if (lastFrameMs === null) return { status: { kind: 'starting' }, restart };
  if (silentMs >= FROZEN_MS) return { status: { kind: 'frozen', forMs: silentMs }, restart };
  return { status: { kind: 'live' }, restart };
}
