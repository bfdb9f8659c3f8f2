import type { Refusal } from '../../command/message.ts';
import type { Role } from '../wire.ts';
import { byId } from './elements.ts';

const PAIR_TIMEOUT_MS = 8_000;

/** What the address brings along after its `#`: never sent to a server, and removed from the address bar. */
export type Admission =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'none' };

export function readAdmission(hash: string): Admission {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const token = fields.get('token');
  if (token) return { kind: 'token', token };
  const code = fields.get('pair');
  return code === null ? { kind: 'none' } : { kind: 'code', code };
}

/** Chromium's relatives name each other in their user agents: the first that is found is the browser. */
const BROWSERS = [
  [/Edg\//, 'Edge'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
] as const;
const SYSTEMS = [
  [/Android/, 'Android'],
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'Mac'],
  [/CrOS/, 'Chromebook'],
  [/Linux/, 'Linux'],
] as const;

/** `Chrome on Android`: a name for this device that its owner may change. */
export function suggestedName(userAgent: string): string {
  const find = (names: readonly (readonly [RegExp, string])[]) =>
    names.find(([pattern]) => pattern.test(userAgent))?.[1];
  const system = find(SYSTEMS);
  const browser = find(BROWSERS) ?? 'Browser';
  return system ? `${browser} on ${system}` : browser;
}

export type PairResult =
  | { readonly ok: true; readonly token: string; readonly role: Role }
  | { readonly ok: false; readonly why: string };

/** Exchanges a code for a token of this device. */
export async function redeemCode(code: string, name: string): Promise<PairResult> {
  let response: Response;
  try {
    response = await fetch('/api/pair', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code, name }),
      signal: AbortSignal.timeout(PAIR_TIMEOUT_MS),
    });
  } catch {
    return { ok: false, why: 'The robot does not answer. Is it switched on, and in the same network?' };
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return { ok: true, ...(body as { token: string; role: Role }) };
  return { ok: false, why: whyRefused(response.status, body as Refusal | null) };
}

export function whyRefused(status: number, refusal: Refusal | null): string {
  if (status === 401) {
    return 'This code is wrong, already used, or too old. Run "roverd pair" on the robot for a new one.';
  }
  return refusal?.message ?? `The robot refuses to pair (${status}).`;
}

/** The form that asks for a code, and for a name by which others see this device. */
export class PairingForm {
  readonly #form = byId('pairing-form', HTMLFormElement);
  readonly #code = byId('pairing-code', HTMLInputElement);
  readonly #name = byId('pairing-name', HTMLInputElement);
  readonly #submit = byId('pairing-submit', HTMLButtonElement);
  readonly #error = byId('pairing-error', HTMLElement);
  readonly #paired: (token: string) => void;

  constructor(paired: (token: string) => void) {
    this.#paired = paired;
    this.#name.value = suggestedName(navigator.userAgent);
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#pair();
    });
  }

  /** @param code from the address: tried at once */
  show(why: string | null, code = ''): void {
    this.#say(why);
    this.#code.value = code;
    if (code) void this.#pair();
    else this.#code.focus();
  }

  async #pair(): Promise<void> {
    const code = this.#code.value.trim();
    const name = this.#name.value.trim();
    if (!code) return this.#complain(this.#code, 'Enter the code that "roverd pair" shows on the robot.');
    if (!name) return this.#complain(this.#name, 'Give this device a name, so that others know who drives.');
    this.#say(null);
    this.#submit.disabled = true;
    const result = await redeemCode(code, name);
    this.#submit.disabled = false;
    if (!result.ok) return this.#complain(this.#code, result.why);
    this.#code.value = '';
    this.#paired(result.token);
  }

  #complain(field: HTMLInputElement, why: string): void {
    this.#say(why, field);
    field.focus();
    field.select();
  }

  #say(why: string | null, field: HTMLInputElement | null = null): void {
    this.#error.textContent = why ?? '';
    this.#error.hidden = why === null;
    for (const one of [this.#code, this.#name]) {
      if (one === field) one.setAttribute('aria-invalid', 'true');
      else one.removeAttribute('aria-invalid');
    }
  }
}
