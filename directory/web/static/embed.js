/* In the frame on a partner's site. Tells the page around it, and no other, that this is here, and how high it is once
   somebody has done something in it: never before, so that nothing there moves by itself. */

const root = document.documentElement;
const around = root.dataset.around; // the origin of the page around, which may hold this
let done = "done" in root.dataset; // this page answers something that was asked in the frame
let last;

function tell(what) {
  parent.postMessage({ veiviser: what }, around);
}

// What is measured here is laid out already: to ask earlier would lay out a page that lacks style sheets still.
function measured() {
  const height = Math.ceil(document.body.getBoundingClientRect().height);
  if (done && height !== last) tell({ height: (last = height) });
}

// Other sites open beside the page: most refuse to stand in a frame.
for (const link of document.querySelectorAll("a[rel~=external]:not([target])")) link.target = "_blank";

if (around && parent !== window) {
  tell({ here: true, top: done });
  new ResizeObserver(measured).observe(document.body);
  for (const event of ["toggle", "input"]) addEventListener(event, () => (done = true), true);
}
