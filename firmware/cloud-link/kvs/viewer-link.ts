import * as z from 'zod/mini';
import { parseJson, type Refusal } from '../../command/message.ts';
import { Bucket } from '../../teleop/bucket.ts';
import { OperatorSession } from '../../teleop/operator-session.ts';
import type { RobotAccess } from '../../teleop/robot-access.ts';
import type { ServerMessage } from '../../teleop/wire.ts';
import { VideoError } from '../../video/engine.ts';
import { type Admission, type Admit, MAX_TOKEN_CHARACTERS } from '../access-tokens.ts';

export interface ViewerLinkOptions {
  readonly messagesPerS: number;
  readonly messageBurst: number;
  readonly admit: Admit;
  /** AWS's clock, by which tokens expire. */
  readonly wallMs: () => number;
}

/** Tokens a viewer may show: one when it connects, one when that expires, and typing errors. */
const TOKENS_PER_S = 0.5;
const TOKEN_BURST = 5;
/** At most one word in this time to who sends without having shown a token. */
const NOTICE_EVERY_MS = 1000;

const tokenMessage = z.strictObject({
  token: z.string().check(z.minLength(1), z.maxLength(MAX_TOKEN_CHARACTERS)),
});

/**
 * The data channel of one viewer as a link of its own: it carries what `/teleop` does, once a token has been shown
 * on it (`{"token":"..."}`). Without one the viewer may watch, since signaling has let it, and nothing else.
 */
export class ViewerLink {
  readonly #id: string;
  readonly #robot: RobotAccess;
  readonly #options: ViewerLinkOptions;
  readonly #send: (text: string) => boolean;
  readonly #tokens: Bucket;
  #admission: Admission | null = null;
  #session: OperatorSession | null = null;
  #noticedMs = Number.NEGATIVE_INFINITY;
  #checking = false;
  #open = true;

  constructor(id: string, robot: RobotAccess, options: ViewerLinkOptions, send: (text: string) => boolean) {
    this.#id = id;
    this.#robot = robot;
    this.#options = options;
    this.#send = send;
    this.#tokens = new Bucket(TOKENS_PER_S, TOKEN_BURST, robot.clock.nowMs());
  }

  /** Whether a valid token was shown. */
  get admitted(): boolean {
    return this.#session !== null;
  }

  /** Takes one message off the data channel. Never throws. */
  receive(text: string): void {
    if (text.includes('"token"')) {
      const parsed = parseJson(text);
      const token = tokenMessage.safeParse(parsed.ok ? parsed.value : null);
      if (token.success) return void this.#onToken(token.data.token);
    }
    if (this.#session) this.#session.receive(text);
    else this.#notice({ code: 'token_missing', message: 'Expected {"token":"..."} before anything else' });
  }

  /** The path to the viewer has stopped working: who drives no longer does, the link may come back. */
  interrupted(): void {
    if (this.#session) this.#robot.pipeline.linkClosed(this.#session.sender.id);
  }

  /** Passes a message on that every admitted viewer gets. */
  tell(text: string): void {
    if (this.#session) this.#send(text);
  }

  /** To be called regularly: ends what a token no longer allows. */
  check(): void {
    if (!this.#admission) return;
    const { identity, expiresMs } = this.#admission;
    if (expiresMs === null ? this.#robot.tokens.has(identity.tokenId) : this.#options.wallMs() < expiresMs)
      return;
    this.#end();
    this.#say({ code: 'token_expired', message: 'This token is no longer valid. Show another one' });
  }

  /** Ends the lease with the link. */
  close(): void {
    this.#open = false;
    this.#end();
  }

  async #onToken(token: string): Promise<void> {
    if (this.#checking || !this.#tokens.take(this.#robot.clock.nowMs())) {
      return this.#notice({ code: 'rate_limited', message: 'Too many tokens. Wait a few seconds' });
    }
    this.#checking = true;
    try {
      const result = await this.#options.admit(token);
      if (!this.#open) return;
      if ('identity' in result) this.#welcome(result);
      else this.#say(result);
    } finally {
      this.#checking = false;
    }
  }

  #welcome(admission: Admission): void {
    const { identity } = admission;
    const before = this.#admission?.identity;
    this.#admission = admission;
    // The same person with a fresh token drives on.
    if (before && before.tokenId === identity.tokenId && before.role === identity.role) return this.#greet();
    this.#session?.close();
    const robot = { ...this.#robot, video: NO_OFFERS };
    const options = { ...this.#options, link: 'cloud' } as const;
    const send = (message: ServerMessage) => void this.#send(JSON.stringify(message));
    this.#session = new OperatorSession(this.#id, identity, robot, options, { send });
    this.#robot.logger.info(
      { link: this.#id, name: identity.name, role: identity.role },
      'operator link by KVS',
    );
    this.#greet();
  }

  #greet(): void {
    const { name, role } = this.#admission!.identity;
    // This viewer has the servers of its channel; those of the local network hold logins that are not for it.
    const hello = { ...this.#robot.hello, iceServers: [], you: { id: this.#id, name, role } };
    this.#send(JSON.stringify({ hello } satisfies ServerMessage));
    this.#send(JSON.stringify({ state: this.#robot.state() } satisfies ServerMessage));
  }

  #end(): void {
    this.#session?.close();
    this.#session = null;
    this.#admission = null;
  }

  #notice(refusal: Refusal): void {
    const nowMs = this.#robot.clock.nowMs();
    if (nowMs - this.#noticedMs < NOTICE_EVERY_MS) return;
    this.#noticedMs = nowMs;
    this.#say(refusal);
  }

  #say({ code, message }: Refusal): void {
    this.#robot.metrics.countRefusal(code);
    this.#send(JSON.stringify({ code, message } satisfies ServerMessage));
  }
}

const NO_OFFERS: RobotAccess['video'] = {
  open() {
    throw new VideoError(
      'bad_offer',
      'Expected offers on the signaling channel but received one on the data channel',
    );
  },
};
