import type { KvsAddon, KvsEvent, KvsIceServer } from '../../native/kvs-addon.ts';
import { type IceCandidate, VideoError } from './engine.ts';
import { answerForViewer, offerForSdk, plainCandidate } from './kvs-sdp.ts';
import { KvsError } from './kvs-status.ts';
import type { FrameCounts, KeptChannel, Leg, LegEvents } from './leg.ts';
import type { Offer } from './sdp.ts';

/** Calls whose failure means that the SDK can't make sense of the offer. */
const READS_OFFER = new Set(['setRemoteDescription', 'createAnswer']);

interface Pending {
  resolve(sdkAnswer: string): void;
  reject(error: VideoError): void;
}

/** One connection of the KVS SDK; the addon does the work on a thread of its own. */
export class KvsLeg implements Leg {
  readonly #addon: KvsAddon;
  readonly #events: LegEvents;
  readonly #peerId: number;
  readonly #closed: Promise<void>;
  #offer: Offer;
  #sdkAnswer: Promise<string> | null = null;
  #pending: Pending | null = null;
  #live = true;
  #closing = false;
  #counts: FrameCounts = { framesSent: 0, framesDropped: 0, bytesSent: 0 };

  /** @throws VideoError `engine_failed` when no thread can be started for it */
  constructor(
    addon: KvsAddon,
    iceServers: readonly KvsIceServer[],
    offer: Offer,
    events: LegEvents,
    kept: KeptChannel | null,
  ) {
    this.#addon = addon;
    this.#offer = offer;
    this.#events = events;
    let freed = () => {};
    this.#closed = new Promise((resolve) => {
      freed = resolve;
    });
    try {
      const options = { iceServers, keptChannel: kept?.id ?? -1 };
      this.#peerId = addon.createPeer(options, (event) => {
        if (event.type === 'closed') freed();
        else this.#take(event);
      });
    } catch (cause) {
      throw new VideoError('engine_failed', (cause as Error).message, { cause });
    }
  }

  get offer(): Offer {
    return this.#offer;
  }

  async answer(offer: Offer): Promise<string> {
    // What a later offer of the same ICE generation can change, the SDK has no part in.
    this.#sdkAnswer ??= this.#ask(offerForSdk(offer));
    const answer = answerForViewer(offer, await this.#sdkAnswer);
    this.#offer = offer;
    return answer;
  }

  addCandidate(text: string): void {
    if (this.#live) this.#addon.addCandidate(this.#peerId, text);
  }

  sendFrame(data: Buffer, keyFrame: boolean, capturedUs: number): boolean {
    return this.#live && this.#addon.sendFrame(this.#peerId, data, keyFrame, Math.round(capturedUs));
  }

  attachCapture(captureId: number | null): void {
    if (this.#live) this.#addon.attach(this.#peerId, captureId ?? 0);
  }

  sendData(text: string): boolean {
    return this.#live && this.#addon.sendText(this.#peerId, text);
  }

  frames(): FrameCounts {
    this.#counts = this.#addon.stats(this.#peerId) ?? this.#counts;
    return this.#counts;
  }

  keptChannel(): KeptChannel | null {
    const id = this.#addon.channel(this.#peerId);
    return id >= 0 ? { id } : null;
  }

  silence(): void {
    if (this.#live) this.#addon.attach(this.#peerId, 0);
    this.#live = false;
  }

  close(): Promise<void> {
    this.silence();
    if (!this.#closing) {
      this.#closing = true;
      this.frames();
      this.#addon.close(this.#peerId);
      this.#settle()?.reject(new VideoError('closed', 'The viewer was closed before it had its answer'));
    }
    return this.#closed;
  }

  #ask(offer: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#addon.answer(this.#peerId, offer);
    });
  }

  #settle(): Pending | null {
    const pending = this.#pending;
    this.#pending = null;
    return pending;
  }

  #take(event: Exclude<KvsEvent, { readonly type: 'closed' }>): void {
    if (!this.#live) return;
    switch (event.type) {
      case 'answer':
        this.#settle()?.resolve(event.sdp);
        return;
      case 'refused':
        this.#settle()?.reject(refusal(event.call, event.status));
        return;
      case 'state':
        return this.#events.state(event.state);
      case 'candidate':
        return this.#events.candidate(candidateOf(event.json));
      case 'channelOpen':
        return this.#events.dataOpen(true);
      case 'channelClosed':
        return this.#events.dataOpen(false);
      case 'data':
        return this.#events.data(event.text);
      case 'keyFrame':
        return this.#events.keyFrameWanted();
      case 'report': {
        const { lossRatio, roundTripMs, estimateKbps } = event;
        return this.#events.report({ lossRatio, roundTripMs, estimateKbps });
      }
    }
  }
}

function refusal(call: string, status: number): VideoError {
  const cause = new KvsError(call, status);
  return new VideoError(READS_OFFER.has(call) ? 'bad_offer' : 'engine_failed', cause.message, { cause });
}

function candidateOf(json: string): IceCandidate {
  const { candidate, sdpMid } = JSON.parse(json) as { candidate: string; sdpMid: string };
  return { candidate: plainCandidate(candidate), sdpMid };
}
