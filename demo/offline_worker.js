/**
 * The service worker of the built page: after the first visit it opens without a network. scripts/offline-plugin.mjs
 * puts in what to keep; a new build has another version, and its worker takes over when no page of the old is open.
 */
const VERSION = "__VERSION__";
const FILES = ["__FILES__"];
const PREFIX = "corteza-page-";

addEventListener("install", (event) => {
  event.waitUntil(caches.open(PREFIX + VERSION).then((cache) => cache.addAll(FILES)));
});

addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name.startsWith(PREFIX) && name !== PREFIX + VERSION))
      .then((old) => Promise.all(old.map((name) => caches.delete(name))))
      .then(() => clients.claim()),
  );
});

/** The page itself comes from the network where there is one, so that a new build is seen; the rest never changes. */
async function answer(request) {
  const cache = await caches.open(PREFIX + VERSION);
  if (request.mode === "navigate") {
    return fetch(request).catch(async (error) => {
      const kept = await cache.match("./", { ignoreVary: true });
      if (kept === undefined) throw error;
      return kept;
    });
  }
  // A host that answers with "Vary: Origin" would else hide what `addAll` kept from scripts that are fetched with CORS.
  return (await cache.match(request, { ignoreVary: true })) ?? fetch(request);
}

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith(answer(request));
});
