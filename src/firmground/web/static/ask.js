// Asks without leaving the page: shows what is being done and each checked sentence as it comes, then the page's own answer.
// What an answer says is only ever set as text; HTML comes from our server alone, as a whole.

const talk = document.getElementById("talk");
const texts = document.getElementById("texts").dataset;
const told = document.querySelector("body > [data-announcer]");
const token = document.querySelector('meta[name="form-token"]').content;
const suffix = document.title.slice(document.title.lastIndexOf(" · "));

const SILENT_MS = 20_000; // The server says something every five seconds.
const PAUSES_MS = [300, 1000, 2000, 4000, 8000, 8000];
const STATES = ["waiting", "understanding", "searching", "answering"];

const PLACEHOLDER = /(?<![A-Za-z0-9_])([A-Z][A-Z0-9_]{0,31}_[A-Z2-7]{10})(?![A-Za-z0-9_])/;
const PLACEHOLDER_PARTS = /^([A-Z][A-Z0-9_]{0,31})_[A-Z2-7]{6}([A-Z2-7]{4})$/;

let turn = null; // The question that is being answered.
let unanswered = null; // The one before, if it failed: asked again it has the same key, so that it is never answered twice.
let here = location.pathname;

class Refused extends Error {}

// ---------------------------------------------------------------- asking

function begin(question, conversation) {
  if (!question.trim()) return;
  turn?.stop.abort();
  const same = unanswered?.question === question && unanswered?.conversation === conversation;
  const key = same ? unanswered.key : newKey();
  const before = { nodes: [...talk.childNodes], landing: talk.className, address: location.href, title: document.title };
  const shown = document.getElementById("making").content.firstElementChild.cloneNode(true);
  turn = { question, conversation, key, id: "", last: 0, before, shown, stop: new AbortController() };
  shown.querySelector("h1").textContent = question;
  if (talk.classList.contains("landing")) talk.replaceChildren(shown);
  else talk.append(shown);
  talk.className = "going-on";
  shown.querySelector("h1").focus({ preventScroll: true });
  if (talk.firstElementChild !== shown) shown.scrollIntoView();
  follow(turn);
}

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function follow(one) {
  for (let breaks = 0; ; breaks++) {
    const link = new AbortController();
    const stop = () => link.abort();
    one.stop.signal.addEventListener("abort", stop);
    try {
      if (one.over) return await finish(one);
      for await (const event of events(await connected(one, link.signal), () => link.abort())) {
        breaks = 0;
        if (event.n > one.last && (await tell(one, event))) return;
      }
    } catch (error) {
      link.abort();
      if (one.stop.signal.aborted) return;
      if (error instanceof Refused) return goBack(one, error.message, { lang: "en" });
    } finally {
      one.stop.signal.removeEventListener("abort", stop);
    }
    if (breaks >= PAUSES_MS.length) return goBack(one, texts.unreachable, {});
    say(one, texts.lost);
    await pause(PAUSES_MS[breaks]);
    if (one.stop.signal.aborted) return;
  }
}

// It ends early where the browser says that it has a connection again.
function pause(ms) {
  return new Promise((done) => {
    const over = () => {
      clearTimeout(timer);
      removeEventListener("online", over);
      done();
    };
    const timer = setTimeout(over, ms);
    addEventListener("online", over);
  });
}

async function connected(one, signal) {
  const answer = one.id
    ? await fetch(`/api/v1/answers/${encodeURIComponent(one.id)}/events?after=${one.last}`, { signal })
    : await fetch("/api/v1/answers", {
        method: "POST",
        signal,
        headers: { "Content-Type": "application/json", "X-Firmground-Token": token, "Idempotency-Key": one.key },
        body: JSON.stringify({ question: one.question, conversation: one.conversation, stream: true }),
      });
  const kind = answer.headers.get("Content-Type") ?? "";
  if (answer.ok && kind.startsWith("text/event-stream")) return answer.body;
  if (answer.status === 401) return signIn(one);
  if (kind.startsWith("application/problem+json")) throw new Refused((await answer.json()).detail);
  throw new Error(`${answer.status}`); // Something in between that may go away.
}

// Signed out meanwhile: the server shows where to sign in, and then the question again.
function signIn(one) {
  const address = `/?question=${encodeURIComponent(one.question)}`;
  location.assign(one.id ? `/answers/${encodeURIComponent(one.id)}` : address.length < 2000 ? address : "/");
  return new Promise(() => {});
}

// The server-sent events of a response; `lost` is called when nothing came for too long.
async function* events(body, lost) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const timer = setTimeout(lost, SILENT_MS);
    const { value, done } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    const frames = (rest + value).split("\n\n");
    rest = frames.pop();
    for (const frame of frames) {
      const fields = Object.fromEntries(frame.split("\n").map((line) => [line.split(": ", 1)[0], line.slice(line.indexOf(": ") + 2)]));
      if (fields.event) yield { n: Number(fields.id), kind: fields.event, data: JSON.parse(fields.data) };
    }
  }
}

// ---------------------------------------------------------------- telling

// What one event says; true when it was the last one.
async function tell(one, { n, kind, data }) {
  one.last = n;
  if (kind === "status") {
    if (data.id) known(one, data.id);
    if (STATES.includes(data.status)) say(one, texts[data.status]);
  } else if (kind === "sentence") {
    one.shown.querySelector("[data-said]").append(...sentence(data));
  } else if (kind === "withdrawn") {
    one.shown.querySelector("[data-said]").replaceChildren();
    note(one, texts.withdrawn);
  } else if (kind === "error") {
    throw new Refused(data.detail);
  } else if (kind === "done") {
    known(one, data.id);
    one.over = true;
    await finish(one);
    return true;
  }
  return false;
}

function known(one, id) {
  if (one.id) return;
  one.id = id;
  history.pushState(null, "", `/answers/${encodeURIComponent(id)}`);
  here = location.pathname;
  document.title = one.question + suffix;
}

// A sentence as it continues the text, with its marks as chips.
function sentence({ shown, citations }) {
  const marks = citations.map((n) => `[${n}]`).join("");
  const span = document.createElement("span");
  const marked = marks && shown.endsWith(marks);
  span.append(...veiled(marked ? shown.slice(0, -marks.length).trimEnd() : shown));
  const chips = (marked ? citations : []).map((n) => {
    const chip = document.createElement("span");
    chip.className = "ref";
    chip.textContent = n;
    return chip;
  });
  return [span, ...chips];
}

// Text, with placeholders of personal data as chips that say what kind it is. The page that follows looks up which words are placeholders.
function veiled(text) {
  return text.split(PLACEHOLDER).map((part) => {
    const [, name, end] = PLACEHOLDER_PARTS.exec(part) ?? [];
    const words = name && document.querySelector(`#texts [data-kind="${name.toLowerCase()}"]`)?.textContent;
    if (!words) return part;
    const chip = document.createElement("span");
    const small = document.createElement("small");
    chip.className = "masked";
    chip.title = part;
    small.textContent = end;
    chip.append(`${words} `, small);
    return chip;
  });
}

function say(one, words) {
  one.shown.querySelector("[data-status]").textContent = words;
}

function note(one, words) {
  const place = one.shown.querySelector("[data-note]");
  place.textContent = words;
  place.hidden = false;
}

async function finish(one) {
  const answer = await fetch(`/answers/${encodeURIComponent(one.id)}?part=answer`, { signal: one.stop.signal });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const part = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!part.querySelector("article[data-answer]")) return location.reload();
  const top = one.shown.getBoundingClientRect().top;
  const within = talk.contains(document.activeElement) || document.activeElement === document.body;
  talk.replaceChildren(...part.body.childNodes);
  talk.className = "";
  const [asked, state] = [talk.querySelector("article h1"), talk.querySelector("#state")];
  // What was said before is shorter now: the question stays where the reader looks.
  scrollBy({ top: talk.querySelector("article").getBoundingClientRect().top - top, behavior: "instant" });
  document.title = asked.textContent + suffix;
  told.textContent = `${texts.done} ${state.textContent}`;
  if (within) asked.focus({ preventScroll: true });
  turn = unanswered = null;
}

// What was there before, with the question in its field and why there is no answer beside it; `wrong` is how that is written, null where
// nothing is wrong.
function goBack(one, why, wrong) {
  turn = null;
  unanswered = wrong && one;
  if (!one.before) return wrong ? stay(one, why) : location.assign("/");
  talk.replaceChildren(...one.before.nodes);
  talk.className = one.before.landing;
  if (one.id) history.replaceState(null, "", one.before.address);
  here = location.pathname;
  document.title = one.before.title;
  const field = talk.querySelector("textarea[name=question]");
  const form = field.form;
  form.querySelector(".wrong")?.remove();
  field.value = one.question;
  if (wrong) {
    const said = Object.assign(document.createElement("p"), { className: "wrong", textContent: why, ...wrong });
    said.setAttribute("role", "alert");
    form.append(said);
  } else told.textContent = why;
  field.focus();
}

// On a page that was loaded while its answer was being made there is nothing to go back to.
function stay(one, why) {
  say(one, texts.failed);
  note(one, why);
  const form = one.shown.querySelector("[data-stop]");
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = texts.again;
  again.addEventListener("click", () => location.reload());
  form.replaceWith(again);
  one.shown.querySelector(".spinner").remove();
}

function stop() {
  const one = turn;
  one.stop.abort();
  if (one.id) {
    const body = new URLSearchParams({ token });
    fetch(`/answers/${encodeURIComponent(one.id)}/stop`, { method: "POST", body, redirect: "manual", keepalive: true }).catch(() => {});
  }
  goBack(one, texts.stopped, null);
}

// ---------------------------------------------------------------- what people do

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-ask]")) {
    event.preventDefault();
    const fields = new FormData(form, event.submitter);
    begin(String(fields.get("question") ?? ""), String(fields.get("conversation") ?? ""));
  } else if (form.matches("[data-stop]") && turn) {
    event.preventDefault();
    stop();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.key === "Escape" && turn && !document.querySelector("dialog[open]")) stop();
  if (event.key === "Enter" && !event.shiftKey && event.target.matches?.("[data-ask] textarea")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

// Where the style sheet cannot let a field grow with what is typed.
document.addEventListener("input", ({ target }) => {
  if (!target.matches("[data-ask] textarea") || CSS.supports("field-sizing", "content")) return;
  target.style.height = "auto";
  target.style.height = `${target.scrollHeight + target.offsetHeight - target.clientHeight}px`;
});

// Fragments of one page are in its history too; another page is loaded as it is now. Who comes back before that other page is there has
// left this one all the same: what is being loaded is not theirs any more.
addEventListener("popstate", () => {
  if (location.pathname === here) return;
  here = "";
  location.reload();
});

const waiting = talk.querySelector("[data-making]");
if (waiting) {
  turn = { question: waiting.querySelector("h1").textContent, conversation: "", key: "", id: waiting.dataset.making, last: 0, before: null, shown: waiting, stop: new AbortController() };
  follow(turn);
}
