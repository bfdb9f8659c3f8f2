/** One STUN or TURN server; without credentials both are empty. */
export interface KvsIceServer {
  /** 1..127 bytes, `stun:...` or `turn:...`. */
  readonly url: string;
  /** At most 256 bytes each. */
  readonly username: string;
  readonly credential: string;
}

export interface KvsPeerOptions {
  /** At most 21. */
  readonly iceServers: readonly KvsIceServer[];
  /** Stream of a data channel that the viewer goes on using from an earlier connection; -1 for none. */
  readonly keptChannel: number;
}

export type KvsEvent =
  | { readonly type: 'answer'; readonly sdp: string }
  /** The answer failed: which call into the SDK, and its STATUS. */
  | { readonly type: 'refused'; readonly call: string; readonly status: number }
  | {
      readonly type: 'state';
      readonly state: 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';
    }
  /** An RTCIceCandidateInit as JSON. */
  | { readonly type: 'candidate'; readonly json: string }
  | { readonly type: 'channelOpen' }
  | { readonly type: 'channelClosed' }
  | { readonly type: 'data'; readonly text: string }
  /** The viewer lost the picture or can't keep up; wishes that come together are one. */
  | { readonly type: 'keyFrame' }
  /** Only the newest is kept. */
  | {
      readonly type: 'report';
      readonly lossRatio: number | null;
      readonly roundTripMs: number | null;
      readonly estimateKbps: number | null;
    }
  /** The last event: all is freed. */
  | { readonly type: 'closed' };

export interface KvsLogLine {
  /** 1 verbose, 2 debug, 3 info, 4 warn, 5 error, 6 fatal; below 4 nothing comes. */
  readonly level: number;
  readonly text: string;
}

export interface KvsFrameCounts {
  readonly framesSent: number;
  readonly framesDropped: number;
  readonly bytesSent: number;
}

/**
 * Viewers over Amazon's KVS WebRTC C SDK, by its peer connections alone. Each has a thread that does all work in the
 * SDK; the functions here only hand over and return at once. A peer keeps the event loop alive until `closed`, and
 * ends with the thread (worker or process) that made it. Functions that take an id return false when that peer has
 * ended.
 */
export interface KvsAddon {
  /**
   * Initialises the SDK, once for the process, and begins to make certificates ahead.
   * @throws Error with `call` and `status` of the SDK
   */
  prepare(): void;
  /** What the SDK logs; one listener for the process, the last one counts. It keeps nothing alive. */
  logTo(listener: (line: KvsLogLine) => void): void;
  /** @throws TypeError or RangeError naming what is wrong */
  createPeer(options: KvsPeerOptions, onEvent: (event: KvsEvent) => void): number;
  /** To be called once for a peer; `answer` or `refused` follows. Offers: at most 25,000 bytes. */
  answer(peerId: number, offer: string): boolean;
  addCandidate(peerId: number, candidate: string): boolean;
  /** Queues one access unit. False when not connected, before a key frame, or with 10 waiting. */
  sendFrame(peerId: number, data: Buffer, keyFrame: boolean, capturedUs: number): boolean;
  /** False when the channel is not open, or with 64 texts waiting. */
  sendText(peerId: number, text: string): boolean;
  /** Stream of the open data channel, -1 for none. */
  channel(peerId: number): number;
  /**
   * Has the peer take a running capture's units on native threads, from the next key frame on, and no other's;
   * capture 0 ends that. False when either is not there.
   */
  attach(peerId: number, captureId: number): boolean;
  /** Null when the peer has ended. */
  stats(peerId: number): KvsFrameCounts | null;
  /** Returns at once; `closed` follows. */
  close(peerId: number): boolean;
  /** Ids of the peers whose threads are alive, in this process. */
  runningPeers(): number[];
}
