import type { ServerMessage } from '../../wire.ts';

/** States come ten times a second: a channel that is silent for so long carries nothing, whatever it says. */
const SILENT_MS = 2_500;
/** The channel may lose the token, or the answer. As often as the robot takes one. */
const TOKEN_AGAIN_MS = 2_000;

export interface Tokens {
  /** Null: to sign in is needed. */
  token(): Promise<string | null>;
  renew(): Promise<string | null>;
}

export interface AdmissionOptions {
  readonly tokens: Tokens;
  /** The page's clock, ms. */
  readonly nowMs: () => number;
  /** Calls back once after a time; gives what cancels it. */
  readonly after: (ms: number, call: () => void) => () => void;
  /** Given or lost; `why` is for the person to read. */
  readonly changed: (why: string | null) => void;
  readonly signedOut: (why: string) => void;
}

/**
 * The robot's leave to drive over one data channel after another: it takes a token there first, and says hello. From
 * then on the channel carries what the WebSocket does on the spot.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  #channel: ((text: string) => boolean) | null = null;
  #given = false;
  #count = 0;
  #cancelAgain: (() => void) | null = null;
  #heardMs = 0;
  #checkedMs = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  get given(): boolean {
    return this.#given;
  }

  /** How often it was given. */
  get count(): number {
    return this.#count;
  }

  /** Begins anew with a channel that has opened, or ends with one that has closed (null). */
  begin(channel: ((text: string) => boolean) | null): void {
    this.#channel = channel;
    this.#given = false;
    this.#cancelAgain?.();
    this.#cancelAgain = null;
    if (channel) void this.#showToken();
  }

  /** False while there is no leave. */
  send(text: string): boolean {
    return this.#given && (this.#channel?.(text) ?? false);
  }

  /** Takes a message off the channel and tells whether it is for the page to hear. */
  receive(message: ServerMessage): boolean {
    this.#heardMs = this.#options.nowMs();
    if ('hello' in message) return this.#onHello();
    if ('code' in message) this.#onRefusal(message.code, message.message);
    return this.#given || 'code' in message;
  }

  /** A token is about to end: the robot gets another one before it does. */
  async refresh(): Promise<void> {
    const channel = this.#channel;
    const token = await this.#options.tokens.renew();
    if (token !== null && channel === this.#channel) channel?.(JSON.stringify({ token }));
  }

  /** To be called a few times a second. */
  check(): void {
    const nowMs = this.#options.nowMs();
    // After a sleep the channel is given time to show whether it lives.
    if (nowMs - this.#checkedMs > SILENT_MS) this.#heardMs = nowMs;
    this.#checkedMs = nowMs;
    if (!this.#given || nowMs - this.#heardMs <= SILENT_MS) return;
    this.#given = false;
    void this.#showToken();
    this.#options.changed(null);
  }

  async #showToken(): Promise<void> {
    const { tokens, after, signedOut } = this.#options;
    const channel = this.#channel;
    const token = await tokens.token();
    if (channel === null || channel !== this.#channel || this.#given) return;
    if (token === null) return signedOut('Your sign-in has ended.');
    channel(JSON.stringify({ token }));
    this.#cancelAgain?.();
    this.#cancelAgain = after(TOKEN_AGAIN_MS, () => void this.#showToken());
  }

  /** Another token of the same person changes nothing. */
  #onHello(): boolean {
    if (this.#given) return false;
    this.#given = true;
    this.#count += 1;
    this.#cancelAgain?.();
    this.#options.changed(null);
    return true;
  }

  #onRefusal(code: string, message: string): void {
    if (code === 'token_expired' || code === 'token_invalid') {
      this.#given = false;
      this.#options.changed(message);
      void this.#options.tokens.renew().then(() => this.#showToken());
    } else if (code === 'scope_missing') {
      this.#cancelAgain?.();
      this.#options.changed(message);
    }
  }
}
