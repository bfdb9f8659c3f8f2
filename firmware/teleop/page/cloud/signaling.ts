import { Role, SignalingClient } from 'amazon-kinesis-video-streams-webrtc';
import type { ServerMessage } from '../../wire.ts';
import type { ViewerAccess } from './api.ts';

/** No new offer on an address that ends within this: the TURN logins that came with it are as old. */
const SPARE_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;

export interface SignalingEvents {
  opened(): void;
  message(message: Extract<ServerMessage, { answer: unknown } | { candidate: unknown }>): void;
  /** It could not be opened, or has ended. */
  closed(): void;
}

/** One viewer's socket to the robot's signaling channel, by AWS's own client and an address signed for it. */
export class Signaling {
  readonly #client: SignalingClient;
  readonly #freshUntilMs: number;
  readonly #timer: ReturnType<typeof setTimeout>;
  #open = false;
  #ended = false;

  constructor(access: ViewerAccess, events: SignalingEvents) {
    this.#freshUntilMs = performance.now() + access.expiresAtMs - access.nowMs - SPARE_MS;
    this.#client = new SignalingClient({
      role: Role.VIEWER,
      region: access.region,
      channelARN: access.channelArn,
      channelEndpoint: new URL(access.url).origin,
      clientId: access.clientId,
      requestSigner: { getSignedURL: async () => access.url },
    });
    const end = () => {
      clearTimeout(this.#timer);
      this.#open = false;
      if (this.#ended) return;
      this.#ended = true;
      events.closed();
    };
    this.#timer = setTimeout(() => {
      this.#client.close();
      end();
    }, CONNECT_TIMEOUT_MS);
    this.#client.on('open', () => {
      clearTimeout(this.#timer);
      this.#open = true;
      events.opened();
    });
    this.#client.on('sdpAnswer', ({ sdp }: RTCSessionDescriptionInit) => {
      if (!this.#ended && sdp !== undefined) events.message({ answer: { sdp } });
    });
    this.#client.on('iceCandidate', ({ candidate, sdpMid = null }: RTCIceCandidateInit) => {
      if (!this.#ended && candidate) events.message({ candidate: { candidate, sdpMid } });
    });
    this.#client.on('error', end);
    this.#client.on('close', end);
    this.#client.open();
  }

  /** Whether a new connection may be begun here. */
  get fresh(): boolean {
    return this.#open && performance.now() < this.#freshUntilMs;
  }

  offer(sdp: string): void {
    // Another answer is to come: candidates wait for it again.
    this.#client.resetIceCandidateState();
    this.#client.sendSdpOffer(new RTCSessionDescription({ type: 'offer', sdp }));
  }

  /** False when the socket is not open. */
  candidate(candidate: RTCIceCandidateInit): boolean {
    if (!this.#open) return false;
    this.#client.sendIceCandidate(new RTCIceCandidate(candidate));
    return true;
  }

  close(): void {
    this.#ended = true;
    this.#open = false;
    clearTimeout(this.#timer);
    this.#client.close();
  }
}
