import type { Samples } from './sensor.ts';

/** Greatest link quality of drivers on cfg80211 (net/wireless/wext-compat.c: -110 dBm is 0, -40 dBm is 70). */
const BEST_LINK = 70;

/**
 * Reads /proc/net/wireless: the interface with the best link, or null when there is none.
 * A level is in dBm, also where a driver gives it as an unsigned byte (value - 256). One without a level
 * (0 or -256: not associated) gives a quality only.
 */
export function parseWireless(text: string): Samples | null {
  let best: { link: number; level: number } | null = null;
  for (const line of text.split('\n')) {
    // wlan0: 0000   54.  -56.  -256        0      0      0      0      3        0
    const match = /^\s*[^\s:|]+:\s+[0-9a-f]+\s+(-?\d+)\.?\s+(-?\d+)\.?\s/i.exec(line);
    if (match === null) continue;
    const [link, level] = [Number(match[1]), Number(match[2])];
    if (best === null || link > best.link) best = { link, level };
  }
  if (best === null) return null;
  const wifiQualityRatio = Math.min(1, Math.max(0, best.link / BEST_LINK));
  const wifiDbm = best.level > 0 ? best.level - 256 : best.level;
  // Below -192 dBm it is no radio level but a small number of some other meaning.
  return wifiDbm < 0 && wifiDbm > -192 ? { wifiDbm, wifiQualityRatio } : { wifiQualityRatio };
}
