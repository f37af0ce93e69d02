// Shows the offline page when the site cannot be reached.
//
// What is kept on the device is listed below, and nothing is ever added to it: the offline page, fetched without
// cookies, and the static files it needs. No other page, no answer of the API and no picture is kept.

const CACHE = "faceverify-{{ version }}";
const OFFLINE = "{{ offline }}";
const FILES = [{% for file in files %}"{{ file }}"{% if not forloop.last %}, {% endif %}{% endfor %}];

async function fill() {
  const cache = await caches.open(CACHE);
  const requests = [OFFLINE, ...FILES].map((url) => new Request(url, { credentials: "omit", cache: "reload" }));
  await cache.addAll(requests);
  await self.skipWaiting();
}

async function dropOlder() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** The site's own answer; only where there is none at all, what is kept under `url`. */
async function online(request, url) {
  try {
    return await fetch(request);
  } catch (error) {
    const cache = await caches.open(CACHE);
    const kept = await cache.match(url);
    if (kept) return kept;
    throw error;
  }
}

self.addEventListener("install", (event) => event.waitUntil(fill()));
self.addEventListener("activate", (event) => event.waitUntil(dropOlder()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const { origin, pathname } = new URL(request.url);
  if (request.mode === "navigate") event.respondWith(online(request, OFFLINE));
  else if (origin === self.location.origin && FILES.includes(pathname)) event.respondWith(online(request, pathname));
});
