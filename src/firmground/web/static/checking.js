// While a person looks at an answer, its page looks now and then what became of it, and shows that in its place.

const talk = document.getElementById("talk");
const texts = document.getElementById("texts").dataset;
const told = document.querySelector("body > [data-announcer]");

const SOON_MS = 15_000;
const LATER_MS = 60_000;

let pause = SOON_MS;
let timer = 0;

function waiting() {
  return talk.querySelector("article[data-answer] [data-checking][data-moves]");
}

function stands(article) {
  return article.querySelector("[data-checking]")?.dataset.checking;
}

function wait() {
  clearTimeout(timer);
  if (!waiting()) return;
  timer = setTimeout(look, pause);
  pause = Math.min(pause * 1.5, LATER_MS);
}

async function look() {
  const article = talk.querySelector("article[data-answer]");
  if (!article || document.hidden) return;
  try {
    const answer = await fetch(`/answers/${encodeURIComponent(article.dataset.answer)}?part=answer`);
    const part = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = part && part.querySelector(`article[data-answer="${CSS.escape(article.dataset.answer)}"]`);
    if (now && article.isConnected && stands(now) !== stands(article)) show(article, now, part);
  } catch {
    // It looks again.
  }
  wait();
}

// The answer and what it rests on are put in place of what stood there; a question that is being typed stays.
function show(article, now, part) {
  const focused = article.contains(document.activeElement) && document.activeElement.id;
  const rests = "section[aria-labelledby=sources], section[aria-labelledby=closest]";
  article.replaceWith(now);
  talk.querySelector(rests)?.remove();
  const sources = part.querySelector(rests);
  if (sources) talk.append(sources);
  if (focused !== false) (document.getElementById(focused) ?? now.querySelector("h1")).focus({ preventScroll: true });
  told.textContent = `${texts.checked} ${now.querySelector(".checked-title")?.textContent.trim() ?? now.querySelector("#state").textContent}`;
  pause = SOON_MS;
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && waiting()) look();
});

// Whoever just asked for a person sees at once that one was asked.
document.addEventListener("people-asked", look);

// Another answer may be one that a person looks at.
new MutationObserver(() => {
  pause = SOON_MS;
  wait();
}).observe(talk, { childList: true });

wait();
