import { BehaviorSubject, distinctUntilChanged, type Observable, Subject } from 'rxjs';
import type { AccessUnit } from './camera.ts';
import {
  type IceCandidate,
  type PeerState,
  type PeerStats,
  type ReceiverReport,
  VideoError,
  type VideoPeer,
} from './engine.ts';
import { MAX_REMOTE_CANDIDATES, type RemoteCandidate, readCandidate } from './ice.ts';
import type { FrameCounts, KeptChannel, Leg, LegEvents } from './leg.ts';
import { type Offer, readOffer } from './sdp.ts';

/**
 * When ICE restarts, the robot's checks begin this much later, or with the viewer's first. They could connect
 * before the viewer has the answer; the DTLS handshake would then begin within the viewer's old DTLS session,
 * be ignored, and come again only after seconds.
 */
const RESTART_HOLD_MS = 1000;

export interface PeerContext {
  /** @throws VideoError `engine_failed` */
  makeLeg(offer: Offer, events: LegEvents, kept: KeptChannel | null): Leg;
  onClosed(peer: LegPeer): void;
}

const NO_FRAMES: FrameCounts = { framesSent: 0, framesDropped: 0, bytesSent: 0 };

/** One viewer: a leg at a time, replaced when the viewer restarts ICE. */
export class LegPeer implements VideoPeer {
  readonly #context: PeerContext;
  readonly #state$ = new BehaviorSubject<PeerState>('new');
  readonly #dataOpen$ = new BehaviorSubject(false);
  readonly #localCandidates$ = new Subject<IceCandidate>();
  readonly #data$ = new Subject<string>();
  readonly #keyFrameRequests$ = new Subject<void>();
  readonly #reports$ = new Subject<ReceiverReport>();
  readonly #closing: Promise<void>[] = [];
  #captureId: number | null = null;
  #keyFrameRequests = 0;
  /** Of the legs before this one, and of frames that came without a leg. */
  #past: FrameCounts = NO_FRAMES;
  /** Offers are answered one after another. */
  #answering: Promise<unknown> = Promise.resolve();
  /** One whose answer is on its way, and the state it has told meanwhile. */
  #making: Leg | null = null;
  #madeState: PeerState | null = null;
  /** For an offer that has not come yet. */
  #pending: RemoteCandidate[] = [];
  #taken = 0;
  #leg: Leg | null = null;
  /** The one before a restart, until its successor is connected. */
  #old: Leg | null = null;
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

  answer(offerSdp: string): Promise<string> {
    const answer = this.#answering.then(() => this.#answer(offerSdp));
    this.#answering = answer.catch(() => {});
    return answer;
  }

  async #answer(offerSdp: string): Promise<string> {
    this.#assertOpen();
    const offer = readOffer(offerSdp);
    const before = this.#leg;
    const leg = before && continues(before.offer, offer) ? before : this.#makeLeg(offer);
    const answer = await leg.answer(offer).catch((error: unknown) => {
      // An offer that can't be taken changes nothing: what was connected stays so.
      this.#discard(leg);
      throw error;
    });
    this.#assertOpen();
    if (leg === this.#making) this.#useLeg(leg);
    for (const { candidate } of offer.candidates) this.addCandidate({ candidate, sdpMid: null });
    this.#takePending();
    return answer;
  }

  addCandidate({ candidate }: IceCandidate): void {
    const remote = this.#closed ? null : readCandidate(candidate);
    if (remote) this.#take(remote);
  }

  sendFrame({ data, keyFrame, capturedUs }: AccessUnit): boolean {
    if (this.#leg) return this.#leg.sendFrame(data, keyFrame, capturedUs);
    this.#past = { ...this.#past, framesDropped: this.#past.framesDropped + 1 };
    return false;
  }

  attachCapture(captureId: number | null): void {
    this.#captureId = captureId;
    this.#leg?.attachCapture?.(captureId);
  }

  sendData(text: string): boolean {
    return !this.#closed && (this.#leg?.sendData(text) ?? false);
  }

  stats(): PeerStats {
    return { ...sum(this.#past, this.#leg?.frames() ?? NO_FRAMES), keyFrameRequests: this.#keyFrameRequests };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#pending = [];
    if (this.#making) this.#discard(this.#making);
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

  #makeLeg(offer: Offer): Leg {
    const kept = this.#leg?.offer.sessionId === offer.sessionId ? this.#leg.keptChannel() : null;
    const leg: Leg = this.#context.makeLeg(
      offer,
      this.#eventsOf(() => leg),
      kept,
    );
    this.#making = leg;
    this.#madeState = null;
    return leg;
  }

  #discard(leg: Leg): void {
    if (leg !== this.#making) return;
    this.#making = null;
    this.#closing.push(leg.close());
  }

  #useLeg(leg: Leg): void {
    this.#endOld();
    this.#making = null;
    this.#old = this.#leg;
    this.#leg = leg;
    this.#taken = 0;
    if (this.#old) {
      this.#past = sum(this.#past, this.#old.frames());
      // To end it now would abort the viewer's data channel before the viewer has the answer.
      this.#old.silence();
      this.#dataOpen$.next(false);
      this.#state$.next('connecting');
      this.#holding = setTimeout(() => {
        this.#holding = null;
        this.#takePending();
      }, RESTART_HOLD_MS);
    }
    leg.attachCapture?.(this.#captureId);
    if (this.#madeState) this.#legState(leg, this.#madeState);
  }

  #endOld(): void {
    if (this.#holding) clearTimeout(this.#holding);
    this.#holding = null;
    if (this.#old) this.#closing.push(this.#old.close());
    this.#old = null;
  }

  #dropLeg(): void {
    this.#endOld();
    if (this.#leg) {
      this.#past = sum(this.#past, this.#leg.frames());
      this.#closing.push(this.#leg.close());
    }
    this.#leg = null;
    this.#dataOpen$.next(false);
  }

  #legState(leg: Leg, state: PeerState): void {
    if (leg === this.#making) this.#madeState = state;
    if (leg !== this.#leg) return;
    if (state === 'connected') this.#endOld();
    this.#state$.next(state);
    // The library ends a connection that failed; another offer begins anew.
    if (state === 'closed') this.#dropLeg();
  }

  #eventsOf(leg: () => Leg): LegEvents {
    return {
      state: (state) => this.#legState(leg(), state),
      candidate: (candidate) => this.#localCandidates$.next(candidate),
      dataOpen: (open) => this.#dataOpen$.next(open),
      data: (text) => this.#data$.next(text),
      keyFrameWanted: () => {
        this.#keyFrameRequests += 1;
        this.#keyFrameRequests$.next();
      },
      report: (report) => this.#reports$.next(report),
    };
  }

  #assertOpen(): void {
    if (this.#closed) throw new VideoError('closed', 'Expected an open viewer but it is closed');
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

function sum(a: FrameCounts, b: FrameCounts): FrameCounts {
  return {
    framesSent: a.framesSent + b.framesSent,
    framesDropped: a.framesDropped + b.framesDropped,
    bytesSent: a.bytesSent + b.bytesSent,
  };
}
