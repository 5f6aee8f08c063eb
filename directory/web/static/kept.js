// Answers for the list that somebody keeps on this phone, from what was put by when they asked for it; all else goes
// on as ever. Stands there from the press of "keep" until "forget".
const KEPT = "veiviser-list";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  // Not caches.open: that would make anew what has been forgotten.
  const found = caches.match(event.request, { cacheName: KEPT, ignoreVary: true });
  event.respondWith(found.then((answer) => answer || fetch(event.request)));
});
