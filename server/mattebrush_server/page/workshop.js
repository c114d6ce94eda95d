// SPDX-License-Identifier: Apache-2.0
// The page's hand on its worker: one task after the other, each a promise.

let worker;
let last = 0;
const waiting = new Map();

/** Gets the worker ready while there is a server to have it from. */
export function open() {
  worker ??= start();
}

/** What `task` of work.js makes of `given`. */
export function work(task, given, transfer = []) {
  open();
  return new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject });
    worker.postMessage({ number: last, task, given }, transfer);
  });
}

function start() {
  const started = new Worker("/page/work.js", { type: "module" });
  started.onmessage = ({ data: { number, made, failure } }) => {
    const { resolve, reject } = waiting.get(number);
    waiting.delete(number);
    if (failure === undefined) resolve(made);
    else reject(new Error(failure));
  };
  started.onerror = (event) => {
    // Out of memory, say: what waits is told, and the next task gets a new one.
    worker = null;
    for (const { reject } of waiting.values()) reject(new Error(event.message || "worker"));
    waiting.clear();
  };
  return started;
}
