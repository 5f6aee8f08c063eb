// The list on its page: fetched for what stands behind the #, printed, shared, and kept on the phone if somebody asks.
const KEPT = "veiviser-list"; // as in kept.js
const FRESH = 5 * 60 * 1000; // ms for which "open now" is believed
const HERE = location.pathname;

const at = (id) => document.getElementById(id);
const idsOf = (page) => page.getElementById("list").dataset.ids ?? "";
const parsed = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");
const mayKeep = "serviceWorker" in navigator && "caches" in window;

function say(where, what) {
  at(where).textContent = what ? at(where).dataset[what] : "";
}

async function fetched(ids) {
  if (!navigator.onLine) throw new Error("no network");
  const answer = await fetch(HERE, { method: "POST", body: new URLSearchParams({ link: ids }) });
  if (answer.status !== 200 && answer.status !== 422) throw new Error("not answered");
  return answer;
}

/** The address and ids of the list that is kept, in whichever language; undefined where there is none. */
async function kept() {
  if (!mayKeep || !(await caches.has(KEPT))) return undefined;
  const cache = await caches.open(KEPT);
  const found = (await cache.keys()).find((one) => new URL(one.url).pathname.endsWith("/list"));
  return found && { path: new URL(found.url).pathname, ids: idsOf(await parsed(await cache.match(found))) };
}

async function putBy(answer) {
  const page = await parsed(answer.clone());
  const parts = [...page.querySelectorAll("script[src], link[rel=stylesheet]")];
  await caches.delete(KEPT);
  const cache = await caches.open(KEPT);
  await cache.addAll(parts.map((part) => part.getAttribute("src") ?? part.getAttribute("href")));
  await cache.put(HERE, answer);
}

async function forget(butFor) {
  await caches.delete(KEPT);
  for (const one of await navigator.serviceWorker.getRegistrations()) {
    if (new URL(one.scope).pathname !== butFor) await one.unregister();
  }
}

async function keep() {
  const answer = await fetched(idsOf(document));
  await forget(HERE);
  await navigator.serviceWorker.register(`${HERE}/kept.js`, { scope: HERE });
  await putBy(answer);
}

const deeds = {
  print: () => window.print(),
  share: (button) =>
    navigator.share({ title: button.dataset.title, url: at("field-address").value }).catch(() => {}),
  copy: async () => {
    await navigator.clipboard.writeText(at("field-address").value);
    say("told", "copied");
  },
  keep: async () => {
    try {
      await keep();
      say("told", "kept");
    } catch {
      await forget().catch(() => {});
      say("told", "refused");
    }
  },
  forget: async () => {
    await forget();
    say("told", "forgotten");
  },
};

/** Shows what this browser can do, and what is kept. */
async function furnish() {
  for (const [deed, able] of [["share", "share" in navigator], ["copy", "clipboard" in navigator]]) {
    for (const button of document.querySelectorAll(`[data-do=${deed}]`)) button.hidden = !able;
  }
  const found = await kept();
  if (at("elsewhere") && found) {
    at("elsewhere").hidden = false;
    at("elsewhere").querySelector("a").href = found.path;
  }
  const place = at("keep");
  if (!place) return;
  place.hidden = !mayKeep;
  const which = found && (found.ids === idsOf(document) && found.path === HERE ? "this" : "other");
  for (const one of place.querySelectorAll("[data-when]")) one.hidden = one.dataset.when !== which;
  place.querySelector("[data-do=keep]").hidden = which === "this";
  place.querySelector("[data-do=forget]").hidden = !which;
}

async function renew(ids) {
  const answer = await fetched(ids);
  const before = await kept();
  if (before?.path === HERE && before.ids === ids) await putBy(answer.clone());
  at("list").replaceWith(document.adoptNode((await parsed(answer)).getElementById("list")));
}

async function arrive() {
  const asked = location.hash.slice(1);
  const there = idsOf(document);
  const old = Math.abs(Date.now() - Date.parse(at("list").dataset.made)) > FRESH;
  // In another language it is the same list.
  for (const link of document.querySelectorAll("a[hreflang]")) link.hash = asked;
  if (asked ? asked !== there || old : there && old) {
    if (!there) say("news", "fetching");
    try {
      await renew(asked || there);
      say("news");
    } catch {
      say("news", !there ? "failed" : asked && asked !== there ? "other" : "old");
      for (const line of document.querySelectorAll(".now")) line.hidden = old;
    }
  }
  await furnish();
}

addEventListener("click", async (event) => {
  const button = event.target.closest("[data-do]");
  if (!button) return;
  await deeds[button.dataset.do](button);
  await furnish();
  if (button.hidden) at("keep").querySelector("button:not([hidden])").focus();
});
addEventListener("hashchange", arrive);
addEventListener("pageshow", (event) => event.persisted && arrive());
await arrive();
