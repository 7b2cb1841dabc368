// What the scripts of all pages share: requests, messages, dialogs, shortcuts, the theme. Every text comes from the page, translated there.

const root = document.documentElement;
const said = (name) => document.body.dataset[name] ?? "";
const wanted = (name, otherwise) => {
  try {
    return localStorage.getItem(name) ?? otherwise;
  } catch {
    return otherwise; // storage can be forbidden
  }
};
const remember = (name, value) => {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It holds for this page then.
  }
};

// Sends JSON (or a FormData) to the API with the form token. Gives the parsed body; throws an Error whose message is one line to show.
export async function send(path, body, method = "POST") {
  const headers = { "X-Firmground-Token": document.querySelector('meta[name="form-token"]').content, Accept: "application/json" };
  const asForm = body instanceof FormData;
  if (body !== undefined && !asForm) headers["Content-Type"] = "application/json";
  let answer, text;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined || asForm ? body : JSON.stringify(body) });
    text = await answer.text();
  } catch {
    throw new Error(said("unreachable"));
  }
  let told = null;
  try {
    told = text ? JSON.parse(text) : null;
  } catch {
    // A proxy in between may answer with a page of its own.
  }
  if (!answer.ok) throw Object.assign(new Error(told?.detail ?? `${answer.status} ${answer.statusText}`), { status: answer.status, problem: told });
  return told;
}

// Says `text` to screen readers only. The pause lets them notice that the same text is said again.
export function announce(text) {
  const region = here("[data-announcer]");
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50);
}

// Shows `text` in a corner and says it. `style` is good, fair or stop; what went wrong stays until it is closed.
export function toast(text, style = "good") {
  const one = document.getElementById("toast").content.firstElementChild.cloneNode(true);
  one.classList.add(style);
  one.querySelector("p").textContent = text;
  one.querySelector("button").addEventListener("click", () => one.remove());
  here("[data-toasts]").append(one);
  if (style !== "stop") leave(one);
}

function leave(one) {
  setTimeout(() => (one.matches(":hover, :focus-within") ? leave(one) : one.remove()), 6000);
}

// While a modal dialog is open the rest of the page is silent, so a dialog has regions of its own.
function here(selector) {
  const dialog = [...document.querySelectorAll("dialog:modal")].at(-1);
  return dialog?.querySelector(selector) ?? document.querySelector(`body > ${selector}`);
}

// Copies text; true where that worked. Plain HTTP has no clipboard interface, hence the old way.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = Object.assign(document.createElement("textarea"), { value: text, className: "unseen" });
    const focused = document.activeElement;
    (document.querySelector("dialog:modal") ?? document.body).append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    focused?.focus();
    return done;
  }
}

// Opens a <dialog>; closing it gives the focus back to `opener`, or to what took its place in the page under the same id.
export function openDialog(dialog, opener = document.activeElement) {
  if (dialog.open) return;
  for (const name of ["announcer", "toasts"]) {
    if (!dialog.querySelector(`[data-${name}]`)) dialog.append(document.querySelector(`body > [data-${name}]`).cloneNode(false));
  }
  dialog.addEventListener("close", () => (opener?.isConnected ? opener : document.getElementById(opener?.id))?.focus(), { once: true });
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const opens = event.target.closest("[data-opens]");
  if (opens) openDialog(document.getElementById(opens.dataset.opens), opens);
  event.target.closest("[data-closes]")?.closest("dialog")?.close();
  // A click on the backdrop is one on the dialog itself, outside its box.
  if (event.target instanceof HTMLDialogElement && outside(event, event.target)) event.target.close();
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

function outside({ clientX: x, clientY: y }, element) {
  const box = element.getBoundingClientRect();
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}

// Shortcuts: anything with `aria-keyshortcuts="x"` is clicked, or focused where one types into it; `data-shortcut` says what that does.
// `shortcut` adds those that no element stands for. Keys are single characters, so they can be turned off (WCAG 2.1.4).
const others = [];
export function shortcut(key, label, run) {
  others.push({ key, label, run });
}

function shortcuts() {
  const marked = [...document.querySelectorAll("[aria-keyshortcuts]")].filter((each) => each.checkVisibility());
  return [...marked.map((each) => ({ key: each.getAttribute("aria-keyshortcuts"), label: each.dataset.shortcut ?? each.textContent.trim(), run: () => use(each) })), ...others];
}

function use(element) {
  if (!element.matches("input:not([type=checkbox], [type=radio]), textarea, select")) return element.click();
  element.focus();
  element.select?.();
}

const help = document.getElementById("shortcuts");

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (event.key === "Escape" && menu) {
    menu.open = false;
    return menu.querySelector("summary").focus();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (event.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog:modal")) return;
  if (wanted("shortcuts", "on") === "off") return;
  const found = event.key === "?" ? { run: showHelp } : shortcuts().find(({ key }) => key.toLowerCase() === event.key.toLowerCase());
  if (!found) return;
  event.preventDefault();
  found.run();
});

function showHelp() {
  const row = document.getElementById("shortcut-row");
  const rows = [{ key: "?", label: help.dataset.help }, ...shortcuts()].map(({ key, label }) => {
    const one = row.content.cloneNode(true);
    one.querySelector("kbd").textContent = key;
    one.querySelector("dd").textContent = label;
    return one;
  });
  help.querySelector("dl").replaceChildren(...rows);
  const on = help.querySelector("input");
  on.checked = wanted("shortcuts", "on") !== "off";
  on.onchange = () => remember("shortcuts", on.checked ? "on" : "off");
  openDialog(help);
}

for (const button of document.querySelectorAll("[data-show-shortcuts]")) button.addEventListener("click", showHelp);

// The theme; theme.js has set it before the first paint.
for (const choice of document.querySelectorAll("[data-themes] input")) {
  choice.checked = choice.value === wanted("theme", "system");
  choice.addEventListener("change", () => {
    remember("theme", choice.value);
    if (choice.value === "system") delete root.dataset.theme;
    else root.dataset.theme = choice.value;
  });
}

// What only works with scripts appears now.
for (const each of document.querySelectorAll("[data-scripted]")) each.hidden = false;
