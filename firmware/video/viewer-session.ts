import { Subscription } from 'rxjs';
import type { AccessUnit } from './camera.ts';
import {
  type IceCandidate,
  type IceServer,
  type PeerState,
  type PeerStats,
  type ReceiverReport,
  VideoError,
  type VideoPeer,
} from './engine.ts';
import { clampKbps, followReport, initialRate, type RateOptions, type RateState } from './rate.ts';

/** Why a session ended; `message` is for people. */
export interface VideoClosed {
  readonly code:
    | 'not_connected'
    | 'connection_failed'
    | 'connection_lost'
    | 'replaced'
    | 'robot_closing'
    | 'video_off';
  readonly message: string;
}

/** What a session tells its link. */
export interface ViewerCallbacks {
  /** One of the robot's candidates, for the viewer. */
  candidate(candidate: IceCandidate): void;
  /** Text the viewer sent on the data channel `drive`. */
  data(text: string): void;
  dataOpen(open: boolean): void;
  /** The path to the viewer works, or has stopped working; it may come back. */
  connected?(connected: boolean): void;
  /** Once, when the session ends other than by its own `close`. */
  closed(reason: VideoClosed): void;
}

/** One viewer, from the signaling link's side. */
export interface VideoSession {
  /**
   * Takes the viewer's offer, the first or a later one, and gives the answer.
   * @throws VideoError `bad_offer`, `engine_failed`, or `closed` when the session has ended
   */
  offer(sdp: string): Promise<string>;
  candidate(candidate: IceCandidate): void;
  /** False when the data channel is not open. */
  sendData(text: string): boolean;
  /** Share of the packets lost lately, 0..1, as the viewer reports it; null while it does not. */
  lossRatio(): number | null;
  /** Ends the session without a word to its callbacks; resolves when everything is freed. */
  close(reason?: string): Promise<void>;
}

export interface ViewerStatus extends PeerStats {
  readonly id: string;
  readonly state: PeerState;
  /** What the path of this viewer is believed to carry. */
  readonly kbps: number;
  readonly lossRatio: number | null;
  readonly roundTripMs: number | null;
}

/** What a viewer needs of the sessions around it. */
export interface ViewerHost {
  readonly rate: RateOptions;
  /** Whether the engine passes on what receivers report: only then does their silence mean anything. */
  receiversReport: boolean;
  nowMs(): number;
  createPeer(iceServers: readonly IceServer[]): Promise<VideoPeer>;
  askKeyFrame(): void;
  /** Whether this viewer wants pictures, or its rate, may have changed. */
  changed(): void;
  /** `freed` resolves when nothing of the viewer is left. */
  ended(viewer: Viewer, reason: string, freed: Promise<void>): void;
}

/** From opening, or from the latest offer, to connected. */
export const CONNECT_TIMEOUT_MS = 30_000;
/** Disconnected, or sending no receiver reports although frames go to it. */
export const LOST_TIMEOUT_MS = 10_000;
/** Receivers report about every second. */
const OUTAGE_MS = 2500;
const MAX_WAITING_CANDIDATES = 64;

const NO_STATS: PeerStats = { framesSent: 0, framesDropped: 0, bytesSent: 0, keyFrameRequests: 0 };

export class Viewer implements VideoSession {
  readonly id: string;
  readonly #host: ViewerHost;
  readonly #callbacks: ViewerCallbacks;
  readonly #iceServers: readonly IceServer[];
  readonly #subscriptions = new Subscription();
  #peer: VideoPeer | null = null;
  #creating: Promise<VideoPeer> | null = null;
  #waiting: IceCandidate[] = [];
  #state: PeerState = 'new';
  #stateSinceMs: number;
  /** When it was opened, or the latest offer was answered. */
  #negotiatedMs: number;
  #negotiating = 0;
  #answered = false;
  /** Nothing is sent before a key frame. */
  #gated = true;
  /** The first and the latest frame since this viewer was last heard of. */
  #unheard: { readonly sinceMs: number; readonly sentMs: number } | null = null;
  #captureId: number | null = null;
  #framesNoted = 0;
  #rate: RateState;
  #lossRatio: number | null = null;
  #roundTripMs: number | null = null;
  #over = false;
  #freed: Promise<void> = Promise.resolve();

  constructor(id: string, callbacks: ViewerCallbacks, host: ViewerHost, iceServers: readonly IceServer[]) {
    this.id = id;
    this.#callbacks = callbacks;
    this.#host = host;
    this.#iceServers = iceServers;
    this.#stateSinceMs = host.nowMs();
    this.#negotiatedMs = this.#stateSinceMs;
    this.#rate = initialRate(host.rate, this.#stateSinceMs);
  }

  get connected(): boolean {
    return this.#state === 'connected';
  }

  /** From its offer on, so that the camera is running by the time it has connected. */
  get wantsPictures(): boolean {
    return !this.#over && (this.#answered || this.#negotiating > 0);
  }

  get rate(): RateState {
    return this.#rate;
  }

  async offer(sdp: string): Promise<string> {
    this.#assertOpen();
    this.#negotiating += 1;
    this.#host.changed();
    try {
      const peer = await this.#obtainPeer();
      const answer = await peer.answer(sdp);
      this.#assertOpen();
      this.#answered = true;
      this.#negotiatedMs = this.#host.nowMs();
      return answer;
    } finally {
      this.#negotiating -= 1;
      this.#host.changed();
    }
  }

  candidate(candidate: IceCandidate): void {
    if (this.#peer) this.#peer.addCandidate(candidate);
    else if (!this.#over && this.#waiting.length < MAX_WAITING_CANDIDATES) this.#waiting.push(candidate);
  }

  sendData(text: string): boolean {
    return this.#peer?.sendData(text) ?? false;
  }

  lossRatio(): number | null {
    return this.#lossRatio;
  }

  sendFrame(unit: AccessUnit): void {
    if (!this.#peer || !this.connected || (this.#gated && !unit.keyFrame)) return;
    if (this.#peer.sendFrame(unit)) {
      this.#gated = false;
      this.#noteSent();
    } else {
      this.#gated = true;
      this.#host.askKeyFrame();
    }
  }

  /** Has the peer take the units of this capture itself; null ends that. */
  attachCapture(captureId: number | null): void {
    this.#captureId = captureId;
    this.#peer?.attachCapture?.(captureId);
  }

  close(reason = 'closed by its link'): Promise<void> {
    if (!this.#over) this.#end(reason);
    return this.#freed;
  }

  /** Ends the session and tells its link why. */
  closeFor(reason: VideoClosed): void {
    if (this.#over) return;
    this.#end(reason.code);
    this.#callbacks.closed(reason);
  }

  /** The bounds of the rate have changed. */
  clampRate(): void {
    this.#rate = { ...this.#rate, kbps: clampKbps(this.#rate.kbps, this.#host.rate) };
  }

  /** To be called regularly: ends what took too long. */
  checkDeadlines(): void {
    const nowMs = this.#host.nowMs();
    this.#noteAttached();
    const connecting = this.#state === 'new' || this.#state === 'connecting';
    if (connecting && nowMs - this.#negotiatedMs > CONNECT_TIMEOUT_MS) {
      this.closeFor({ code: 'not_connected', message: 'The video did not connect within 30 s' });
    } else if (this.#state === 'disconnected' && nowMs - this.#stateSinceMs > LOST_TIMEOUT_MS) {
      this.closeFor(LOST);
    } else if (this.connected && this.#silentMs() > LOST_TIMEOUT_MS) {
      this.closeFor(LOST);
    }
  }

  status(): ViewerStatus {
    return {
      id: this.id,
      state: this.#state,
      kbps: Math.round(this.#rate.kbps),
      lossRatio: this.#lossRatio,
      roundTripMs: this.#roundTripMs,
      ...(this.#peer?.stats() ?? NO_STATS),
    };
  }

  async #obtainPeer(): Promise<VideoPeer> {
    this.#creating ??= this.#host.createPeer(this.#iceServers);
    try {
      const peer = await this.#creating;
      this.#assertOpen();
      if (!this.#peer) this.#adopt(peer);
      return peer;
    } catch (error) {
      if (!this.#peer) this.#creating = null;
      throw error;
    }
  }

  #adopt(peer: VideoPeer): void {
    this.#peer = peer;
    const callbacks = this.#callbacks;
    this.#subscriptions.add(peer.state$.subscribe((state) => this.#stateChanged(state)));
    this.#subscriptions.add(peer.localCandidates$.subscribe((candidate) => callbacks.candidate(candidate)));
    this.#subscriptions.add(
      peer.data$.subscribe((text) => {
        this.#heard();
        callbacks.data(text);
      }),
    );
    // A peer begins with its channel closed, which is no news.
    let open = false;
    this.#subscriptions.add(
      peer.dataOpen$.subscribe((now) => {
        if (now !== open) callbacks.dataOpen(now);
        open = now;
      }),
    );
    this.#subscriptions.add(peer.keyFrameRequests$.subscribe(() => this.#host.askKeyFrame()));
    this.#subscriptions.add(peer.reports$.subscribe((report) => this.#reported(report)));
    if (this.#captureId !== null) peer.attachCapture?.(this.#captureId);
    for (const candidate of this.#waiting.splice(0)) peer.addCandidate(candidate);
  }

  #stateChanged(state: PeerState): void {
    if (state === this.#state || this.#over) return;
    const wasConnected = this.connected;
    this.#state = state;
    if (wasConnected !== this.connected) this.#callbacks.connected?.(this.connected);
    this.#stateSinceMs = this.#host.nowMs();
    this.#gated = true;
    if (state === 'connected') {
      this.#unheard = null;
      this.#host.askKeyFrame();
    } else if (state === 'failed') {
      this.closeFor({ code: 'connection_failed', message: 'The video could not connect' });
    } else if (state === 'closed') {
      this.closeFor(LOST);
    }
    this.#host.changed();
  }

  #reported(report: ReceiverReport): void {
    const nowMs = this.#host.nowMs();
    this.#host.receiversReport = true;
    this.#heard();
    this.#lossRatio = report.lossRatio ?? this.#lossRatio;
    this.#roundTripMs = report.roundTripMs ?? this.#roundTripMs;
    this.#rate = followReport(this.#rate, report, nowMs, this.#host.rate);
    this.#host.changed();
  }

  /** After a silence the link was down: the picture is lost, which the viewer may notice only seconds later. */
  #heard(): void {
    if (this.#silentMs() >= OUTAGE_MS) this.#host.askKeyFrame();
    this.#unheard = null;
  }

  #noteSent(): void {
    const sentMs = this.#host.nowMs();
    this.#unheard = { sinceMs: this.#unheard?.sinceMs ?? sentMs, sentMs };
  }

  /** Frames the peer took itself show only in its counts. */
  #noteAttached(): void {
    if (this.#captureId === null || !this.connected) return;
    const { framesSent } = this.#peer?.stats() ?? NO_STATS;
    if (framesSent > this.#framesNoted) this.#noteSent();
    this.#framesNoted = framesSent;
  }

  /** How long frames have gone out with nothing coming back: ICE itself notices a dead viewer only after 30 s. */
  #silentMs(): number {
    return this.#host.receiversReport && this.#unheard ? this.#unheard.sentMs - this.#unheard.sinceMs : 0;
  }

  #end(reason: string): void {
    this.#over = true;
    this.#state = 'closed';
    this.#waiting = [];
    this.#subscriptions.unsubscribe();
    this.#freed = this.#free();
    this.#host.ended(this, reason, this.#freed);
  }

  async #free(): Promise<void> {
    // It may still be on its way.
    const peer = this.#peer ?? (await this.#creating?.catch(() => null));
    await peer?.close();
  }

  #assertOpen(): void {
    if (this.#over) throw new VideoError('closed', 'Expected an open video session but it has ended');
  }
}

const LOST: VideoClosed = { code: 'connection_lost', message: 'The connection to this viewer was lost' };
