import type { ServerMessage, SessionMessage } from '../../wire.ts';
import type { BlindTerms, LinkEvents, LinkPhase, RobotLink } from '../robot-link.ts';
import { Admission, type Tokens } from './admission.ts';
import { ApiError, type ViewerAccess } from './api.ts';
import { DRIVE_EVERY_MS, Messages } from './messages.ts';
import type { SignalingEvents } from './signaling.ts';

/** So long a connection may take before driving by messages is offered. */
const PATIENCE_MS = 4_000;
const CHECK_EVERY_MS = 500;
const RETRY_MS = 2_000;
/** What a person has to mend is asked for less often. */
const REFUSED_RETRY_MS = 10_000;

const NO_ANSWER = 'The robot does not answer.';

export interface CloudLinkOptions {
  readonly api: {
    viewer(robot: string): Promise<ViewerAccess>;
    publish(robot: string, text: string): Promise<void>;
  };
  readonly tokens: Tokens;
  readonly signaling: (access: ViewerAccess, events: SignalingEvents) => SignalingSocket;
  /** The page's clock, ms. */
  readonly nowMs: () => number;
  /** Calls back once after a time; gives what cancels it. */
  readonly after: (ms: number, call: () => void) => () => void;
}

export interface SignalingSocket {
  /** Whether a new connection may be begun here. */
  readonly fresh: boolean;
  offer(sdp: string): void;
  candidate(candidate: RTCIceCandidateInit): boolean;
  close(): void;
}

/**
 * The way through the cloud: the robot is found by KVS signaling, and everything else goes over the picture's own
 * data channel, once the robot has taken the person's token there. While that is not so, commands go as messages.
 */
export class CloudLink implements RobotLink {
  readonly #options: CloudLinkOptions;
  readonly #events: LinkEvents;
  readonly #messages: Messages;
  readonly #admission: Admission;
  #robot: string | null = null;
  /** Told apart from what an earlier robot's calls still bring. */
  #turn = 0;
  #phase: LinkPhase = { kind: 'idle' };
  #signaling: SignalingSocket | null = null;
  #preparing = false;
  #cancelRetry: (() => void) | null = null;
  #retryMs = 0;
  /** Null until the API has answered, and while it does not. */
  #terms: BlindTerms | null = null;
  #why: string | null = null;
  #patientUntilMs = 0;

  constructor(events: LinkEvents, options: CloudLinkOptions) {
    this.#events = events;
    this.#options = options;
    const { nowMs, after } = options;
    this.#messages = new Messages({
      nowMs,
      after,
      publish: (text) => options.api.publish(this.#robot ?? '', text),
      failed: (error) => this.#onLost(error),
      stopped: () => {
        if (this.#admission.given) return;
        events.message({ code: 'sent', message: 'Emergency stop: the message is on its way to the robot.' });
      },
    });
    this.#admission = new Admission({
      tokens: options.tokens,
      nowMs,
      after,
      changed: (why) => {
        this.#why = why;
        this.#tell();
      },
      signedOut: (why) => this.#signOut(why),
    });
    this.#check();
  }

  get reconnects(): number {
    return Math.max(0, this.#admission.count - 1);
  }

  get channelReady(): boolean {
    return this.#admission.given;
  }

  start(robot: string): void {
    this.stop();
    this.#robot = robot;
    this.#patientUntilMs = this.#options.nowMs() + PATIENCE_MS;
    this.#tell();
    void this.#prepare();
  }

  stop(): void {
    this.#turn += 1;
    this.#robot = null;
    this.#messages.close();
    this.#cancelRetry?.();
    this.#admission.begin(null);
    this.#signaling?.close();
    this.#cancelRetry = this.#signaling = this.#terms = this.#why = null;
    this.#preparing = false;
    this.#tell();
  }

  nudge(): void {
    if (this.#cancelRetry) void this.#prepare();
  }

  /** A token is about to end: the robot gets another one before it does. */
  refresh(): Promise<void> {
    return this.#admission.refresh();
  }

  send(message: SessionMessage | string): boolean {
    if (typeof message === 'string') return this.#sendCommand(message);
    if ('offer' in message) return this.#offer(message.offer.sdp);
    if ('candidate' in message) return this.#signaling?.candidate(message.candidate) ?? false;
    // The robot learns of the picture's end by the end of its connection.
    if ('videoStop' in message) return true;
    return this.#admission.send(JSON.stringify(message));
  }

  onChannel(send: ((text: string) => boolean) | null): void {
    this.#admission.begin(this.#robot === null ? null : send);
    this.#tell();
  }

  onChannelMessage(text: string): void {
    const message = JSON.parse(text) as ServerMessage;
    if (this.#admission.receive(message)) this.#events.message(message);
  }

  async #prepare(): Promise<void> {
    if (this.#preparing || this.#robot === null) return;
    const turn = this.#turn;
    this.#preparing = true;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    try {
      const access = await this.#options.api.viewer(this.#robot);
      if (turn !== this.#turn) return;
      this.#preparing = false;
      this.#terms = { role: access.role, sendEveryMs: DRIVE_EVERY_MS };
      this.#why = null;
      this.#openSignaling(access);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#preparing = false;
      this.#onRefusedAccess(error);
    }
    this.#tell();
  }

  #openSignaling(access: ViewerAccess): void {
    this.#signaling?.close();
    const socket = this.#options.signaling(access, {
      opened: () => this.#events.signaling(access.iceServers),
      message: (message) => this.#events.message(message),
      closed: () => {
        if (this.#signaling !== socket) return;
        this.#signaling = null;
        if (this.#admission.given) return;
        this.#why ??= 'The signaling service does not answer.';
        this.#retry(RETRY_MS);
      },
    });
    this.#signaling = socket;
  }

  #onRefusedAccess(error: unknown): void {
    const { kind, message } = asApiError(error);
    if (kind === 'signedOut') return this.#signOut(message);
    this.#why = message;
    // What can't be watched may be driven all the same; who may not is told by the API.
    this.#terms =
      kind === 'failed' ? (this.#terms ?? { role: 'operator', sendEveryMs: DRIVE_EVERY_MS }) : null;
    this.#retry(kind === 'refused' ? REFUSED_RETRY_MS : RETRY_MS);
  }

  #retry(ms: number): void {
    this.#cancelRetry?.();
    this.#retryMs = ms;
    this.#cancelRetry = this.#options.after(ms, () => {
      this.#cancelRetry = null;
      void this.#prepare();
    });
    this.#tell();
  }

  /** One offer on an address that has gone stale is lost: the next one comes with fresh servers. */
  #offer(sdp: string): boolean {
    if (!this.#signaling?.fresh) {
      if (!this.#cancelRetry) void this.#prepare();
      return false;
    }
    this.#signaling.offer(sdp);
    return true;
  }

  /** What comes here could not go by the channel, is not trusted to it, or is a stop, which goes both ways. */
  #sendCommand(text: string): boolean {
    const command = JSON.parse(text) as Record<string, unknown>;
    if ('reset' in command) return this.#admission.send(text);
    const stop = !('drive' in command);
    if (stop && !('estop' in command) && this.#admission.send(text)) return true;
    const sent = this.#terms !== null && this.#messages.send(text);
    return ('estop' in command && this.#admission.send(text)) || sent;
  }

  /** A message went astray: who sent it has to know, there is no other sign of it. */
  #onLost(error: unknown): void {
    const { kind, code, message } = asApiError(error);
    if (kind === 'signedOut') return this.#signOut(message);
    this.#events.message({ code, message: `Not sent: ${message}` });
  }

  #signOut(why: string): void {
    this.stop();
    this.#phase = { kind: 'unpaired', why };
    this.#events.phase(this.#phase);
  }

  #check(): void {
    this.#admission.check();
    this.#tell();
    this.#options.after(CHECK_EVERY_MS, () => this.#check());
  }

  #tell(): void {
    const next = this.#now();
    if (same(next, this.#phase)) return;
    this.#phase = next;
    this.#events.phase(next);
  }

  #now(): LinkPhase {
    if (this.#robot === null) return this.#phase.kind === 'unpaired' ? this.#phase : { kind: 'idle' };
    if (this.#admission.given) return { kind: 'open' };
    if (this.#terms === null) {
      if (!this.#cancelRetry) return { kind: 'connecting', attempt: 0, why: this.#why };
      return { kind: 'waiting', attempt: 1, retryInMs: this.#retryMs, why: this.#why ?? NO_ANSWER };
    }
    if (this.#options.nowMs() < this.#patientUntilMs)
      return { kind: 'connecting', attempt: 0, why: this.#why };
    return { kind: 'oneWay', terms: this.#terms, why: this.#why ?? NO_ANSWER };
  }
}

function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError('failed', 'failed', String(error));
}

function same(a: LinkPhase, b: LinkPhase): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
