// SPDX-License-Identifier: Apache-2.0
// The page of `mattebrush review`: a batch's results, the least certain first. Next and previous,
// accept and reject by keyboard; strokes are refined by the server, which writes what is accepted.

import { ask, openSession, stayInTouch } from "./api.js";
import { loadTexts, t } from "./texts.js";

const $ = (id) => document.getElementById(id);
const COLORS = { keep: "#ffffff", drop: "#000000" };

let pictures = [];
let at = 0;
let tool = ""; // "keep", "drop", or "" while nothing is painted
let strokes = 0; // made on the picture shown, and not yet taken back
let busy = false;

async function image(name, method = "GET", body) {
  const headers = body ? { "Content-Type": "image/png" } : {};
  const answer = await ask(`/v1/review/${pictures[at].id}/${name}`, { method, body, headers });
  return createImageBitmap(await answer.blob());
}

/** Does one thing at a time, and says what went wrong. */
async function work(what) {
  if (busy) return;
  busy = true;
  document.body.classList.add("busy");
  $("problem").textContent = "";
  try {
    await what();
  } catch (failure) {
    $("problem").textContent = failure.message;
  } finally {
    busy = false;
    document.body.classList.remove("busy");
    document.body.dataset.shown = pictures[at]?.key ?? "";
    refresh();
  }
}

function show(index) {
  return work(async () => {
    at = Math.max(0, Math.min(pictures.length - 1, index));
    tool = "";
    strokes = 0;
    for (const name of ["result", "strokes"]) $(name).getContext("2d").clearRect(0, 0, 1e5, 1e5);
    refresh();
    if (!pictures.length) return;
    const { error } = pictures[at];
    $("original").removeAttribute("src");
    if (error) $("problem").textContent = error;
    original = null;
    original = await image("original");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [original.width, original.height];
    canvas.getContext("2d").drawImage(original, 0, 0);
    $("original").src = canvas.toDataURL("image/png");
    if (pictures[at].output) draw(await image("result"));
  });
}

let original = null;

function draw(picture) {
  for (const name of ["result", "strokes"]) {
    [$(name).width, $(name).height] = [picture.width, picture.height];
  }
  $("result").getContext("2d").drawImage(picture, 0, 0);
}

/** The photograph through a mask, gray, as the result. */
function drawMasked(mask) {
  draw(mask);
  const context = $("result").getContext("2d");
  const levels = context.getImageData(0, 0, mask.width, mask.height);
  context.drawImage(original, 0, 0, mask.width, mask.height);
  const colors = context.getImageData(0, 0, mask.width, mask.height);
  for (let i = 0; i < colors.data.length; i += 4) colors.data[i + 3] = levels.data[i];
  context.putImageData(colors, 0, 0);
}

function choose(name) {
  return work(async () => {
    if (!tool && original) drawMasked(await image("mask"));
    tool = original ? name : "";
  });
}

function undo() {
  if (!strokes) return null;
  return work(async () => {
    drawMasked(await image("undo", "POST"));
    strokes -= 1;
  });
}

function decide(name) {
  return work(async () => {
    const answer = await ask(`/v1/review/${pictures[at].id}/${name}`, { method: "POST" });
    pictures[at].review = (await answer.json()).review;
    if (name === "accept") pictures[at].output ||= true;
  }).then(() => {
    if (!$("problem").textContent && at < pictures.length - 1) return show(at + 1);
    return null;
  });
}

// ------------------------------------------------------------------ the brush

function place(event) {
  const canvas = $("result");
  const box = canvas.getBoundingClientRect();
  const scale = Math.min(box.width / canvas.width, box.height / canvas.height);
  const left = box.left + (box.width - canvas.width * scale) / 2;
  const top = box.top + (box.height - canvas.height * scale) / 2;
  return [(event.clientX - left) / scale, (event.clientY - top) / scale, scale];
}

function paint(from, to) {
  const context = $("strokes").getContext("2d");
  context.strokeStyle = COLORS[tool];
  context.lineWidth = Number($("size").value) / to[2];
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.moveTo(from[0], from[1]);
  context.lineTo(to[0], to[1]);
  context.stroke();
}

let last = null;

$("result").addEventListener("pointerdown", (event) => {
  if (!tool || busy || event.button) return;
  $("result").setPointerCapture(event.pointerId);
  last = place(event);
  paint(last, last);
});
$("result").addEventListener("pointermove", (event) => {
  if (!last) return;
  const to = place(event);
  paint(last, to);
  last = to;
});
$("result").addEventListener("pointerup", () => {
  if (!last) return;
  last = null;
  work(async () => {
    const layer = await new Promise((done) => $("strokes").toBlob(done, "image/png"));
    try {
      drawMasked(await image("strokes", "POST", layer));
      strokes += 1;
    } finally {
      $("strokes").getContext("2d").clearRect(0, 0, 1e5, 1e5);
    }
  });
});

// ------------------------------------------------------------------ what is seen

function refresh() {
  const picture = pictures[at];
  $("count").textContent = t("%d of %d", pictures.length ? at + 1 : 0, pictures.length);
  $("key").textContent = picture?.key ?? "";
  $("certainty").textContent =
    picture?.certainty == null ? "" : t("%d percent certain", Math.round(picture.certainty * 100));
  $("remark").textContent = (picture?.warnings ?? []).join(" ");
  $("decision").textContent = { accepted: t("Accepted"), rejected: t("Rejected") }[picture?.review] ?? "";
  $("previous").disabled = at === 0;
  $("next").disabled = at >= pictures.length - 1;
  $("undo").disabled = strokes === 0;
  for (const name of ["keep", "drop"]) $(name).setAttribute("aria-pressed", String(tool === name));
  const list = $("queue");
  while (list.children.length < pictures.length) {
    const index = list.children.length;
    const button = document.createElement("button");
    button.type = "button";
    button.addEventListener("click", () => show(index));
    list.append(document.createElement("li"));
    list.lastChild.append(button);
  }
  pictures.forEach((each, index) => {
    const button = list.children[index].firstChild;
    button.textContent = each.key;
    button.className = each.review ?? "";
    if (index === at) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  });
  list.children[at]?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

const ACTIONS = {
  ArrowRight: () => show(at + 1), n: () => show(at + 1),
  ArrowLeft: () => show(at - 1), p: () => show(at - 1),
  k: () => choose("keep"), d: () => choose("drop"), z: undo,
  Enter: () => decide("accept"), a: () => decide("accept"), r: () => decide("reject"),
};
const BUTTONS = {
  next: "ArrowRight", previous: "ArrowLeft", keep: "k", drop: "d", undo: "z", accept: "a", reject: "r",
};

addEventListener("keydown", (event) => {
  const typing = event.target.matches?.("input, button") && [" ", "Enter", "ArrowLeft", "ArrowRight"];
  if (event.altKey || event.metaKey || (typing && typing.includes(event.key))) return;
  const action = ACTIONS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action || busy || !pictures.length) return;
  event.preventDefault();
  action();
});
for (const [id, key] of Object.entries(BUTTONS)) {
  $(id).addEventListener("click", () => {
    if (!busy && pictures.length) ACTIONS[key]();
    $(id).blur(); // so that the keyboard goes on deciding
  });
}

await loadTexts();
await work(async () => {
  if (!(await openSession())) {
    throw new Error(t("This link was used before, or is too old. Run \"mattebrush review\" again."));
  }
  stayInTouch(() => {});
  const told = await (await ask("/v1/review")).json();
  pictures = told.pictures;
  $("folder").textContent = told.folder;
});
if (pictures.length) await show(0);
