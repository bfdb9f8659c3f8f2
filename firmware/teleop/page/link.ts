import type { ServerMessage, SessionMessage } from '../wire.ts';
import { reconnectDelayMs } from './backoff.ts';
import type { LinkEvents, RobotLink } from './robot-link.ts';

/** A try that takes longer is given up; a lost SYN is repeated after 1 s. */
const CONNECT_TIMEOUT_MS = 3_000;
/** States come ten times a second: a link that is silent for so long is gone, whatever TCP says. */
const SILENT_MS = 2_500;
const CHECK_EVERY_MS = 500;
/** A robot that refuses is asked again at this pace. */
const REFUSED_RETRY_MS = 3_000;

type Loss = { readonly retry: boolean; readonly refused: boolean; readonly why: string };

const SILENT: Loss = { retry: true, refused: false, why: 'The robot does not answer.' };
const FULL = 'The robot has as many pages open as it allows.';
const UNPAIRED: Loss = {
  retry: false,
  refused: true,
  why: 'The robot does not know this device, or no longer. Pair it again.',
};

/** What the end of an open link means (RFC 6455 section 7.4, and the robot's own codes). */
export function lossOfClose(code: number): Loss {
  switch (code) {
    case 4401:
      return UNPAIRED;
    case 4403:
      return { retry: true, refused: true, why: 'The robot does not allow this page.' };
    case 4429:
      return { retry: true, refused: true, why: FULL };
    case 1001:
    case 1012:
      return { retry: true, refused: false, why: 'The robot is restarting.' };
    default:
      return { retry: true, refused: false, why: 'The link to the robot is lost.' };
  }
}

/** Why a WebSocket was turned away, by what the API answers to the same token. A browser does not tell. */
export function lossOfStatus(status: number, message: string): Loss {
  if (status === 401) return UNPAIRED;
  if (status === 403) return { retry: true, refused: true, why: message || lossOfClose(4403).why };
  return { retry: true, refused: true, why: FULL };
}

/** The WebSocket to the robot, opened again by itself for as long as the robot accepts the token. */
export class Link implements RobotLink {
  /** The robot knows the sender by the WebSocket that the channel was agreed over. */
  readonly channelReady = true;
  readonly #events: LinkEvents;
  #token = '';
  #socket: WebSocket | null = null;
  /** Told apart from what earlier tries still report. */
  #turn = 0;
  #attempt = 0;
  #why: string | null = null;
  #waiting = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastHeardMs = 0;
  #lastCheckMs = 0;
  #reconnects = 0;

  constructor(events: LinkEvents) {
    this.#events = events;
    setInterval(() => this.#check(), CHECK_EVERY_MS);
  }

  get reconnects(): number {
    return this.#reconnects;
  }

  start(token: string): void {
    this.stop();
    this.#token = token;
    this.#attempt = 0;
    this.#why = null;
    void this.#connect();
  }

  stop(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.#waiting = false;
    this.#socket?.close(1000);
    this.#socket = null;
    this.#events.phase({ kind: 'idle' });
  }

  nudge(): void {
    if (this.#waiting) void this.#connect();
  }

  send(message: SessionMessage | string): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    return true;
  }

  onChannel(): void {
    // The robot's word comes by WebSocket, whatever becomes of the channel.
  }

  onChannelMessage(): void {
    // Nothing comes here on the spot.
  }

  async #connect(): Promise<void> {
    clearTimeout(this.#timer);
    this.#waiting = false;
    this.#turn += 1;
    const turn = this.#turn;
    this.#events.phase({ kind: 'connecting', attempt: this.#attempt, why: this.#why });
    // Chromium delays WebSockets by up to 5 s once several have failed; requests it does not. So the robot's
    // return is found by request, and the WebSocket opened when it will answer.
    if (this.#attempt > 0 && !(await robotAnswers())) {
      if (turn === this.#turn) this.#lose(SILENT);
      return;
    }
    if (turn === this.#turn) this.#open(turn);
  }

  #open(turn: number): void {
    const url = new URL('/teleop', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('token', this.#token);
    const socket = new WebSocket(url);
    this.#socket = socket;
    let opened = false;
    this.#timer = setTimeout(() => turn === this.#turn && this.#lose(SILENT), CONNECT_TIMEOUT_MS);
    socket.onmessage = ({ data }) => {
      if (turn !== this.#turn) return;
      this.#lastHeardMs = performance.now();
      if (!opened) {
        opened = true;
        clearTimeout(this.#timer);
        if (this.#attempt > 0) this.#reconnects += 1;
        this.#attempt = 0;
        this.#why = null;
        this.#events.phase({ kind: 'open' });
      }
      const message = JSON.parse(String(data)) as ServerMessage;
      this.#events.message(message);
      if ('hello' in message) this.#events.signaling(message.hello.iceServers);
    };
    socket.onclose = ({ code }) => {
      if (turn !== this.#turn) return;
      if (opened) this.#lose(lossOfClose(code));
      else void this.#diagnose(turn);
    };
  }

  async #diagnose(turn: number): Promise<void> {
    clearTimeout(this.#timer);
    let loss = SILENT;
    try {
      const response = await fetch('/api/state', {
        headers: { authorization: `Bearer ${this.#token}` },
        cache: 'no-store',
        signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS),
      });
      const body = (await response.json()) as { message?: string };
      loss = lossOfStatus(response.status, body.message ?? '');
    } catch {
      // No answer at all, which is what SILENT says.
    }
    if (turn === this.#turn) this.#lose(loss);
  }

  #lose({ retry, refused, why }: Loss): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
    this.#attempt += 1;
    this.#why = why;
    if (!retry) return this.#events.phase({ kind: 'unpaired', why });
    const retryInMs = refused ? REFUSED_RETRY_MS : reconnectDelayMs(this.#attempt);
    this.#waiting = true;
    this.#timer = setTimeout(() => void this.#connect(), retryInMs);
    this.#events.phase({ kind: 'waiting', attempt: this.#attempt, retryInMs, why });
  }

  #check(): void {
    const nowMs = performance.now();
    // After a sleep the link is given time to show whether it lives.
    if (nowMs - this.#lastCheckMs > SILENT_MS) this.#lastHeardMs = nowMs;
    this.#lastCheckMs = nowMs;
    const open = this.#socket?.readyState === WebSocket.OPEN;
    if (open && nowMs - this.#lastHeardMs > SILENT_MS) this.#lose(SILENT);
  }
}

async function robotAnswers(): Promise<boolean> {
  try {
    const response = await fetch('/healthz', {
      cache: 'no-store',
      signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS),
    });
    return response.ok;
  } catch {
    return false;
  }
}
