// What the scripts of all pages share.

// Sends JSON (or a FormData) to the API with the form token. Gives the parsed body; throws an Error whose message is one line to show.
export async function send(path, body, method = "POST") {
  const headers = { "X-Firmground-Token": document.querySelector('meta[name="form-token"]').content, Accept: "application/json" };
  const asForm = body instanceof FormData;
  if (body !== undefined && !asForm) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, body: body === undefined || asForm ? body : JSON.stringify(body) });
  const text = await answer.text();
  let told = null;
  try {
    told = text ? JSON.parse(text) : null;
  } catch {
    // A proxy in between may answer with a page of its own.
  }
  if (!answer.ok) throw Object.assign(new Error(told?.detail ?? `${answer.status} ${answer.statusText}`), { status: answer.status, problem: told });
  return told;
}
