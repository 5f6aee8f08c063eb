"use strict";

// A one-time link holds its token behind the #, which no browser sends: put it into the form, and out of the address.
const pasted = document.querySelector("[data-from-fragment]");
if (pasted !== null && location.hash.length > 1) {
  pasted.querySelector("input").value = location.hash.slice(1);
  pasted.hidden = true;
  history.replaceState(null, "", location.pathname);
}

// A second press of the same button sends nothing.
addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent === "yes") {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// What is shown once is selected by one press, so that it can be copied.
for (const shown of document.querySelectorAll(".once input")) {
  shown.addEventListener("focus", () => shown.select());
}
