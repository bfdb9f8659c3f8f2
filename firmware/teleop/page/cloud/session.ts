import { type User, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import type { CloudSettings } from './settings.ts';

/** A token that ends within this is renewed first. */
const SPARE_S = 60;

/** Who has signed in, by OpenID Connect: authorization code with PKCE, renewed by refresh token and never by a frame. */
export class Session {
  readonly #manager: UserManager;
  readonly #signOutUrl: string | null;
  #renewing: Promise<User | null> | null = null;

  constructor({ issuer, clientId, scope, signOutUrl }: CloudSettings) {
    this.#signOutUrl = signOutUrl;
    const here = `${location.origin}/`;
    this.#manager = new UserManager({
      authority: issuer,
      client_id: clientId,
      redirect_uri: here,
      post_logout_redirect_uri: here,
      response_type: 'code',
      scope,
      // For as long as the tab: what lies in localStorage outlives the person at a shared machine.
      userStore: new WebStorageStateStore({ store: sessionStorage }),
      stateStore: new WebStorageStateStore({ store: sessionStorage }),
      accessTokenExpiringNotificationTimeInSeconds: SPARE_S,
      automaticSilentRenew: false,
      monitorSession: false,
      revokeTokensOnSignout: true,
      loadUserInfo: false,
    });
  }

  /**
   * Finishes a sign-in whose answer is in this address.
   * @throws Error as the provider words it
   */
  async finish(address: string): Promise<void> {
    await this.#manager.signinRedirectCallback(address);
  }

  /** Whether the address brings a provider's answer. */
  static answered(search: string): boolean {
    const fields = new URLSearchParams(search);
    return fields.has('state') && (fields.has('code') || fields.has('error'));
  }

  async begin(): Promise<void> {
    await this.#manager.signinRedirect();
  }

  /** An access token that is valid for a while, renewed if it has to be; null: to sign in is needed. */
  async token(): Promise<string | null> {
    const user = await this.#manager.getUser();
    if (user && (user.expires_in ?? Number.POSITIVE_INFINITY) > SPARE_S) return user.access_token;
    const renewed = await this.renew();
    // Without renewal the token is good until its end.
    if (renewed === null && user && !user.expired) return user.access_token;
    return renewed;
  }

  /** A new access token by refresh token; null where the provider gives none, or no longer. */
  async renew(): Promise<string | null> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null;
    });
    return (await this.#renewing)?.access_token ?? null;
  }

  /** Calls back shortly before the token ends. */
  onExpiring(call: () => void): void {
    this.#manager.events.addAccessTokenExpiring(call);
  }

  /** Forgets the tokens here and, where the provider has a way, there; leaves the page for it. */
  async end(): Promise<void> {
    if (this.#signOutUrl === null) {
      const metadata = await this.#manager.metadataService.getMetadata();
      if (metadata.end_session_endpoint) return this.#manager.signoutRedirect();
    }
    await this.#manager.revokeTokens().catch(() => undefined);
    await this.#manager.removeUser();
    if (this.#signOutUrl !== null) location.assign(this.#signOutUrl);
  }

  async #renew(): Promise<User | null> {
    const user = await this.#manager.getUser();
    if (!user?.refresh_token) return null;
    try {
      return await this.#manager.signinSilent();
    } catch (error) {
      console.warn('The sign-in could not be renewed', error);
      return null;
    }
  }
}
