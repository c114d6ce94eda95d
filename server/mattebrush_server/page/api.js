// SPDX-License-Identifier: Apache-2.0
// Talks to the server. Knows nothing of the page.

const STORE = "mattebrush-session";
const BEAT = 20_000; // milliseconds; the server waits for several before it takes the page for gone
const PAGE = crypto.getRandomValues(new Uint32Array(3)).join("-");

/** A failure told by the server: message and way out, for a person. */
export class Failure extends Error {
  constructor(told, status) {
    super([told.message, told.fix].filter(Boolean).join(" "));
    this.code = told.code;
    this.status = status;
  }
}

/** Called when the session is over: one has to sign in again, and loses nothing by it. */
let signedOut = () => {};
export function onSignedOut(call) {
  signedOut = call;
}

/** Exchanges the key in the address for a session; true when there is one. */
export async function openSession() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (key) {
    history.replaceState(null, "", location.pathname); // the key must not stay in the history
    await useKey(key);
  }
  return Boolean(sessionStorage.getItem(STORE));
}

async function useKey(key) {
  const response = await fetch("/v1/sessions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ key }),
  });
  if (!response.ok) return false;
  sessionStorage.setItem(STORE, (await response.json()).token);
  return true;
}

/** Signs in with what was typed or pasted: the link, its key, or the server's token. */
export async function signIn(text) {
  const key = new URLSearchParams(text.slice(text.indexOf("#") + 1)).get("key");
  if (key) {
    if (!(await useKey(key))) throw new Failure({ code: "link-used" });
    return;
  }
  const before = sessionStorage.getItem(STORE);
  sessionStorage.setItem(STORE, text);
  try {
    await models();
  } catch (failure) {
    if (before) sessionStorage.setItem(STORE, before);
    else sessionStorage.removeItem(STORE);
    throw failure.status === 401 ? new Failure({ code: "token-wrong" }, 401) : failure;
  }
}

/** Asks the server, as this session; throws a Failure. */
export async function ask(path, options = {}) {
  const headers = { ...options.headers, "X-Page": PAGE, Authorization: `Bearer ${sessionStorage.getItem(STORE)}` };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure({ code: "gone" });
  }
  if (!response.ok) throw await failureOf(response);
  return response;
}

async function failureOf(response) {
  const told = await response.json().catch(() => ({ message: `The server answered ${response.status}.` }));
  const failure = new Failure(told, response.status);
  failure.retryAfter = Number(response.headers.get("Retry-After")) || 2;
  if (response.status === 401) signedOut();
  return failure;
}

// ------------------------------------------------------------------ the page itself

/** Lets the server know that the page is open, so that it stays, and when it goes; tell(answer). */
export function stayInTouch(tell) {
  const beat = async () => {
    if (!sessionStorage.getItem(STORE)) return;
    const response = await ask(`/v1/pages/${PAGE}`, { method: "PUT" }).catch(() => null);
    if (response) tell(await response.json());
  };
  beat();
  setInterval(beat, BEAT);
  addEventListener("pageshow", beat);
  addEventListener("pagehide", () => {
    ask(`/v1/pages/${PAGE}`, { method: "DELETE", keepalive: true }).catch(() => {});
  });
}

/** A link for another device: { links, qr: { size, path } }. */
export async function phoneLink() {
  return (await ask("/v1/links", { method: "POST" })).json();
}

export async function models() {
  return (await (await ask("/v1/models")).json()).models;
}

/** Downloads a model, whose license was shown and accepted; tell(fraction) is called on the way. */
export async function getModel(id, license, tell, signal) {
  const body = JSON.stringify({ accept_license: license });
  const headers = { "Content-Type": "application/json" };
  const response = await ask(`/v1/models/${id}`, { method: "POST", body, headers, signal });
  await follow((await response.json()).id, tell, signal);
}

// ------------------------------------------------------------------ jobs

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

/** Sends a movie; returns the job's id. */
export async function submitMovie(file, query, signal) {
  const headers = { "Content-Type": file.type.startsWith("video/") ? file.type : "video/x-matroska" };
  const response = await ask(`/v1/movies?${new URLSearchParams(query)}`, { method: "POST", body: file, headers, signal });
  return (await response.json()).id;
}

/** Follows a job's events; calls tell(job) at each, and returns the last when it is done. */
export async function follow(id, tell, signal) {
  const response = await ask(`/v1/jobs/${id}/events`, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read().catch((error) => {
      throw error.name === "AbortError" ? error : new Failure({ code: "gone" });
    });
    text += value ?? "";
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) {
      const data = event.split("\n").find((line) => line.startsWith("data: "));
      if (!data) continue;
      const job = JSON.parse(data.slice(6));
      tell(job);
      if (job.error) throw new Failure(job.error);
      if (job.state !== "done") continue;
      reader.cancel().catch(() => {});
      return job;
    }
    if (done) throw new Failure({ code: "gone" });
  }
}

/** A result as a Blob. */
export async function result(id, query, signal) {
  return (await ask(`/v1/jobs/${id}/result?${new URLSearchParams(query)}`, { signal })).blob();
}

/** Ends a job and has the server forget it; that it is gone already does not matter. */
export async function drop(id) {
  await ask(`/v1/jobs/${id}`, { method: "DELETE" }).catch(() => {});
}

/** A picture that this browser cannot read, as a PNG. */
export async function shown(file, signal) {
  const headers = { "Content-Type": file.type.startsWith("image/") ? file.type : "image/x" };
  return (await ask("/v1/pictures", { method: "POST", body: file, headers, signal })).blob();
}
