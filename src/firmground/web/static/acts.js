// What to do with an answer, without leaving the page: copy it, rate it, hand it on. The server says how things stand afterwards.

const texts = document.getElementById("texts").dataset;
const told = document.querySelector("body > [data-announcer]");

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedAsBefore(text); // Plain HTTP has no clipboard interface.
  }
}

function copiedAsBefore(text) {
  const focused = document.activeElement;
  const field = Object.assign(document.createElement("textarea"), { value: text, className: "unseen" });
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused?.focus();
  return done;
}

document.addEventListener("click", (event) => {
  for (const each of document.querySelectorAll(".acts details[open]")) if (!each.contains(event.target)) each.open = false;
});

document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && !event.defaultPrevented && document.querySelector(".acts details[open]");
  if (!open) return;
  event.preventDefault();
  open.open = false;
  open.querySelector("summary").focus();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const done = await copied(document.getElementById(button.dataset.copy).content.textContent);
  told.textContent = done ? texts.copied : texts.notCopied;
  button.dataset.words ??= button.textContent;
  button.textContent = told.textContent;
  setTimeout(() => (button.textContent = button.dataset.words), done ? 1500 : 4000);
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-act]")) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  body.set("part", "acts");
  try {
    const answer = await fetch(form.action, { method: "POST", body });
    const part = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("acts");
    if (!answer.ok || !part) return refused(form, part?.querySelector(".wrong")?.textContent ?? texts.notSaved);
    document.getElementById("acts").replaceWith(part);
    told.textContent = part.dataset.told;
    const button = document.getElementById(form.dataset.act);
    if ("stay" in form.dataset) button.closest("details").open = true;
    button.focus();
    if (form.dataset.act === "act-person") document.dispatchEvent(new Event("people-asked"));
  } catch {
    refused(form, texts.notSaved);
  }
});

// What was typed stays.
function refused(form, why) {
  form.querySelector(".wrong")?.remove();
  const note = document.createElement("p");
  note.className = "wrong";
  note.setAttribute("role", "alert");
  note.textContent = why;
  form.append(note);
}
