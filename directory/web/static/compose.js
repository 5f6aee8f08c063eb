/* The page where an editor makes a line: made anew at each change, and copied at a press. */

const form = document.getElementById("compose");
let asking;

function offerToCopy() {
  const line = document.getElementById("line");
  if (!line || !navigator.clipboard) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button second";
  button.textContent = line.dataset.copy;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(line.value);
    button.textContent = line.dataset.copied;
  });
  line.after(button);
}

async function makeAnew() {
  const address = `${form.action}?${new URLSearchParams(new FormData(form))}`;
  asking?.abort();
  const own = (asking = new AbortController());
  const answer = await fetch(address, { signal: own.signal }).then((it) => it.text()).catch(() => "");
  const page = new DOMParser().parseFromString(answer, "text/html");
  const made = page.getElementById("made");
  if (!made || own !== asking) return;
  document.getElementById("made").replaceChildren(...made.childNodes);
  history.replaceState(null, "", address);
  offerToCopy();
}

form.addEventListener("change", makeAnew);
offerToCopy();
