// Uploads with progress, by dropping files too. Without this script the same forms and links do it.
import { announce } from "/static/app.js";

const form = document.getElementById("upload");
const list = form?.querySelector(".sending");
const token = document.querySelector('meta[name="form-token"]').content;

// One after another: they share the line, and the first of them is there sooner.
async function uploadAll(files) {
  const groups = [...form.querySelectorAll("[name=group]:checked")].map((each) => each.value);
  const replace = form.querySelector("[name=replace]").checked;
  const button = form.querySelector(".actions button");
  list.hidden = false;
  list.replaceChildren();
  button.disabled = true;
  const rows = files.map((file) => [file, row(file.name)]);
  let job = null;
  let failed = false;
  for (const [file, shown] of rows) {
    try {
      job = (await upload(file, groups, replace, shown)).job.id;
    } catch (error) {
      failed = true;
      told(shown, error.message, "stop");
    }
  }
  button.disabled = false;
  announce(failed ? form.dataset.some : form.dataset.all);
  if (job && !failed) location.assign(`/documents?job=${encodeURIComponent(job)}#where`);
}

function row(name) {
  const one = document.getElementById("sending").content.firstElementChild.cloneNode(true);
  one.querySelector("bdi").textContent = name;
  one.querySelector("progress").setAttribute("aria-label", name);
  list.append(one);
  return one;
}

function told(shown, text, style = "") {
  shown.querySelector("span").textContent = text;
  if (style) {
    shown.className = style;
    shown.querySelector("progress")?.remove();
  }
}

// fetch() cannot tell how much was sent.
function upload(file, groups, replace, shown) {
  const query = new URLSearchParams([["name", file.name.normalize("NFC")], ["replace", String(replace)], ...groups.map((each) => ["group", each])]);
  if (!groups.length) query.set("administrators_only", "true");
  const request = new XMLHttpRequest();
  told(shown, form.dataset.sending);
  return new Promise((done, failed) => {
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) shown.querySelector("progress").value = event.loaded / event.total;
    });
    request.addEventListener("load", () => {
      let body = null;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // A proxy in between may answer with a page of its own.
      }
      if (request.status !== 202) return failed(new Error(body?.detail ?? `${request.status} ${request.statusText}`));
      told(shown, form.dataset.sent, "good");
      done(body);
    });
    request.addEventListener("error", () => failed(new Error(form.dataset.unreachable)));
    request.addEventListener("abort", () => failed(new Error(form.dataset.stopped)));
    request.open("POST", `/api/v1/documents?${query}`);
    request.setRequestHeader("X-Firmground-Token", token);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.send(file);
  });
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    uploadAll([...form.querySelector("[type=file]").files]);
  });
  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("over");
  });
  for (const end of ["dragleave", "drop"]) form.addEventListener(end, () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    // Dropped files are only chosen: who may see them is looked at before they are sent.
    if (event.dataTransfer.files.length) form.querySelector("[type=file]").files = event.dataTransfer.files;
  });
}
