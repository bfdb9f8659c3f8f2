/** Nobody looks: after this long the picture is given up, so that the camera may rest. */
const LONG_HIDDEN_MS = 15_000;

export interface AttentionEvents {
  /** The person looks or types elsewhere, or leaves. */
  lost(): void;
  hiddenLong(): void;
  /** The page ends, or goes where the browser keeps pages for the way back. */
  left(): void;
  back(): void;
  /** There is a network again. */
  online(): void;
}

/** Watches whether a person has the page before them. */
export function watchAttention(events: AttentionEvents): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    if (document.visibilityState === 'visible') return events.back();
    events.lost();
    timer = setTimeout(() => events.hiddenLong(), LONG_HIDDEN_MS);
  });
  addEventListener('blur', () => events.lost());
  addEventListener('pagehide', () => {
    events.lost();
    events.left();
  });
  addEventListener('online', () => events.online());
}
