// A citation opens its source beside the answer: the passage in its context, the page as it looks, the row with its header.

const panel = document.getElementById("evidence");
const title = document.getElementById("evidence-title");
const inside = panel.querySelector(".inside");
const texts = document.getElementById("texts").dataset;
const wide = matchMedia("(min-width: 64rem)");

let now = 0;
let opener = null;

function numbers() {
  return [...new Set([...document.querySelectorAll("#talk .said [data-cite]")].map((chip) => Number(chip.dataset.cite)))];
}

function chips(n) {
  return document.querySelectorAll(`#talk .said [data-cite="${n}"]`);
}

function open(n, from = null) {
  const source = document.getElementById(`source-${n}`)?.closest("li");
  if (!source) return false;
  now = n;
  opener = from ?? chips(n)[0];
  for (const chip of document.querySelectorAll("#talk .said [data-cite]")) chip.removeAttribute("aria-current");
  for (const chip of chips(n)) chip.setAttribute("aria-current", "true");
  const all = numbers();
  title.textContent = texts.source.replace("{n}", n).replace("{all}", all.length);
  show(source, n);
  if (!panel.open) wide.matches ? panel.show() : panel.showModal();
  for (const button of panel.querySelectorAll("[data-go]")) button.hidden = all.length < 2;
  inside.scrollTop = 0;
  const mark = inside.querySelector("mark.now");
  if (mark) inside.scrollTop = mark.offsetTop - inside.offsetTop - inside.clientHeight / 3;
  title.focus({ preventScroll: true });
  return true;
}

function show(source, n) {
  const copy = source.cloneNode(true);
  for (const each of copy.querySelectorAll("[id]")) each.removeAttribute("id");
  for (const each of copy.querySelectorAll(`mark[data-n="${n}"]`)) each.classList.add("now");
  const own = new URL(document.getElementById(`source-${n}`).href).search; // Which quote it is, of those that stand together.
  for (const each of copy.querySelectorAll("details.picture")) {
    each.open = true;
    const picture = each.querySelector("img");
    picture.src = new URL(own, picture.src).href;
    picture.closest("a").href = `${picture.src}&width=1600`;
  }
  const from = copy.querySelector(".from");
  from.remove();
  for (const each of from.querySelectorAll(".ref")) each.remove();
  panel.querySelector("[data-from]").replaceChildren(...from.childNodes);
  inside.replaceChildren(...copy.childNodes);
}

function go(by) {
  const all = numbers();
  if (!all.length) return;
  const at = panel.open ? all.indexOf(now) + by : by > 0 ? 0 : all.length - 1;
  open(all[(at + all.length) % all.length]);
}

panel.addEventListener("close", () => {
  inside.replaceChildren();
  for (const chip of document.querySelectorAll("#talk .said [aria-current]")) chip.removeAttribute("aria-current");
  if (opener?.isConnected) opener.focus();
  opener = null;
});

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const chip = event.target.closest?.("#talk .said a[data-cite]");
  if (chip && open(Number(chip.dataset.cite), chip)) event.preventDefault();
  const step = event.target.closest?.("[data-go]");
  if (step) go(Number(step.dataset.go));
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const steps = { ArrowRight: 1, ArrowLeft: -1 };
  if (panel.open && event.key === "Escape") {
    event.preventDefault();
    panel.close();
  } else if (panel.contains(event.target) && event.key in steps) {
    event.preventDefault();
    go(steps[event.key]);
  }
});

// The passage says it in words; a picture that cannot be had is not missed.
document.addEventListener("error", (event) => event.target.closest?.("details.picture")?.remove(), true);

// Another answer has other sources.
new MutationObserver(() => {
  if (panel.open) panel.close();
}).observe(document.getElementById("talk"), { childList: true });
