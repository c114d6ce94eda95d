// SPDX-License-Identifier: Apache-2.0
// Asks before a model is downloaded: what it is, whose, under which license. Nothing comes unasked.

import * as api from "./api.js";
import { t } from "./texts.js";
import { failureText } from "./words.js";

const $ = (id) => document.getElementById(id);
const USE = {
  yes: "commercial use allowed",
  caveat: "commercial use allowed, with a note",
  no: "not for commercial use",
  unknown: "license not stated",
};

/** Shows the model and downloads it if the user agrees; true when it is there. */
export function download(model) {
  const dialog = $("consent");
  fill(model);
  return new Promise((resolve) => {
    const control = new AbortController();
    let here = false;
    dialog.onclose = () => {
      control.abort();
      resolve(here);
    };
    $("agree").onclick = async () => {
      here = await fetched(model, control.signal);
      if (here) dialog.close();
    };
    dialog.showModal();
  });
}

function fill(model) {
  $("consent-name").textContent = model.name;
  $("consent-best").textContent = t(model.best_at);
  $("consent-license").textContent = [model.license, t(USE[model.commercial])].join(", ");
  $("consent-note").textContent = [
    model.license_note, model.gated && t("Its page asks you to agree to terms first."),
  ].filter(Boolean).join(" ");
  $("consent-size").textContent = model.size ? t("%d MB", Math.max(1, Math.round(model.size / 1e6))) : t("size unknown");
  $("consent-page").textContent = model.page;
  $("consent-error").textContent = "";
  busy(false);
}

async function fetched(model, signal) {
  busy(true);
  $("consent-error").textContent = "";
  try {
    await api.getModel(model.id, model.license, (job) => ($("consent-progress").value = job.fraction), signal);
    return true;
  } catch (failure) {
    if (!signal.aborted) $("consent-error").textContent = failureText(failure);
    return false;
  } finally {
    busy(false);
  }
}

function busy(on) {
  $("consent-progress").hidden = !on;
  $("agree").disabled = on;
}
