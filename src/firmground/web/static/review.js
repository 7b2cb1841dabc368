// Reviews by keyboard. Everything is a form of the page, which works without this: keys choose, move and mark, and Enter sends.

import { announce, shortcut } from "/static/app.js";

const texts = document.getElementById("texts")?.dataset;
const sentences = [...document.querySelectorAll("[data-sentence]")];
const rows = [...document.querySelectorAll("[data-row]")];

// ---------------------------------------------------------------- the queue

function row(by) {
  const at = rows.findIndex((each) => each.contains(document.activeElement));
  rows[Math.min(Math.max(at + by, 0), rows.length - 1)].querySelector(".question a").focus();
}

if (rows.length) {
  shortcut("j", document.querySelector("#many").dataset.next ?? "", () => row(1));
  shortcut("k", document.querySelector("#many").dataset.before ?? "", () => row(-1));
  shortcut("x", document.querySelector("#many").dataset.choose ?? "", () => {
    const found = rows.find((each) => each.contains(document.activeElement)) ?? rows[0];
    found.querySelector("input[type=checkbox]")?.click();
  });
}

// ---------------------------------------------------------------- one review

let at = -1;

function go(by) {
  at = Math.min(Math.max(at + by, 0), sentences.length - 1);
  sentences[at].focus();
  announce(texts.of.replace("{n}", at + 1).replace("{all}", sentences.length));
}

// A second time takes the mark away.
function wrong() {
  if (at < 0) return go(1);
  const mark = (value) => sentences[at].querySelector(`input[value="${value}"]`);
  const one = mark("wrong")?.checked ? mark("") : mark("wrong");
  one?.click();
  sentences[at].focus();
}

if (sentences.length) {
  shortcut("j", texts.next, () => go(1));
  shortcut("k", texts.before, () => go(-1));
  if (document.getElementById("decide")) shortcut("x", texts.wrong, wrong);
  for (const [n, each] of sentences.entries()) each.addEventListener("focusin", () => (at = n));
}

// What is chosen by its key is sent by Enter; an edit is written first, and what needs a reason asks for it. Ctrl+Enter sends from anywhere.
const decide = document.getElementById("decide");
const FIRST = { edit: "text", reject: "reason", flag: "reason", escalate: "to", pause: "reason" };

decide?.addEventListener("change", ({ target }) => {
  if (target.matches("[data-act]") && !chosenByArrow) document.getElementById(FIRST[target.value] ?? "do").focus();
});

// Within the group the arrows go from choice to choice, and the focus stays there.
let chosenByArrow = false;
decide?.addEventListener("keydown", ({ key, target }) => (chosenByArrow = target.matches("[data-act]") && key.startsWith("Arrow")));
decide?.addEventListener("keyup", () => (chosenByArrow = false));

decide?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  decide.requestSubmit();
});

document.addEventListener("keydown", (event) => {
  if (!event.target.matches("#find") || event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  decide.requestSubmit(document.getElementById("seek"));
});

// What is found takes its place without a new page: where one is stays. What goes wrong is told by a new page, with what was typed.
let byPage = false;
decide?.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (button?.id !== "seek" || byPage) return;
  event.preventDefault();
  try {
    const answer = await fetch(decide.action, { method: "POST", body: new URLSearchParams(new FormData(decide, button)) });
    const part = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("found");
    if (!answer.ok || !part) throw new Error(answer.status);
    document.getElementById("found").replaceWith(part);
    part.querySelector("#find").focus();
    announce(part.querySelector("[role=status]").textContent);
  } catch {
    byPage = true;
    decide.requestSubmit(button);
  }
});

// Whoever comes from a decision hears what became of it, and then the next question; what went wrong comes first.
(document.getElementById("wrong") ?? document.getElementById("question"))?.focus({ preventScroll: true });
