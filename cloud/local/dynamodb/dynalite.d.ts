/** The part of dynalite that tests use; the package brings no types. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** @param options how long tables stay in CREATING, in ms (default 500) */
  export default function dynalite(options?: { readonly createTableMs?: number }): Server;
}
