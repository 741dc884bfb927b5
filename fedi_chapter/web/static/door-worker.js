// Serves the greeters' page from this phone when there is no network, or no server behind it.
// Everything else, and what is sent to the server, passes by untouched.
"use strict";

const PATIENCE = 4000;

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request, address.pathname));
  else if (address.pathname.startsWith("/static/")) event.respondWith(file(request));
});

async function page(request, path) {
  const kept = await caches.match(path);
  try {
    const answer = await fetch(request, kept ? { signal: AbortSignal.timeout(PATIENCE) } : {});
    if (answer.ok && !answer.redirected) {
      const cache = await caches.open("door");
      await cache.put(path, answer.clone());
    } else if (answer.status < 500) {
      await caches.delete("door"); // signed out, or sent away
    } else if (kept) {
      return kept;
    }
    return answer;
  } catch (failure) {
    if (kept) return kept;
    throw failure;
  }
}

async function file(request) {
  return (await caches.match(request)) || fetch(request);
}
