/**
 * Where on this machine the addresses of AWS are answered. A template puts addresses together from names
 * (`https://cognito-idp.REGION.amazonaws.com/POOL`); wherever such an address leaves the desk (environment of a
 * function, outputs), the local one takes its place.
 */
export class Addresses {
  readonly #local = new Map<string, string>();

  /** @param from scheme, host and the part of the path that stands for the resource */
  add(from: string, to: string): void {
    this.#local.set(from, to);
  }

  localized(text: string): string {
    let result = text;
    for (const [from, to] of this.#local) result = result.replaceAll(from, to);
    return result;
  }
}
