// SPDX-License-Identifier: Apache-2.0
// Talks to the server. Knows nothing of the page.

const STORE = "mattebrush-session";

/** A failure told by the server: message and way out, for a person. */
export class Failure extends Error {
  constructor(told, status) {
    super([told.message, told.fix].filter(Boolean).join(" "));
    this.code = told.code;
    this.status = status;
  }
}

/** Exchanges the key in the address for a session; true when there is one. */
export async function openSession() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (!key) return Boolean(sessionStorage.getItem(STORE));
  history.replaceState(null, "", location.pathname); // the key must not stay in the history
  const response = await fetch("/v1/sessions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ key }),
  });
  if (!response.ok) return Boolean(sessionStorage.getItem(STORE));
  sessionStorage.setItem(STORE, (await response.json()).token);
  return true;
}

/** Tries a token that was typed in. */
export async function useToken(token) {
  sessionStorage.setItem(STORE, token);
  try {
    await models();
  } catch (failure) {
    sessionStorage.removeItem(STORE);
    throw failure;
  }
}

async function ask(path, options = {}) {
  const headers = { ...options.headers, Authorization: `Bearer ${sessionStorage.getItem(STORE)}` };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure({ code: "gone", message: "The server does not answer.", fix: "Is it still running?" });
  }
  if (!response.ok) throw await failureOf(response);
  return response;
}

async function failureOf(response) {
  const told = await response.json().catch(() => ({ message: `The server answered ${response.status}.` }));
  const failure = new Failure(told, response.status);
  failure.retryAfter = Number(response.headers.get("Retry-After")) || 2;
  return failure;
}

export async function models() {
  return (await (await ask("/v1/models")).json()).models;
}

/** Sends pictures and options; waits while the server is full. Returns the job's id. */
export async function submit(pictures, options, signal) {
  for (;;) {
    const form = new FormData();
    for (const [name, blob] of Object.entries(pictures)) form.append(name, blob, name);
    form.append("options", JSON.stringify(options));
    try {
      const response = await ask("/v1/jobs", { method: "POST", body: form, signal });
      return (await response.json()).id;
    } catch (failure) {
      if (failure.status !== 429) throw failure;
      await new Promise((resume) => setTimeout(resume, failure.retryAfter * 1000));
      signal?.throwIfAborted();
    }
  }
}

/** Follows a job's events; calls tell(job) at each and returns when it is done. */
export async function follow(id, tell, signal) {
  const response = await ask(`/v1/jobs/${id}/events`, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    text += value ?? "";
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) {
      const data = event.split("\n").find((line) => line.startsWith("data: "));
      if (!data) continue;
      const job = JSON.parse(data.slice(6));
      tell(job);
      if (job.error) throw new Failure(job.error);
      if (job.state === "done") return;
    }
    if (done) throw new Failure({ message: "The connection to the server was lost." });
  }
}

/** A result as a Blob; `picture` goes behind it. */
export async function result(id, query, picture, signal) {
  const wanted = Object.entries(query).filter(([, value]) => value !== undefined && value !== 0);
  const path = `/v1/jobs/${id}/result?${new URLSearchParams(wanted)}`;
  if (!picture) return (await ask(path, { signal })).blob();
  const form = new FormData();
  form.append("picture", picture, "picture");
  return (await ask(path, { method: "POST", body: form, signal })).blob();
}

/** Ends a job and has the server forget it; that it is gone already does not matter. */
export async function drop(id) {
  await ask(`/v1/jobs/${id}`, { method: "DELETE" }).catch(() => {});
}
