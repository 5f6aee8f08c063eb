// A larger map in place of nothing, on a press: Leaflet, with tiles by way of our own server. Until then nothing is
// loaded, and without it the drawing shows the same.

function style(address) {
  return new Promise((done, failed) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: address });
    link.onload = done;
    link.onerror = failed;
    document.head.append(link);
  });
}

function script(address) {
  return new Promise((done, failed) => {
    const element = Object.assign(document.createElement("script"), { src: address });
    element.onload = done;
    element.onerror = failed;
    document.head.append(element);
  });
}

function show(place) {
  const { L } = window;
  const { points, attribution, label, in: closer, out: further } = place.dataset;
  const room = document.createElement("div");
  room.className = "tiles";
  room.dir = "ltr";
  room.setAttribute("role", "region");
  room.setAttribute("aria-label", label);
  place.prepend(room);
  const map = L.map(room, { zoomControl: false, attributionControl: false, scrollWheelZoom: false, maxZoom: 18, minZoom: 3 });
  L.control.zoom({ zoomInTitle: closer, zoomOutTitle: further }).addTo(map);
  const said = document.createElement("p");
  said.className = "meta";
  said.textContent = attribution; // as text: it comes from a setting
  room.after(said);
  L.tileLayer("/tiles/{z}/{x}/{y}", { maxZoom: 18, minZoom: 3 }).addTo(map);
  const marks = JSON.parse(points).map(([lat, lon, numbers, names]) => {
    const sign = document.createElement("span");
    sign.textContent = numbers;
    const icon = L.divIcon({ className: "numbered", html: sign, iconSize: [32, 32] });
    return L.marker([lat, lon], { icon, title: names, alt: names });
  });
  const group = L.featureGroup(marks).addTo(map);
  map.fitBounds(group.getBounds().pad(0.2), { maxZoom: 15, animate: false });
}

for (const place of document.querySelectorAll(".larger")) {
  const button = place.querySelector("button");
  const status = place.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await Promise.all([style(place.dataset.style), window.L ?? script(place.dataset.script)]);
      show(place);
      button.hidden = true;
      status.textContent = "";
    } catch {
      status.textContent = place.dataset.failed;
      button.disabled = false;
    }
  });
}
