// SPDX-License-Identifier: Apache-2.0
// What the page says of stages and failures, in words of its own where it has them.

import { t } from "./texts.js";

const STAGES = {
  waiting: "Waiting",
  start: "Starting the engine",
  starting: "Starting the engine",
  reading: "Reading the picture",
  segmentation: "Finding the subject",
  matting: "Refining the edge",
  retouch: "Finishing the mask",
  decontamination: "Cleaning the edge colors",
  download: "Downloading the model",
};

const FAILURES = {
  gone: "The server does not answer. Finished pictures are safe in this page. Start it again to go on.",
  "link-used": "This link was used before, or is too old. Run \"mattebrush page\" for a new one.",
  "token-wrong": "That is neither a link of this page nor the server's token. Run \"mattebrush page\" for a link.",
  "input-invalid": "This is not a picture, or a damaged one.",
  "no-subject": "No subject was found. Choose the object by a click, or another model.",
  "engine-crashed": "The engine stopped in the middle of the run. Try again.",
};

/** A stage in words. */
export function stageText(stage) {
  return t(STAGES[stage] ?? "Working");
}

/** A failure in words; the server's own where there are no better ones. */
export function failureText(failure) {
  return failure.code in FAILURES ? t(FAILURES[failure.code]) : failure.message;
}

/** Whether the same again may go better. */
export function worthTrying(failure) {
  return !["input-invalid", "input-too-large", "media-type-unknown", "option-invalid"].includes(failure.code);
}

/** Seconds left in words, after what has passed of a share of the whole; "" while nobody knows. */
export function timeLeft(seconds, share) {
  if (share < 0.05 || seconds < 1) return "";
  const left = Math.max(1, Math.round((seconds * (1 - share)) / share));
  return left < 90 ? t("about %d s left", left) : t("about %d min left", Math.round(left / 60));
}
