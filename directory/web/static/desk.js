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

// Whoever has a page open is warned before the sign-in ends, and can stay by one press.
const ending = document.getElementById("ending");
if (ending !== null) {
  const warn = Number(ending.dataset.warn);
  const wait = (seconds) => setTimeout(tell, Math.max(0, seconds - warn) * 1000);
  const tell = () => {
    const told = ending.content.firstElementChild.cloneNode(true);
    ending.before(told);
    told.querySelector("button").addEventListener("click", async () => {
      const answer = await fetch("/desk/account/here", { method: "POST" }).catch(() => null);
      if (answer === null) return;
      if (!answer.ok) return location.assign("/desk/sign-in");
      const { seconds } = await answer.json();
      if (seconds <= warn) return; // a day at the desk ends in any case
      told.remove();
      document.getElementById("main").focus();
      wait(seconds);
    });
  };
  wait(Number(ending.dataset.seconds));
}
