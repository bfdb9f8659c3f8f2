/** Arithmetic on RGBA words, two channels at a time. Small, so that V8 puts it into the loops that use it. */

/** @param shade 0..256 */
export function shaded(texel: number, shade: number): number {
  return (
    0xff000000 |
    ((Math.imul(texel & 0xff00ff, shade) >>> 8) & 0xff00ff) |
    ((Math.imul(texel & 0xff00, shade) >>> 8) & 0xff00)
  );
}

/**
 * The colour between four texels (bilinear), shaded.
 *
 * @param shareU 0..256: `shade` times how far east the place is from `nw`
 * @param shareV 0..255: how far south it is
 * @param shade 0..256
 */
export function between(
  nw: number,
  ne: number,
  sw: number,
  se: number,
  shareU: number,
  shareV: number,
  shade: number,
): number {
  const d = (shareU * shareV) >> 8;
  const b = shareU - d;
  const c = ((shareV * shade) >> 8) - d;
  const a = shade - b - c - d;
  const even =
    Math.imul(nw & 0xff00ff, a) +
    Math.imul(ne & 0xff00ff, b) +
    Math.imul(sw & 0xff00ff, c) +
    Math.imul(se & 0xff00ff, d);
  const odd =
    Math.imul(nw & 0xff00, a) +
    Math.imul(ne & 0xff00, b) +
    Math.imul(sw & 0xff00, c) +
    Math.imul(se & 0xff00, d);
  return 0xff000000 | ((even >>> 8) & 0xff00ff) | ((odd >>> 8) & 0xff00);
}
