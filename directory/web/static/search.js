// The search page, with more ease: it completes what is typed, and finds where one is, on a press. Nothing is kept.

const form = document.getElementById("search");
const language = document.documentElement.lang;

async function suggestions(q, kind, signal) {
  const body = JSON.stringify({ q, lang: language });
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch("/api/v1/suggest", { method: "POST", headers, body, signal, credentials: "omit" });
  if (!answer.ok) return [];
  const found = (await answer.json()).suggestions;
  return kind ? found.filter((one) => one.kind === kind) : found;
}

// A combobox with a list, after the ARIA Authoring Practices Guide: the focus stays in the field.
function complete(field) {
  const list = document.createElement("ul"), status = document.createElement("span");
  list.id = `${field.id}-suggestions`;
  list.className = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.querySelector(`label[for=${field.id}]`).textContent);
  status.className = "unseen";
  status.setAttribute("role", "status");
  field.after(list, status);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id, autocomplete: "off",
  })) field.setAttribute(name, value);

  let waiting, asking, chosen = -1, before = "";

  function choose(number) {
    list.children[chosen]?.setAttribute("aria-selected", "false");
    chosen = number;
    const option = list.children[number];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
  }

  function close() {
    clearTimeout(waiting);
    asking?.abort();
    choose(-1);
    list.hidden = true;
    list.replaceChildren();
    status.textContent = "";
    field.setAttribute("aria-expanded", "false");
  }

  function take(option) {
    field.value = before + option.firstChild.textContent;
    close();
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function show(found, kept) {
    before = kept;
    choose(-1);
    list.replaceChildren(...found.map((one, number) => {
      const option = document.createElement("li"), text = document.createElement("bdi"), kind = document.createElement("span");
      option.id = `${list.id}-${number}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      text.textContent = one.text;
      kind.textContent = form.dataset[one.kind];
      option.append(text, " ", kind);
      return option;
    }));
    list.hidden = !found.length;
    field.setAttribute("aria-expanded", String(!list.hidden));
    status.textContent = form.dataset.suggestions.replace("#", found.length);
  }

  async function ask() {
    asking?.abort();
    const own = (asking = new AbortController());
    const typed = field.value, kind = field.dataset.suggest;
    const last = typed.slice(typed.lastIndexOf(" ") + 1);
    try {
      let found = await suggestions(typed.slice(0, 100), kind, own.signal), kept = "";
      if (!found.length && !kind && last.length > 1 && last !== typed) {
        found = await suggestions(last, "place", own.signal); // "naloxone ber": the place at its end
        kept = typed.slice(0, -last.length);
      }
      if (!own.signal.aborted && document.activeElement === field) show(found, kept);
    } catch {
      if (!own.signal.aborted) close();
    }
  }

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    if (field.value.trim().length < 2) close();
    else waiting = setTimeout(ask, 150);
  });
  field.addEventListener("keydown", (event) => {
    const count = list.children.length;
    if (event.isComposing || !count) return;
    if (event.key === "ArrowDown") choose((chosen + 1) % count);
    else if (event.key === "ArrowUp") choose((Math.max(chosen, 0) + count - 1) % count);
    else if (event.key === "Enter" && chosen >= 0) take(list.children[chosen]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
  field.addEventListener("blur", close);
  form.addEventListener("submit", close);
}

function nearMe(row) {
  const [press, told] = [row.querySelector("button"), row.querySelector("[role=status]")];
  const { near, near_me: position } = form.elements;
  const rounded = (degrees, to) => (Math.round(degrees / to) * to).toFixed(2);
  press.addEventListener("click", () => {
    told.textContent = row.dataset.waiting;
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      position.value = `${rounded(coords.latitude, 0.01)},${rounded(coords.longitude, 0.02)}`;
      near.value = "";
      told.textContent = row.dataset.found;
    }, () => { told.textContent = row.dataset.refused; }, { timeout: 15000 });
  });
  for (const event of ["input", "change"]) near.addEventListener(event, () => {
    if (near.value) [position.value, told.textContent] = ["", ""];
  });
}

for (const field of form.querySelectorAll("[data-suggest]")) complete(field);
const row = form.querySelector(".near-me"); // none in a frame on another site, which may not ask where one is
if (row && navigator.geolocation) nearMe(row);
