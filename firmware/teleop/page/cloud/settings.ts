/** What the stack puts beside the page as `/config.json`. */
export interface CloudSettings {
  /** Address of the identity provider, as in a token's `iss`. */
  readonly issuer: string;
  readonly clientId: string;
  /** What is asked of the provider, separated by spaces. */
  readonly scope: string;
  /** Address of the API, ending with a slash. */
  readonly apiUrl: string;
  /** The provider's own way out; null: as its discovery document says, if it does. */
  readonly signOutUrl: string | null;
}

const NAMES = ['issuer', 'clientId', 'scope', 'apiUrl'] as const;

/** @throws Error naming the field, what was expected and what came */
export function checkSettings(value: unknown): CloudSettings {
  const fields = (value ?? {}) as Record<string, unknown>;
  for (const name of NAMES) {
    if (typeof fields[name] !== 'string' || fields[name] === '') {
      throw new Error(
        `Expected ${name} in config.json to be text but received ${JSON.stringify(fields[name])}`,
      );
    }
  }
  const { issuer, clientId, scope, apiUrl, signOutUrl } = fields as Record<string, string>;
  return {
    issuer: issuer!,
    clientId: clientId!,
    scope: scope!,
    apiUrl: apiUrl!.replace(/\/*$/, '/'),
    signOutUrl: signOutUrl || null,
  };
}

/** @throws Error when the file is missing or wrong: the page was not deployed whole */
export async function loadSettings(): Promise<CloudSettings> {
  const response = await fetch('/config.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`Expected config.json beside the page but received ${response.status}`);
  return checkSettings(await response.json());
}
