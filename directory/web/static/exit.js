/* The quick exit. Without this script its links just lead away; with it the page is covered at once, Shift pressed three
   times within five seconds leaves, too, and nothing that was sought is found by going back. */

const links = document.querySelectorAll("[data-exit]");
const link = document.querySelector("[data-exit][data-title]");
const root = document.documentElement;
const words = link.dataset;
const told = document.createElement("p");
const marks = document.createElement("span");
let presses = 0;
let together = false; // Shift with another key, as in a capital letter
let timer;

told.className = "unseen leaving-told";
told.setAttribute("role", "status");
marks.className = "presses";
marks.setAttribute("aria-hidden", "true");
marks.hidden = true;
document.body.append(told);
link.after(marks);

function show(number) {
  presses = number;
  marks.hidden = !number;
  marks.textContent = "●".repeat(number) + "○".repeat(3 - number);
}

function leave() {
  clearTimeout(timer);
  show(0);
  root.classList.add("leaving");
  document.title = words.title;
  told.textContent = words.now;
  if (words.front) history.replaceState(null, "", words.front);
}

function stay() {
  show(0);
  told.textContent = words.over;
}

for (const one of links) one.addEventListener("click", leave);

addEventListener("keydown", (event) => {
  if (event.key !== "Shift") together ||= event.shiftKey;
  else if (!event.repeat) together = event.altKey || event.ctrlKey || event.metaKey;
});

addEventListener("keyup", (event) => {
  if (event.key !== "Shift" || together) return;
  show(presses + 1);
  if (presses === 1) timer = setTimeout(stay, 5000);
  if (presses === 3) link.click();
  else told.textContent = presses === 1 ? words.two : words.one;
});

// Come back to out of the browser's memory: what was found stays covered until a new page has come in its place.
addEventListener("pageshow", (event) => {
  if (!event.persisted || !root.classList.contains("leaving")) return;
  told.textContent = "";
  location.replace(words.front || location.pathname + location.search);
});
