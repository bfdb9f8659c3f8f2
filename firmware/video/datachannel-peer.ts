import type { RtcConfig } from 'node-datachannel';
import { BehaviorSubject, distinctUntilChanged, type Observable, Subject } from 'rxjs';
import type { AccessUnit } from './camera.ts';
import { DatachannelLeg, type LegEvents, type RtcModule } from './datachannel-leg.ts';
import {
  type IceCandidate,
  type PeerState,
  type PeerStats,
  type ReceiverReport,
  rtpTimestamp,
  VideoError,
  type VideoPeer,
} from './engine.ts';
import { MAX_REMOTE_CANDIDATES, type RemoteCandidate, readCandidate } from './ice.ts';
import { LossMeter } from './loss.ts';
import { readRtcp, roundTripMs } from './rtcp.ts';
import { type Offer, readOffer } from './sdp.ts';

/**
 * When ICE restarts, the robot's checks begin this much later, or with the viewer's first. They could connect
 * before the viewer has the answer; the DTLS handshake would then begin within the viewer's old DTLS session,
 * be ignored, and come again only after seconds.
 */
const RESTART_HOLD_MS = 1000;

export interface PeerContext {
  readonly module: RtcModule;
  readonly config: RtcConfig;
  /** Wall clock: sender reports carry it, round trips are taken from it. */
  readonly wallMs: () => number;
  readonly onClosed: (peer: DatachannelPeer) => void;
}

/** One viewer over libdatachannel: a leg at a time, replaced when the viewer restarts ICE. */
export class DatachannelPeer implements VideoPeer {
  readonly #context: PeerContext;
  readonly #state$ = new BehaviorSubject<PeerState>('new');
  readonly #dataOpen$ = new BehaviorSubject(false);
  readonly #localCandidates$ = new Subject<IceCandidate>();
  readonly #data$ = new Subject<string>();
  readonly #keyFrameRequests$ = new Subject<void>();
  readonly #reports$ = new Subject<ReceiverReport>();
  readonly #stats = { framesSent: 0, framesDropped: 0, bytesSent: 0, keyFrameRequests: 0 };
  readonly #closing: Promise<void>[] = [];
  #loss = new LossMeter();
  /** For an offer that has not come yet. */
  #pending: RemoteCandidate[] = [];
  #taken = 0;
  #leg: DatachannelLeg | null = null;
  /** The one before a restart, until its successor is connected. */
  #old: DatachannelLeg | null = null;
  #holding: NodeJS.Timeout | null = null;
  #closed: Promise<void> | null = null;

  readonly state$: Observable<PeerState> = this.#state$.pipe(distinctUntilChanged());
  readonly dataOpen$: Observable<boolean> = this.#dataOpen$.pipe(distinctUntilChanged());
  readonly localCandidates$: Observable<IceCandidate> = this.#localCandidates$.asObservable();
  readonly data$: Observable<string> = this.#data$.asObservable();
  readonly keyFrameRequests$: Observable<void> = this.#keyFrameRequests$.asObservable();
  readonly reports$: Observable<ReceiverReport> = this.#reports$.asObservable();

  constructor(context: PeerContext) {
    this.#context = context;
  }

  async answer(offerSdp: string): Promise<string> {
    if (this.#closed) throw new VideoError('closed', 'Expected an open viewer but it is closed');
    const offer = readOffer(offerSdp);
    const before = this.#leg;
    const leg = before && continues(before.offer, offer) ? before : this.#makeLeg(offer);
    let answer: string;
    try {
      answer = leg.answer(offer);
    } catch (cause) {
      // An offer that can't be taken changes nothing: what was connected stays so.
      if (leg !== before) this.#closing.push(leg.close());
      throw new VideoError('bad_offer', `libdatachannel refused the offer: ${messageOf(cause)}`, { cause });
    }
    if (leg !== before) this.#useLeg(leg);
    for (const { candidate } of offer.candidates) this.addCandidate({ candidate, sdpMid: null });
    this.#takePending();
    return answer;
  }

  addCandidate({ candidate }: IceCandidate): void {
    const remote = this.#closed ? null : readCandidate(candidate);
    if (remote) this.#take(remote);
  }

  sendFrame(unit: AccessUnit): boolean {
    const sent =
      this.#state$.value === 'connected' &&
      (this.#leg?.sendFrame(unit.data, rtpTimestamp(unit.capturedUs)) ?? false);
    if (sent) {
      this.#stats.framesSent += 1;
      this.#stats.bytesSent += unit.data.byteLength;
    } else {
      this.#stats.framesDropped += 1;
    }
    return sent;
  }

  sendData(text: string): boolean {
    return !this.#closed && (this.#leg?.sendData(text) ?? false);
  }

  stats(): PeerStats {
    return { ...this.#stats };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#pending = [];
    this.#dropLeg();
    this.#state$.next('closed');
    for (const stream of [
      this.#localCandidates$,
      this.#data$,
      this.#keyFrameRequests$,
      this.#reports$,
      this.#dataOpen$,
      this.#state$,
    ]) {
      stream.complete();
    }
    await Promise.all(this.#closing);
    this.#context.onClosed(this);
  }

  /** Those of another ICE generation wait for its offer. */
  #take(candidate: RemoteCandidate): void {
    const { ufrag, text } = candidate;
    const fits = this.#leg && (ufrag === null || ufrag === this.#leg.offer.iceUfrag);
    if (this.#leg && fits && !this.#holding) {
      this.#taken += 1;
      if (this.#taken <= MAX_REMOTE_CANDIDATES) this.#leg.addCandidate(text);
    } else if (this.#pending.length < MAX_REMOTE_CANDIDATES) {
      this.#pending.push(candidate);
    }
  }

  #takePending(): void {
    const waiting = this.#pending;
    this.#pending = [];
    for (const candidate of waiting) this.#take(candidate);
  }

  #makeLeg(offer: Offer): DatachannelLeg {
    const { module, config } = this.#context;
    const kept = this.#leg?.offer.sessionId === offer.sessionId ? this.#leg.keptChannel() : null;
    try {
      const leg: DatachannelLeg = new DatachannelLeg(
        module,
        config,
        offer,
        this.#eventsOf(() => leg),
        kept,
      );
      return leg;
    } catch (cause) {
      throw new VideoError('engine_failed', `libdatachannel failed: ${messageOf(cause)}`, { cause });
    }
  }

  #useLeg(leg: DatachannelLeg): void {
    this.#endOld();
    this.#old = this.#leg;
    this.#leg = leg;
    this.#loss = new LossMeter();
    this.#taken = 0;
    if (!this.#old) return;
    // To end it now would abort the viewer's data channel before the viewer has the answer.
    this.#old.silence();
    this.#dataOpen$.next(false);
    this.#state$.next('connecting');
    this.#holding = setTimeout(() => {
      this.#holding = null;
      this.#takePending();
    }, RESTART_HOLD_MS);
  }

  #endOld(): void {
    if (this.#holding) clearTimeout(this.#holding);
    this.#holding = null;
    if (this.#old) this.#closing.push(this.#old.close());
    this.#old = null;
  }

  #dropLeg(): void {
    this.#endOld();
    if (this.#leg) this.#closing.push(this.#leg.close());
    this.#leg = null;
    this.#dataOpen$.next(false);
  }

  #legState(leg: DatachannelLeg, state: PeerState): void {
    if (leg !== this.#leg) return;
    if (state === 'connected') this.#endOld();
    this.#state$.next(state);
    // The library ends a connection that failed; another offer begins anew.
    if (state === 'closed') this.#dropLeg();
  }

  #eventsOf(leg: () => DatachannelLeg): LegEvents {
    return {
      state: (state) => this.#legState(leg(), state),
      candidate: (candidate) => this.#localCandidates$.next(candidate),
      dataOpen: (open) => this.#dataOpen$.next(open),
      data: (text) => this.#data$.next(text),
      rtcp: (packet) => this.#feedback(packet, leg().ssrc),
    };
  }

  #feedback(packet: Uint8Array, ssrc: number): void {
    const feedback = readRtcp(packet, ssrc);
    const { lossRatio, beyondRepair } = this.#loss.read(feedback);
    const keyFrameRequests = feedback.keyFrameRequests + (beyondRepair ? 1 : 0);
    for (let request = 0; request < keyFrameRequests; request += 1) {
      this.#stats.keyFrameRequests += 1;
      this.#keyFrameRequests$.next();
    }
    const { estimateKbps } = feedback;
    if (lossRatio === null && estimateKbps === null) return;
    this.#reports$.next({
      lossRatio,
      roundTripMs: roundTripMs(feedback, this.#context.wallMs()),
      estimateKbps,
    });
  }
}

/** Whether the offer goes on with what was negotiated: else it takes a new leg. */
function continues(before: Offer, offer: Offer): boolean {
  return (
    before.sessionId === offer.sessionId &&
    before.iceUfrag === offer.iceUfrag &&
    before.video.mid === offer.video.mid &&
    before.video.payloadType === offer.video.payloadType
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
