// SPDX-License-Identifier: Apache-2.0
// A short movie: sent to the server, cut out there with its progress shown, and saved.

import * as api from "./api.js";
import { t } from "./texts.js";
import { failureText, stageText, timeLeft } from "./words.js";

const FORMS = { mov: "ProRes 4444 (.mov)", webm: "VP9 (.webm)", mp4: "H.264 (.mp4)" };

/** Whether a file is one to be cut out here. */
export function isMovie({ type, name }) {
  return type.startsWith("video/") || /\.(mkv|mov|mp4|m4v|webm)$/i.test(name);
}

/** Opens a dialog for one movie; it is gone when that is closed. */
export function cutOutMovie(file) {
  const dialog = built(file.name);
  const part = (name) => dialog.querySelector(`[data-part=${name}]`);
  const aborted = new AbortController();
  let job = "";
  part("start").onclick = async () => {
    part("start").disabled = part("form").disabled = part("color").disabled = true;
    part("problem").textContent = "";
    part("progress").hidden = false;
    try {
      job = await api.submitMovie(file, query(part), aborted.signal);
      await save(job, file.name, part, aborted.signal);
      part("stage").textContent = t("Done.");
    } catch (failure) {
      if (failure.name !== "AbortError") part("problem").textContent = failureText(failure);
    } finally {
      part("start").disabled = part("form").disabled = part("color").disabled = false;
      part("progress").hidden = true;
    }
  };
  dialog.onclose = () => {
    aborted.abort();
    if (job) api.drop(job);
    dialog.remove();
  };
  dialog.showModal();
}

function built(name) {
  const dialog = document.createElement("dialog");
  dialog.id = "movie";
  dialog.innerHTML = `<form method="dialog"><h2 data-part="name"></h2><p class="quiet" data-part="about"></p>
    <p class="row"><select data-part="form"></select> <input type="color" value="#2f9e44" data-part="color" hidden></p>
    <progress data-part="progress" max="1" hidden></progress><p data-part="stage" class="quiet" role="status"></p>
    <p data-part="problem" class="error" role="alert"></p>
    <p class="row"><button data-part="close"></button> <button data-part="start" class="primary" type="button"></button></p></form>`;
  const part = (each) => dialog.querySelector(`[data-part=${each}]`);
  part("name").textContent = name;
  part("about").textContent = t("A short movie: at most 1800 frames of 1920 × 1080. What stands out is followed. It is worked on in a temporary folder of this machine.");
  part("close").textContent = t("Close");
  part("start").textContent = t("Cut out");
  part("form").setAttribute("aria-label", t("Form"));
  part("color").setAttribute("aria-label", t("Color"));
  part("progress").setAttribute("aria-label", t("Progress"));
  for (const [value, title] of Object.entries(FORMS)) part("form").add(new Option(title, value));
  part("form").onchange = () => (part("color").hidden = part("form").value !== "mp4");
  document.body.append(dialog);
  return dialog;
}

function query(part) {
  const format = part("form").value;
  return format === "mp4" ? { format, background: part("color").value } : { format };
}

async function save(job, name, part, signal) {
  const began = performance.now();
  await api.follow(job, ({ stage, fraction }) => {
    part("progress").value = fraction;
    const left = timeLeft((performance.now() - began) / 1000, fraction);
    part("stage").textContent = [stage === "frames" ? `${Math.round(100 * fraction)} %` : stageText(stage), left].filter(Boolean).join(", ");
  }, signal);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await api.result(job, {}, signal));
  link.download = `${name.replace(/\.\w+$/, "")}-cutout.${part("form").value}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
