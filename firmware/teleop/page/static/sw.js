/**
 * Lets the page open when the robot is out of reach, so that it can say so and find the robot again.
 * The network comes first always: a page must fit the robot it talks to. Nothing but the files below is kept.
 */
const CACHE = 'roverd-page';
const SHELL = ['/', '/app.js', '/style.css', '/manifest.webmanifest', '/icon.svg', '/icon-192.png'];
/** A robot that has not answered by now is out of reach, in ms. */
const PATIENCE_MS = 2_000;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)));
  self.skipWaiting();
});

self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== 'GET' || origin !== location.origin || !SHELL.includes(pathname)) return;
  event.respondWith(fromRobotFirst(event.request, pathname));
});

async function fromRobotFirst(request, pathname) {
  const cache = await caches.open(CACHE);
  const fresh = fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
  try {
    const response = await fresh;
    if (response.ok) await cache.put(pathname, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(pathname);
    if (kept) return kept;
    throw error;
  }
}
