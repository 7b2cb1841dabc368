// How far jobs are, looked up while the page is open. Without this script the same links and forms do it.
import { announce, send } from "/static/app.js";

// Looks after one job: soon at first, then less often, and not at all while nobody looks at the page.
function follow(notice) {
  let wait = 800;
  const look = async () => {
    if (document.hidden) return document.addEventListener("visibilitychange", look, { once: true });
    let job;
    try {
      job = await send(`/api/v1/jobs/${encodeURIComponent(notice.dataset.job)}`, undefined, "GET");
    } catch (error) {
      if (error.status === 404 || error.status === 403 || error.status === 401) return;
      job = null;
    }
    if (job && show(notice, job)) return;
    wait = Math.min(wait * 1.4, 10_000);
    setTimeout(look, wait);
  };
  setTimeout(look, wait);
}

function show(notice, job) {
  const { done, total } = job.progress;
  notice.querySelector("strong").textContent = notice.dataset[job.state] ?? job.state;
  if (total) {
    notice.querySelector("span[data-so-far]").textContent = notice.dataset.soFar.replace("{done}", done).replace("{total}", total);
    const bar = notice.querySelector("progress");
    bar.max = total;
    bar.value = done;
  }
  if (job.state === "queued" || job.state === "running") return false;
  notice.classList.add({ done: "good", failed: "stop", cancelled: "fair" }[job.state]);
  notice.querySelector("progress").remove();
  notice.querySelector("form").remove();
  notice.querySelector("[data-why]").textContent = job.error ?? "";
  const result = notice.querySelector("[data-result]");
  if (result && job.state === "done") result.hidden = false;
  announce(notice.dataset[job.state]);
  refresh(notice, job.id);
  return true;
}

// What it came to, and what the page showed beside it: as the server tells it now.
async function refresh(notice, id) {
  const section = notice.closest("[data-fresh]");
  if (!section) return;
  const address = new URL(location.href);
  address.searchParams.set("job", id);
  let told;
  try {
    const answer = await fetch(address.pathname + address.search);
    if (!answer.ok) return;
    told = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-fresh]");
  } catch {
    return;
  }
  if (!told) return;
  const focused = section.contains(document.activeElement);
  section.replaceWith(document.adoptNode(told));
  if (focused) {
    told.tabIndex = -1;
    told.focus();
  }
  const outcome = told.querySelector("[data-outcome]");
  if (outcome) announce(outcome.textContent.trim());
  followAll(told);
}

function followAll(part) {
  for (const notice of part.querySelectorAll("[data-job]")) follow(notice);
}

followAll(document);
