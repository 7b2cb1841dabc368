// Tells how answers are used, where the reader agreed to it: that one was copied, that a source was opened, that the page was left at once.

const talk = document.querySelector("#talk[data-signals]");
const token = document.querySelector('meta[name="form-token"]').content;
const told = new Set();
const AT_ONCE = 4000; // milliseconds in which nobody reads an answer
let shownAt = Date.now();

function tell(answer, kind) {
  if (!answer || told.has(answer + kind)) return;
  told.add(answer + kind);
  // It must not wait for anything, and may be sent while the page goes away.
  fetch(`/api/v1/answers/${encodeURIComponent(answer)}/signals`, {
    method: "POST", keepalive: true, body: JSON.stringify({ kind }),
    headers: { "Content-Type": "application/json", "X-Firmground-Token": token },
  }).catch(() => {});
}

const answerAt = (node) => (node instanceof Element ? node : node?.parentElement)?.closest("[data-answer]")?.dataset.answer;

if (talk && !navigator.globalPrivacyControl) {
  talk.addEventListener("copy", () => tell(answerAt(document.getSelection()?.anchorNode), "copied"));
  talk.addEventListener("click", (event) => {
    const copying = event.target.closest("[data-copy^='as-text'], [data-copy^='as-markdown']");
    if (copying) tell(answerAt(copying), "copied");
    const source = event.target.closest("a[href^='/documents/'], [data-cite]");
    if (source) tell(answerAt(source), "source_opened");
  });
  new MutationObserver(() => (shownAt = Date.now())).observe(talk, { childList: true });
  addEventListener("pagehide", () => {
    const last = [...talk.querySelectorAll("[data-answer]")].at(-1);
    const used = [...told].some((each) => each.startsWith(last?.dataset.answer ?? "-"));
    if (last && !used && Date.now() - shownAt < AT_ONCE) tell(last.dataset.answer, "abandoned");
  });
}
