// The page's service worker. The build puts the list of files and their digest in.
const FILES = "__FILES__";
const CACHE = "albef-demo-__VERSION__";

self.addEventListener("install", (event) => {
  event.waitUntil(keepFiles().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOldCaches().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const isOwn = new URL(request.url).origin === self.location.origin;
  if (request.method === "GET" && isOwn && !request.headers.has("range")) event.respondWith(networkFirst(request));
});

async function keepFiles() {
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES);
}

async function dropOldCaches() {
  const names = (await caches.keys()).filter((name) => name.startsWith("albef-demo-") && name !== CACHE);
  await Promise.all(names.map((name) => caches.delete(name)));
}

/** A page that is online is never older than its server. */
async function networkFirst(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(request, { ignoreSearch: true, ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}
