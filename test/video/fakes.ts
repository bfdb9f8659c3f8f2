/** A camera and an engine without pictures or network, for the sessions' rules. */
import { BehaviorSubject, Observable, Subject, share } from 'rxjs';
import type { AccessUnit, Camera, CameraStatus } from '../../firmware/video/camera.ts';
import type {
  IceCandidate,
  PeerState,
  ReceiverReport,
  VideoEngine,
  VideoPeer,
} from '../../firmware/video/engine.ts';

export class FakeCamera implements Camera {
  readonly #units$ = new Subject<AccessUnit>();
  readonly status$ = new BehaviorSubject<CameraStatus>({ state: 'idle' });
  starts = 0;
  running = false;
  keyFrameRequests: number[] = [];
  bitrates: number[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  readonly accessUnits$: Observable<AccessUnit> = new Observable<AccessUnit>((subscriber) => {
    this.starts += 1;
    this.running = true;
    subscriber.add(this.#units$.subscribe(subscriber));
    return () => {
      this.running = false;
    };
  }).pipe(share());

  /** The capture that runs while somebody wants it. */
  readonly captureId$ = new BehaviorSubject<number | null>(7);
  attached = 0;
  readonly captures$ = new Observable<number | null>((subscriber) => {
    this.attached += 1;
    subscriber.add(this.captureId$.subscribe(subscriber));
    return () => {
      this.attached -= 1;
    };
  });

  requestKeyFrame(): void {
    this.keyFrameRequests.push(this.#nowMs());
  }

  setBitrateKbps(kbps: number): void {
    this.bitrates.push(kbps);
  }

  async close(): Promise<void> {
    this.#units$.complete();
  }

  /** One picture; its first byte is its number. */
  take(number: number, keyFrame = false): void {
    this.#units$.next({ data: Buffer.from([number]), keyFrame, capturedUs: this.#nowMs() * 1000 });
  }
}

export class FakePeer implements VideoPeer {
  readonly state$ = new BehaviorSubject<PeerState>('new');
  readonly localCandidates$ = new Subject<IceCandidate>();
  readonly data$ = new Subject<string>();
  readonly dataOpen$ = new BehaviorSubject(false);
  readonly keyFrameRequests$ = new Subject<void>();
  readonly reports$ = new Subject<ReceiverReport>();
  readonly offers: string[] = [];
  readonly candidates: IceCandidate[] = [];
  readonly frames: number[] = [];
  readonly texts: string[] = [];
  accepts = true;
  closed = false;
  /** Holds `close` up until it resolves. */
  freed: Promise<void> = Promise.resolve();
  answers: (offer: string) => Promise<string> = async (offer) => `answer to ${offer}`;

  /** The captures it was told to take from. */
  readonly captures: (number | null)[] = [];
  framesSent = 0;

  attachCapture(captureId: number | null): void {
    this.captures.push(captureId);
  }

  answer(offer: string): Promise<string> {
    this.offers.push(offer);
    return this.answers(offer);
  }

  addCandidate(candidate: IceCandidate): void {
    this.candidates.push(candidate);
  }

  sendFrame(unit: AccessUnit): boolean {
    if (this.accepts) this.frames.push(unit.data[0] ?? -1);
    return this.accepts;
  }

  sendData(text: string): boolean {
    if (this.dataOpen$.value) this.texts.push(text);
    return this.dataOpen$.value;
  }

  stats() {
    return {
      framesSent: this.frames.length + this.framesSent,
      framesDropped: 0,
      bytesSent: 0,
      keyFrameRequests: 0,
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.freed;
  }
}

export class FakeEngine implements VideoEngine {
  readonly name = 'fake';
  takesCaptures = false;
  readonly peers: FakePeer[] = [];
  creates: () => Promise<FakePeer> = async () => new FakePeer();

  async createPeer(): Promise<FakePeer> {
    const peer = await this.creates();
    this.peers.push(peer);
    return peer;
  }

  async close(): Promise<void> {}
}
