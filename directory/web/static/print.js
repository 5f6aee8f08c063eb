/* A button that prints the page; without a script it is not shown (.scripted). */
for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => print());
}
