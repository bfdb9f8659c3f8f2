/** Keeps the screen on while the page is in view: a phone that falls asleep stops the robot. */
export function keepAwake(): void {
  if (!('wakeLock' in navigator)) return;
  const ask = () => {
    // Refused on a low battery; the page works all the same.
    if (document.visibilityState === 'visible') navigator.wakeLock.request('screen').catch(() => undefined);
  };
  document.addEventListener('visibilitychange', ask);
  ask();
}
