// Asks this server from a page of another site: <script src="https://…/widget.js" data-key="fg_…" async></script>
//
// Everything is in a closed shadow root and made of text nodes; nothing of the page's style comes in, none of ours gets out. What the page
// changed in the language or the DOM must not break it: so it loops by index, and takes what it needs of them when it starts.
(() => {
  "use strict";
  // By language; the server puts them here.
  const TEXTS = {};
  const NAME = "firmground-ask";
  const script = document.currentScript ?? document.querySelector('script[data-key][src*="/widget.js"]');
  if (!script || customElements.get(NAME)) return;
  const { key = "", lang = "", theme = "auto", position = "right", accent, radius, font, title } = script.dataset;
  const server = new URL(script.src).origin;
  const { parse, stringify } = JSON;
  const fetch = window.fetch.bind(window);
  const later = window.setTimeout.bind(window);
  const create = document.createElementNS.bind(document);
  const put = Function.prototype.call.bind(Node.prototype.appendChild);
  if (!key) return console.error("widget.js: data-key is missing");

  const wanted = lang || document.documentElement.lang || navigator.language || "en";
  const language = TEXTS[wanted.toLowerCase().split("-")[0]] ? wanted.toLowerCase().split("-")[0] : "en";
  const t = TEXTS[language];
  const say = (text, n) => text.replace("{n}", n);
  const LOOKING = ["waiting", "claimed"];

  // By state: what is filled, what is drawn, what is drawn on what is filled.
  const DISC = "M8 .9a7.1 7.1 0 1 1 0 14.2A7.1 7.1 0 1 1 8 .9Z";
  const RING = "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 1 1 8 1.8Z";
  const SIGNS = {
    answered: [DISC, "", "m4.8 8.3 2.2 2.2 4.2-4.6"],
    weak: ["M8 1.8a6.2 6.2 0 0 1 0 12.4Z", RING],
    draft: ["", "m3 13 .7-2.9 7.4-7.4a1.55 1.55 0 0 1 2.2 2.2L5.9 12.3 3 13Zm6.9-9.1 2.2 2.2"],
    clarify: ["", "M8 14.5V9.8L3.2 5M8 9.8 12.8 5M3 8V4.6h3.4M13 8V4.6H9.6"],
    abstained: ["", RING + "M5.2 8h5.6"],
    out_of_scope: ["", "M7 2.5H3.4a1 1 0 0 0-1 1v9.1a1 1 0 0 0 1 1h9.1a1 1 0 0 0 1-1V9M9.7 2.4h3.9v3.9M13.3 2.7 7.6 8.4"],
    blocked: ["M5.2 1.2h5.6l4 4v5.6l-4 4H5.2l-4-4V5.2Z", "", "m5.7 5.7 4.6 4.6m0-4.6-4.6 4.6"],
    ask: ["", "M2 2.5h12v8H7.5L4 13.5v-3H2Z"],
    close: ["", "m4 4 8 8m0-8-8 8"],
    afresh: ["", "M8 3v10M3 8h10"],
    up: ["", "M5 7v6H2.5V7Zm0 0 3-5c1.2 0 1.8 1 1.4 2.2L8.8 6.5h4.4l-1 6.5H5"],
    down: ["", "M5 9V3H2.5v6Zm0 0 3 5c1.2 0 1.8-1 1.4-2.2L8.8 9.5h4.4l-1-6.5H5"],
  };
  const PLACEHOLDER = "(?<![A-Za-z0-9_])[A-Z][A-Z0-9_]{0,31}_[A-Z2-7]{10}(?![A-Za-z0-9_])";
  const STYLE = `
:host{all:initial!important;display:block!important;position:fixed!important;z-index:2147483647!important;inset:auto 0 0 auto!important;
 width:auto!important;height:auto!important;visibility:visible!important;opacity:1!important;transform:none!important;pointer-events:none!important;
 color-scheme:light dark!important;
 --accent:var(--firmground-accent,light-dark(#1f6f5c,#5cbfa3));--on:var(--firmground-accent-ink,light-dark(#fff,#0e1a16));
 --round:var(--firmground-radius,10px);--paper:light-dark(#fff,#1c2125);--ink:light-dark(#21262b,#e6e8e6);--quiet:light-dark(#5a636b,#a2abb1);
 --line:light-dark(#dedbd2,#343b41);--edge:light-dark(#7d858c,#78828a);--good:light-dark(#1f6f5c,#6fcbb0);--fair:light-dark(#7f5300,#e3b45b);
 --none:light-dark(#55606a,#aab3ba);--stop:light-dark(#a4292f,#f08d8d);--shade:light-dark(#f2f0ea,#262d33)}
:host(.left){inset:auto auto 0 0!important}:host(.light){color-scheme:light!important}:host(.dark){color-scheme:dark!important}
*{box-sizing:border-box;margin:0;padding:0;font:inherit;color:inherit}[hidden]{display:none!important}
.all{font:medium/1.5 var(--firmground-font,system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif);color:var(--ink);padding:1.25em;text-align:start}
.all>*{pointer-events:auto}
button,textarea,.panel{border:1px solid var(--edge);border-radius:var(--round);background:var(--paper)}
button{cursor:pointer;padding:.4em .8em;min-height:2.25em}button:hover{background:var(--shade)}
:focus-visible{outline:3px solid var(--ink);outline-offset:2px}
.main,.main:hover,.chip{background:var(--accent);color:var(--on);border-color:transparent}
.launch{display:flex;gap:.5em;align-items:center;margin-inline-start:auto;padding:.7em 1.1em;box-shadow:0 4px 16px rgb(0 0 0/.25)}
:host(.left) .launch{margin-inline:0 auto}
.panel{display:flex;flex-direction:column;width:25em;max-width:calc(100vw - 2.5em);height:36em;max-height:calc(100vh - 7em);margin-bottom:.75em;
 overflow:hidden;box-shadow:0 8px 32px rgb(0 0 0/.25);animation:in .15s}
@keyframes in{from{opacity:0;translate:0 8px}}
header,form{display:flex;gap:.5em;align-items:center;padding:.75em 1em}header{border-bottom:1px solid var(--line)}
h2{font-weight:600;flex:1}svg{width:1.1em;height:1.1em;flex:none}.icon{padding:.4em;display:grid;place-items:center;min-width:2.25em}
.log{flex:1;overflow:auto;padding:1em;display:grid;gap:1.25em;align-content:start;overscroll-behavior:contain}
.quiet,small{color:var(--quiet);font-size:.875em}.asked{font-weight:600;overflow-wrap:anywhere}.turn{display:grid;gap:.6em}
.said{white-space:pre-wrap;overflow-wrap:anywhere}.said table{border-collapse:collapse;display:block;overflow:auto;white-space:normal}
td,th{border:1px solid var(--line);padding:.2em .5em;text-align:start}th{font-weight:600}
.state{display:flex;gap:.45em;align-items:center;font-weight:600}
.answered{color:var(--good)}.weak,.draft,.clarify{color:var(--fair)}.abstained,.out_of_scope{color:var(--none)}.blocked,.failed{color:var(--stop)}
.chip{font-size:.75em;padding:0 .5em;min-height:1.6em;min-width:1.9em;margin-inline-start:.35em;border-radius:1em;vertical-align:.1em}
.masked{-webkit-box-decoration-break:clone;box-decoration-break:clone;border:1px solid var(--line);border-radius:var(--round);padding:0 .4em;font-size:.92em;color:var(--quiet);background:var(--paper)}
ol{list-style:none;display:grid;gap:.4em}details{border:1px solid var(--line);border-radius:var(--round);padding:.4em .7em}
details{overflow-wrap:anywhere}summary{cursor:pointer}blockquote{border-inline-start:3px solid var(--accent);padding-inline-start:.7em;margin:.5em 0;
 white-space:pre-wrap;overflow-wrap:anywhere}a{text-decoration:underline}.row{display:flex;flex-wrap:wrap;gap:.4em;align-items:center}
[aria-pressed=true]{background:var(--shade);box-shadow:inset 0 0 0 1px var(--edge)}
form{border-top:1px solid var(--line);align-items:end}label{flex:1;font-size:.875em;color:var(--quiet)}
textarea{display:block;width:100%;font-size:1rem;font-size:medium;color:var(--ink);padding:.45em .6em;resize:none;field-sizing:content;max-height:8em;min-height:2.5em}
.status{padding:0 1em .5em;min-height:1.5em}
@media(max-width:30em),(max-height:30em){.panel{position:fixed;inset:0;width:auto;max-width:none;height:auto;max-height:none;margin:0;border-radius:0}}
@media(prefers-reduced-motion:reduce){.panel{animation:none}}@media print{:host{display:none!important}}`;

  function make(tag, name, text, ...children) {
    const made = create("http://www.w3.org/1999/xhtml", tag);
    if (name) made.className = name;
    if (text) made.textContent = text;
    for (let i = 0; i < children.length; i++) if (children[i]) put(made, children[i]);
    return made;
  }

  function sign(state) {
    const svg = create("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("aria-hidden", "true");
    const drawn = SIGNS[state] ?? [];
    for (let i = 0; i < drawn.length; i++) {
      if (!drawn[i]) continue;
      const path = create("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", drawn[i]);
      path.setAttribute("fill", i ? "none" : "currentColor");
      path.setAttribute("stroke", i === 0 ? "none" : i === 2 ? "var(--paper)" : "currentColor");
      path.setAttribute("stroke-width", "1.7");
      put(svg, path);
    }
    return svg;
  }

  function button(name, text, act, picture) {
    const made = make("button", name, picture ? "" : text, picture && sign(picture));
    made.type = "button";
    if (picture) made.ariaLabel = made.title = text;
    made.addEventListener("click", act);
    return made;
  }

  // Random, for as long as the tab is open: by it the server tells apart who asked what. Nobody else hears of it.
  function visitor() {
    const place = "firmground-visitor";
    try {
      const known = sessionStorage.getItem(place);
      if (/^[0-9a-f]{32}$/.test(known)) return known;
    } catch {
      // Storage can be forbidden: then it lasts until the page is left.
    }
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    let made = "";
    for (let i = 0; i < bytes.length; i++) made += bytes[i].toString(16).padStart(2, "0");
    try {
      sessionStorage.setItem(place, made);
    } catch {
      // As above.
    }
    return made;
  }

  const me = visitor();

  async function call(path, more, body, signal) {
    const headers = { __proto__: null, Authorization: "Bearer " + key, "X-Firmground-Visitor": me, ...more };
    const asked = { __proto__: null, headers, method: body ? "POST" : "GET", credentials: "omit", cache: "no-store", signal };
    if (body) {
      headers["Content-Type"] = "application/json";
      asked.body = stringify({ __proto__: null, ...body });
    }
    const answer = await fetch(server + "/api/v1/" + path, asked);
    if (answer.ok) return answer;
    let told = null;
    try {
      told = parse(await answer.text());
    } catch {
      // A proxy in between may answer with a page of its own.
    }
    throw { __proto__: null, refused: true, busy: answer.status === 503 || answer.status === 429, detail: told?.detail ?? String(answer.status) };
  }

  // Tells `hear` of each event until the last; goes on from there where the connection breaks.
  async function follow(body, leave, hear) {
    const once = { __proto__: null, "Idempotency-Key": crypto.getRandomValues(new Uint32Array(4)).join("-") };
    for (let id = "", after = 0, failures = 0; ; ) {
      try {
        const path = id && `answers/${encodeURIComponent(id)}/events?after=${after}`;
        const answer = await (id ? call(path, null, null, leave) : call("answers", once, body, leave));
        if (answer.status === 204) return;
        const reader = answer.body.getReader();
        const decoder = new TextDecoder();
        for (let rest = ""; ; ) {
          const { done, value } = await reader.read();
          if (done) break;
          rest += decoder.decode(value, { stream: true });
          for (let end; (end = rest.indexOf("\n\n")) >= 0; rest = rest.slice(end + 2)) {
            const found = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(rest.slice(0, end));
            if (!found) continue;
            const data = parse(found[3]);
            failures = 0;
            after = found[1];
            id ||= data.id ?? "";
            hear(found[2], data);
            if (found[2] === "done" || found[2] === "error") return;
          }
        }
        throw new Error("cut off");
      } catch (error) {
        if (leave.aborted) return;
        if (error.refused || ++failures > 5) throw error;
        hear("lost");
        await new Promise((go) => later(go, 250 * 2 ** failures));
      }
    }
  }

  // The text as nodes. A mark counts only behind a sentence that has that source: documents may hold `[1]` too.
  function written(into, text, sentences, point) {
    let rest = text;
    for (let i = 0; i < sentences.length; i++) {
      const at = rest.indexOf(sentences[i].text);
      if (at < 0) continue;
      plain(into, rest.slice(0, at + sentences[i].text.length));
      rest = rest.slice(at + sentences[i].text.length);
      for (let j = 0; j < sentences[i].citations.length; j++) {
        const n = sentences[i].citations[j];
        const mark = /^\s*\[(\d+)\]/.exec(rest);
        if (!mark || mark[1] !== String(n)) continue;
        put(into, button("chip", "", () => point(n))).textContent = n;
        into.lastChild.ariaLabel = say(t.source, n);
        rest = rest.slice(mark[0].length);
      }
    }
    plain(into, rest);
  }

  // Text, with placeholders of personal data as words that say what kind it is.
  function worded(into, text) {
    const looks = new RegExp(PLACEHOLDER, "g");
    let from = 0;
    for (let found; (found = looks.exec(text)); ) {
      const words = t.hidden[found[0].slice(0, -11).toLowerCase()];
      if (typeof words !== "string") continue;
      if (found.index > from) put(into, document.createTextNode(text.slice(from, found.index)));
      put(into, make("span", "masked", words)).title = found[0];
      from = found.index + found[0].length;
    }
    if (from < text.length) put(into, document.createTextNode(text.slice(from)));
    return into;
  }

  // Text, with the tables in it as such.
  function plain(into, text) {
    const table = /(^|\n)(\|.*\|)\n\|[-:| ]+\|\n((?:\|.*\|(?:\n|$))+)/.exec(text);
    if (!table) return void worded(into, text);
    plain(into, text.slice(0, table.index));
    const rows = (table[2] + "\n" + table[3].trim()).split("\n");
    const made = put(into, make("table"));
    made.tabIndex = 0;
    for (let i = 0; i < rows.length; i++) {
      const row = put(made, make("tr"));
      const cells = rows[i].slice(1, -1).split("|");
      for (let j = 0; j < cells.length; j++) worded(put(row, make(i ? "td" : "th")), cells[j].trim());
    }
    plain(into, text.slice(table.index + table[0].length));
  }

  function sources(list, heading, cited) {
    const items = make("ol");
    const found = {};
    for (let i = 0; i < list.length; i++) {
      const { n = "", title, uri, document: id, snippet, text, locator } = list[i];
      const where = locator.page ? " · " + say(t.page, locator.page) : "";
      const link = make("a", "", t.open);
      link.href = `${server}/documents/${encodeURIComponent(id)}?start=${locator.start}&end=${locator.end}#quote`;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      link.ariaLabel = `${t.open}: ${title || uri} (${t.tab})`;
      const quote = worded(make("blockquote"), cited ? snippet : text.slice(0, 500));
      quote.dir = "auto";
      found[n] = make("details", "", "", worded(make("summary"), (n && `[${n}] `) + (title || uri) + where), quote, link);
      put(items, make("li", "", "", found[n]));
    }
    return { made: make("div", "", "", make("small", "", heading), items), found };
  }

  function thumbs(id, tell) {
    const row = make("div", "row");
    const why = make("div", "row");
    why.hidden = true;
    const send = async (verdict, reason) => {
      try {
        await call(`answers/${encodeURIComponent(id)}/feedback`, null, reason ? { verdict, reason } : { verdict });
        up.ariaPressed = String(verdict === "up");
        down.ariaPressed = String(verdict === "down");
        why.hidden = verdict === "up" || Boolean(reason);
        tell(t.thanks);
      } catch {
        tell(t.unsaved);
      }
    };
    const up = put(row, button("icon", t.good, () => send("up"), "up"));
    const down = put(row, button("icon", t.bad, () => send("down"), "down"));
    up.ariaPressed = down.ariaPressed = "false";
    put(why, make("small", "", t.why));
    const reasons = Object.keys(t.reasons);
    for (let i = 0; i < reasons.length; i++) put(why, button("", t.reasons[reasons[i]], () => send("down", reasons[i])));
    return make("div", "turn", "", row, why);
  }

  class Ask extends HTMLElement {
    #conversation = "";
    #leave = null; // of the answer that is being made
    #log;
    #status;
    #input;
    #go;
    #panel;
    #launch;
    #limits = make("details");

    connectedCallback() {
      if (this.#panel) return;
      const inside = this.attachShadow({ mode: "closed" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      inside.adoptedStyleSheets = [sheet];
      this.lang = language;
      if (theme === "light" || theme === "dark") this.classList.add(theme);
      if (position === "left") this.classList.add("left");
      if (accent && CSS.supports("color", accent)) this.style.setProperty("--firmground-accent", accent);
      if (radius && CSS.supports("border-radius", radius)) this.style.setProperty("--firmground-radius", radius);
      if (font && CSS.supports("font-family", font)) this.style.setProperty("--firmground-font", font);
      put(inside, this.#make());
      this.#ink();
      // A page's own shortcuts must not hear what is typed here.
      const quiet = (event) => event.stopPropagation();
      inside.addEventListener("keydown", quiet);
      inside.addEventListener("keypress", quiet);
      inside.addEventListener("keyup", quiet);
    }

    #make() {
      this.#limits.hidden = true;
      this.#log = make("div", "log", "", make("p", "quiet", t.welcome), this.#limits);
      this.#log.role = "log";
      this.#log.tabIndex = 0;
      this.#log.ariaLabel = t.log;
      this.#status = make("p", "status quiet");
      this.#status.role = "status";
      this.#input = make("textarea");
      Object.assign(this.#input, { rows: 1, maxLength: 4000, dir: "auto", autocomplete: "off" });
      this.#go = make("button", "main", t.ask);
      const form = make("form", "", "", make("label", "", t.question, this.#input), this.#go);
      form.addEventListener("submit", (event) => (event.preventDefault(), this.#leave ? this.#stop() : this.#ask(this.#input.value)));
      this.#input.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        if (!this.#leave) this.#ask(this.#input.value);
      });
      const heading = make("h2", "", title || t.title);
      const afresh = button("icon", t.afresh, () => this.#afresh(), "afresh");
      const head = make("header", "", "", heading, afresh, button("icon", t.close, () => this.#show(false), "close"));
      this.#panel = make("section", "panel", "", head, this.#log, this.#status, form);
      this.#panel.role = "dialog";
      this.#panel.ariaLabel = title || t.title;
      this.#panel.hidden = true;
      this.#panel.addEventListener("keydown", (event) => event.key === "Escape" && this.#show(false));
      this.#launch = button("main launch", "", () => this.#show(this.#panel.hidden));
      put(this.#launch, sign("ask"));
      put(this.#launch, make("span", "", title || t.title));
      this.#launch.ariaExpanded = "false";
      const all = make("section", "all", "", this.#panel, this.#launch);
      all.ariaLabel = title || t.title;
      return all;
    }

    // What it cannot do, looked up when somebody opens it. That it can be asked does not depend on it.
    async #tell() {
      if (this.#limits.firstChild) return;
      put(this.#limits, make("summary", "quiet", t.limits));
      try {
        const lines = parse(await (await call("brief")).text()).for_askers.known_limitations;
        for (let i = 0; i < lines.length; i++) put(this.#limits, make("p", "quiet", lines[i])).dir = "auto";
        this.#limits.hidden = !lines.length;
      } catch {
        // Then nobody is told.
      }
    }

    #show(open) {
      if (open) this.#tell();
      this.#panel.hidden = !open;
      this.#launch.ariaExpanded = String(open);
      (open ? this.#input : this.#launch).focus();
    }

    #afresh() {
      this.#stop();
      this.#conversation = "";
      this.#log.replaceChildren(make("p", "quiet", t.welcome), this.#limits);
      this.#input.focus();
    }

    #stop() {
      this.#leave?.abort();
    }

    async #ask(question) {
      if (!question.trim() || this.#leave) return;
      const leave = (this.#leave = new AbortController());
      const said = make("div", "said");
      const asked = make("p", "asked", question);
      said.dir = asked.dir = "auto";
      const turn = put(this.#log, make("article", "turn", "", asked, said));
      this.#input.value = "";
      this.#go.textContent = t.stop;
      this.#reveal(asked);
      const cited = { found: {} };
      const point = (n) => {
        const source = cited.found[n];
        if (!source) return;
        source.open = true;
        source.firstChild.focus({ preventScroll: true });
        if (source.getBoundingClientRect().bottom > this.#log.getBoundingClientRect().bottom) this.#reveal(source);
      };
      let shown = "";
      let over = false;
      const hear = (kind, data) => {
        if (leave.signal.aborted) return;
        if (kind === "status") this.#status.textContent = t[data.status] ?? "";
        else if (kind === "lost") this.#status.textContent = t.lost;
        else if (kind === "withdrawn") {
          shown = said.textContent = "";
          this.#status.textContent = t.withdrawn;
        } else if (kind === "sentence") {
          shown += data.shown;
          written(said, data.shown, [data], point);
        } else if (kind === "done") {
          over = true;
          this.#done(turn, said, data, shown, cited, point);
        } else if (kind === "error") {
          over = true;
          this.#failed(turn, said, data, question);
        }
      };
      try {
        await follow({ question, conversation: this.#conversation, stream: true }, leave.signal, hear);
        if (!over) this.#failed(turn, said, null, question, leave.signal.aborted && t.stopped);
      } catch (error) {
        this.#failed(turn, said, error.refused ? error : null, question, error.busy ? t.busy : error.refused ? "" : t.unreachable);
      }
      if (this.#leave === leave) {
        this.#leave = null;
        this.#go.textContent = t.ask;
      }
    }

    #done(turn, said, answer, shown, cited, point) {
      this.#conversation = answer.conversation;
      this.#status.textContent = "";
      if (shown !== answer.text) {
        said.textContent = "";
        written(said, answer.text, answer.sentences, point);
      }
      const state = t.states[answer.status === "clarify" && !answer.choices.length ? "unclear" : answer.status];
      turn.insertBefore(make("p", "state " + answer.status, "", sign(answer.status), make("span", "", state.words)), said);
      turn.insertBefore(make("p", "quiet", state.meaning), said);
      this.#people(turn, said, answer, cited, point);
      const choices = make("div", "row");
      for (let i = 0; i < answer.choices.length; i++) {
        const { text, label } = answer.choices[i];
        put(choices, button("", label || text, () => this.#ask(text)));
      }
      if (answer.choices.length) put(turn, choices);
      for (let i = 0; i < answer.notices.length; i++) {
        const { code, text } = answer.notices[i];
        if (!["not_released", "not_live", "not_calibrated", "reviewed", "corrected"].includes(code)) put(turn, make("p", "quiet", text));
      }
      if (answer.citations.length) {
        Object.assign(cited, sources(answer.citations, t.sources, true));
        put(turn, cited.made);
      } else if (answer.closest.length) put(turn, sources(answer.closest.slice(0, 3), t.closest).made);
      put(turn, thumbs(answer.id, (text) => (this.#status.textContent = text)));
      this.#reveal(turn);
    }

    // What people make of it; while they look at it, this looks again now and then.
    #people(turn, said, answer, cited, point) {
      const { state, due_at: due } = answer.review ?? {};
      if (!state) return;
      const looking = LOOKING.includes(state);
      const words = looking ? say(t.people.looking, new Date(due).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" })) : t.people[state];
      turn.insertBefore(make("p", "quiet", words), said);
      const again = async () => {
        if (!turn.isConnected) return;
        try {
          const now = parse(await (await call("answers/" + encodeURIComponent(answer.id))).text());
          if (!LOOKING.includes(now.review?.state)) {
            turn.replaceChildren(turn.firstChild, said);
            return this.#done(turn, said, now, null, cited, point);
          }
        } catch {
          // It looks again.
        }
        later(again, 30000);
      };
      if (looking) later(again, 30000);
    }

    #failed(turn, said, problem, question, instead) {
      said.textContent = "";
      this.#status.textContent = "";
      const detail = make("p", "quiet", instead ? "" : (problem?.detail ?? ""));
      detail.lang = "en";
      put(turn, make("p", "state failed", instead || t.failed));
      if (detail.textContent) put(turn, detail);
      put(turn, make("div", "row", "", button("", t.again, () => this.#ask(question))));
    }

    // Not scrollIntoView, which may scroll the page too.
    #reveal(node) {
      this.#log.scrollTop += node.getBoundingClientRect().top - this.#log.getBoundingClientRect().top - 12;
    }

    // On whatever accent the page gave, black or white is legible.
    #ink() {
      const shade = /^rgba?\((\d+), (\d+), (\d+)/.exec(getComputedStyle(this.#launch).backgroundColor);
      if (!shade || !getComputedStyle(this).getPropertyValue("--firmground-accent")) return;
      if (getComputedStyle(this).getPropertyValue("--firmground-accent-ink")) return;
      const part = (n) => (n / 255 <= 0.04045 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4);
      const light = 0.2126 * part(shade[1]) + 0.7152 * part(shade[2]) + 0.0722 * part(shade[3]);
      this.style.setProperty("--firmground-accent-ink", light > 0.179 ? "#000" : "#fff");
    }
  }

  customElements.define(NAME, Ask);
  const start = () => put(document.body, make(NAME));
  document.body ? start() : document.addEventListener("DOMContentLoaded", start);
})();
