import type { Hello, Role } from '../../wire.ts';
import type { Tokens } from './admission.ts';

const TIMEOUT_MS = 5_000;

export interface ListedRobot {
  readonly name: string;
  readonly online: boolean;
  /** Since when, in ms since 1970; null for a robot that was never there. */
  readonly sinceMs: number | null;
}

/** `GET /robots/{name}/viewer`: all that a viewer of the robot's signaling channel needs, once. */
export interface ViewerAccess {
  readonly role: Role;
  readonly region: string;
  readonly channelArn: string;
  readonly clientId: string;
  /** Signed: good for one client id, until `expiresAtMs`. */
  readonly url: string;
  /** By the clock of the API; `nowMs` is that clock's time of the answer. */
  readonly expiresAtMs: number;
  readonly nowMs: number;
  readonly iceServers: Hello['iceServers'];
}

/** `signedOut`: nobody is signed in any more. `unreachable`: no answer at all. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly kind: 'signedOut' | 'refused' | 'failed' | 'unreachable';
  readonly code: string;
  constructor(kind: ApiError['kind'], code: string, message: string) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

/** The API of the robot stack. Every call throws ApiError. */
export class Api {
  readonly #url: string;
  readonly #tokens: Tokens;

  constructor(url: string, tokens: Tokens) {
    this.#url = url;
    this.#tokens = tokens;
  }

  async robots(): Promise<readonly ListedRobot[]> {
    const { robots } = (await this.#call('GET', 'robots')) as { robots: ListedRobot[] };
    return robots;
  }

  async viewer(robot: string): Promise<ViewerAccess> {
    return (await this.#call('GET', `robots/${encodeURIComponent(robot)}/viewer`)) as ViewerAccess;
  }

  /** Resolves once the message broker has the command. */
  async publish(robot: string, text: string): Promise<void> {
    await this.#call('POST', `robots/${encodeURIComponent(robot)}/publish`, text);
  }

  async #call(method: 'GET' | 'POST', path: string, body?: string): Promise<unknown> {
    const token = await this.#tokens.token();
    if (token === null) throw signedOut();
    let { status, content } = await this.#ask(method, path, token, body);
    // The gateway says the same of a token that has ended as of one that does not suffice.
    if (status === 401 || content.code === 'forbidden') {
      const renewed = await this.#tokens.renew();
      if (renewed !== null) ({ status, content } = await this.#ask(method, path, renewed, body));
    }
    if (status >= 200 && status < 300) return content;
    if (status === 401) throw signedOut();
    const { code = 'failed', message = `The cloud answers ${status}.` } = content;
    throw new ApiError(status >= 500 || status === 429 ? 'failed' : 'refused', code, message);
  }

  async #ask(method: string, path: string, token: string, body?: string) {
    try {
      const response = await fetch(new URL(path, this.#url), {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body }),
        cache: 'no-store',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const content: unknown = await response.json().catch(() => null);
      return { status: response.status, content: (content ?? {}) as { code?: string; message?: string } };
    } catch {
      throw new ApiError('unreachable', 'unreachable', 'The cloud does not answer.');
    }
  }
}

const signedOut = () => new ApiError('signedOut', 'signed_out', 'Your sign-in has ended.');
