import type { ServerMessage, SessionMessage } from '../../wire.ts';
import type { BlindTerms, LinkEvents, LinkPhase, RobotLink } from '../robot-link.ts';
import { ApiError, type ViewerAccess } from './api.ts';
import { DRIVE_EVERY_MS, Messages } from './messages.ts';
import type { SignalingEvents } from './signaling.ts';

/** So long a connection may take before driving by messages is offered. */
const PATIENCE_MS = 4_000;
/** States come ten times a second: a channel that is silent for so long carries nothing, whatever it says. */
const SILENT_MS = 2_500;
const CHECK_EVERY_MS = 500;
/** The channel may lose the token, or the answer. As often as the robot takes one. */
const TOKEN_AGAIN_MS = 2_000;
const RETRY_MS = 2_000;
/** What a person has to mend is asked for less often. */
const REFUSED_RETRY_MS = 10_000;

const NO_ANSWER = 'The robot does not answer.';

export interface CloudLinkOptions {
  readonly api: {
    viewer(robot: string): Promise<ViewerAccess>;
    publish(robot: string, text: string): Promise<void>;
  };
  readonly tokens: { token(): Promise<string | null>; renew(): Promise<string | null> };
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
  #robot: string | null = null;
  /** Told apart from what an earlier robot's calls still bring. */
  #turn = 0;
  #phase: LinkPhase = { kind: 'idle' };
  #signaling: SignalingSocket | null = null;
  #preparing = false;
  #cancelRetry: (() => void) | null = null;
  #retryMs = 0;
  #cancelToken: (() => void) | null = null;
  #channel: ((text: string) => boolean) | null = null;
  #admitted = false;
  #admissions = 0;
  /** Null until the API has answered, and while it does not. */
  #terms: BlindTerms | null = null;
  #why: string | null = null;
  #patientUntilMs = 0;
  #lastHeardMs = 0;
  #lastCheckMs = 0;

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
        if (this.#admitted) return;
        events.message({ code: 'sent', message: 'Emergency stop: the message is on its way to the robot.' });
      },
    });
    this.#check();
  }

  get reconnects(): number {
    return Math.max(0, this.#admissions - 1);
  }

  get channelReady(): boolean {
    return this.#admitted;
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
    this.#cancelToken?.();
    this.#signaling?.close();
    this.#cancelRetry = this.#cancelToken = this.#signaling = this.#channel = this.#terms = this.#why = null;
    this.#admitted = this.#preparing = false;
    this.#tell();
  }

  nudge(): void {
    if (this.#cancelRetry) void this.#prepare();
  }

  /** A token is about to end: the robot gets another one before it does. */
  async refresh(): Promise<void> {
    const turn = this.#turn;
    const token = await this.#options.tokens.renew();
    if (turn === this.#turn && token !== null) this.#channel?.(JSON.stringify({ token }));
  }

  send(message: SessionMessage | string): boolean {
    if (typeof message === 'string') return this.#sendCommand(message);
    if ('offer' in message) return this.#offer(message.offer.sdp);
    if ('candidate' in message) return this.#signaling?.candidate(message.candidate) ?? false;
    // The robot learns of the picture's end by the end of its connection.
    if ('videoStop' in message) return true;
    return this.#byChannel(JSON.stringify(message));
  }

  onChannel(send: ((text: string) => boolean) | null): void {
    this.#channel = send;
    this.#admitted = false;
    this.#cancelToken?.();
    this.#cancelToken = null;
    if (send && this.#robot !== null) void this.#showToken();
    this.#tell();
  }

  onChannelMessage(text: string): void {
    this.#lastHeardMs = this.#options.nowMs();
    const message = JSON.parse(text) as ServerMessage;
    if ('hello' in message) {
      // Another token of the same person changes nothing.
      if (this.#admitted) return;
      this.#admitted = true;
      this.#admissions += 1;
      this.#why = null;
      this.#cancelToken?.();
      this.#tell();
    } else if ('code' in message) {
      this.#onRefusal(message.code, message.message);
    }
    if (this.#admitted || 'code' in message) this.#events.message(message);
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
        if (this.#admitted) return;
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
    if ('reset' in command) return this.#byChannel(text);
    const stop = !('drive' in command);
    if (stop && !('estop' in command) && this.#byChannel(text)) return true;
    const sent = this.#terms !== null && this.#messages.send(text);
    return ('estop' in command && this.#byChannel(text)) || sent;
  }

  #byChannel(text: string): boolean {
    return this.#admitted && (this.#channel?.(text) ?? false);
  }

  async #showToken(): Promise<void> {
    const [turn, channel] = [this.#turn, this.#channel];
    const token = await this.#options.tokens.token();
    if (turn !== this.#turn || channel === null || channel !== this.#channel || this.#admitted) return;
    if (token === null) return this.#signOut('Your sign-in has ended.');
    channel(JSON.stringify({ token }));
    this.#cancelToken?.();
    this.#cancelToken = this.#options.after(TOKEN_AGAIN_MS, () => void this.#showToken());
  }

  #onRefusal(code: string, message: string): void {
    if (code === 'token_expired' || code === 'token_invalid') {
      this.#admitted = false;
      this.#why = message;
      this.#tell();
      void this.#options.tokens.renew().then(() => this.#showToken());
    } else if (code === 'scope_missing') {
      this.#why = message;
      this.#cancelToken?.();
    }
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
    const nowMs = this.#options.nowMs();
    // After a sleep the channel is given time to show whether it lives.
    if (nowMs - this.#lastCheckMs > SILENT_MS) this.#lastHeardMs = nowMs;
    this.#lastCheckMs = nowMs;
    if (this.#admitted && nowMs - this.#lastHeardMs > SILENT_MS) {
      this.#admitted = false;
      void this.#showToken();
    }
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
    if (this.#admitted) return { kind: 'open' };
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
