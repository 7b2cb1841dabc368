// Commands on the pages about going live are copied by a button. Without this script they are selected by hand.
import { announce, copy } from "/static/app.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copies]");
  if (!button) return;
  const done = await copy(button.dataset.copies);
  const said = document.querySelector("[data-copied]").dataset;
  announce(done ? said.copied : said.notCopied);
  button.setAttribute("aria-pressed", String(done));
  setTimeout(() => button.removeAttribute("aria-pressed"), 2000);
});
