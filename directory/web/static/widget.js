/* Veiviser's search in a page of yours: docs/widget.md. What is typed in the frame can't be read from here. */
(function () {
  "use strict";
  var script = document.currentScript, data = script.dataset, frame = document.createElement("iframe");
  var titles = { nb: "Finn hjelp", nn: "Finn hjelp", en: "Find help", da: "Find hjælp", sv: "Hitta hjälp", ru: "Найти помощь", uk: "Знайти допомогу", pl: "Znajdź pomoc", ar: "ابحث عن مساعدة", so: "Hel caawimaad" };
  var lang = [data.lang, document.documentElement.lang.slice(0, 2)].find(function (code) { return titles[code]; }) || "nb";
  var title = data.title || titles[lang], answered;
  var inside = new URL("embed", script.src), page = new URL(lang + "/", script.src);

  function ask(name, given, both) {
    (given || "").split(/[\s,]+/).forEach(function (value) { if (value) add(name, value, both); });
  }
  function add(name, value, both) {
    if (!value) return;
    inside.searchParams.append(name, value);
    if (both) page.searchParams.append(name, value);
  }
  add("partner", data.partner);
  add("origin", location.origin);
  add("lang", lang);
  add("theme", data.theme);
  add("color", data.color);
  ask("need", data.need, true);
  ask("language", data.language, true);
  add("near", data.near, true);
  add("free", data.free, true);
  add("anonymous", data.anonymous, true);
  add("remote", data.remote, true);
  add("open_now", data.openNow, true);

  function tall(height) {
    frame.style.height = Math.min(Math.max(height, 240), 20000) + "px";
  }
  frame.src = inside;
  frame.title = title;
  frame.referrerPolicy = "no-referrer";
  frame.setAttribute("sandbox", "allow-forms allow-scripts allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation");
  frame.style.cssText = "display:block;width:100%;border:0";
  tall(+data.height || 560);

  addEventListener("message", function (event) {
    var told = event.data && event.data.veiviser;
    if (!told || event.source !== frame.contentWindow) return;
    answered = true;
    if (told.height > 0) tall(told.height);
    if (told.top && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
  });
  // A browser that may not show the frame here doesn't say so: a link stands in for it.
  frame.addEventListener("load", function () {
    setTimeout(function () {
      if (answered) return;
      var link = document.createElement("a");
      link.href = page;
      link.textContent = title;
      frame.replaceWith(link);
    }, 4000);
  });
  script.after(frame);
})();
