/** How the page signs people in. */
export interface SignIn {
  readonly issuer: string;
  readonly clientId: string;
  /** Separated by spaces. */
  readonly scope: string;
  /** Origins of the provider that the page talks to. */
  readonly origins: readonly string[];
  /** Address of the provider's own way out, to which `logout_uri=` is added; null: as its discovery document says. */
  readonly signOutUrl: string | null;
}
