/** Longest wait between two tries. Browsers stretch it to 1 s where a page is not in front: still found within 2 s. */
const LONGEST_MS = 500;
const FIRST_MS = 250;

/** Wait before the given try, 1 being the first after a loss, in ms. */
export function reconnectDelayMs(attempt: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1));
}

/** Wait before a picture that keeps failing is asked for again, in ms. `failures` counts from 1. */
export function videoRetryDelayMs(failures: number): number {
  return Math.min(8_000, 500 * 2 ** (failures - 1));
}
