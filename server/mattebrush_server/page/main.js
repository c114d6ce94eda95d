// SPDX-License-Identifier: Apache-2.0
// The page: pictures come in, tools and buttons act on the one that is shown.

import * as api from "./api.js";
import { Picture } from "./picture.js";
import { Viewer } from "./viewer.js";
import { makeZip } from "./zip.js";

const $ = (id) => document.getElementById(id);
const PRESETS = [
  ["Transparent", null], ["White", "#ffffff"], ["Black", "#000000"],
  ["Red", "#e03131"], ["Green", "#2f9e44"], ["Blue", "#1971c2"],
];
const ENDINGS = { png: ".png", webp: ".webp", jpg: ".jpg", mask: "-mask.png" };
const STAGES = {
  segmentation: "Finding the subject", matting: "Working out the edge", retouch: "Finishing the mask",
  decontamination: "Cleaning the colours",
};

const pictures = [];
let shown = null;
let promptModel = null;
let ownBackground = null;

const viewer = new Viewer($("picture"), {
  zoomed: (factor) => ($("zoom-value").textContent = `${Math.round(factor * 100)} %`),
  stroke: (stroke) => shown?.paint(stroke),
  click: (at, label) => shown && choose(at, label),
});

// ------------------------------------------------------------------ start

async function start() {
  if (!(await api.openSession())) return showSignIn();
  try {
    const models = await api.models();
    promptModel = models.find((model) => model.kind === "prompt" && model.installed) ?? null;
  } catch (failure) {
    if (failure.status === 401) return showSignIn();
    return say(failure.message, true);
  }
  $("sign-in").hidden = true;
  $("choose-tool").hidden = !promptModel;
  refresh();
}

function showSignIn() {
  for (const id of ["empty", "editor", "add"]) $(id).hidden = true;
  $("sign-in").hidden = false;
  $("token").focus();
}

$("token-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await api.useToken($("token").value.trim());
    $("token").value = "";
    await start();
  } catch (failure) {
    $("sign-in-error").textContent = failure.message;
  }
});

// ------------------------------------------------------------------ pictures in

function add(files) {
  if (!$("sign-in").hidden) return;
  const fresh = [...files].map((file) => new Picture(file, update));
  for (const picture of fresh) {
    picture.problem = (message) => say(message, true);
    picture.start();
  }
  pictures.push(...fresh);
  if (fresh.length) show(fresh[0]);
  say(fresh.length === 1 ? "One picture added." : `${fresh.length} pictures added.`);
}

$("pick").onclick = $("add").onclick = () => $("files").click();
$("files").onchange = (event) => {
  add(event.target.files);
  event.target.value = "";
};
addEventListener("paste", (event) => add(event.clipboardData?.files ?? []));
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dragging");
});
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("dragging");
});
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dragging");
  add(event.dataTransfer.files);
});

function remove(picture) {
  picture.forget();
  const at = pictures.indexOf(picture);
  pictures.splice(at, 1);
  if (picture === shown) show(pictures[Math.min(at, pictures.length - 1)] ?? null);
  else refresh();
}

// ------------------------------------------------------------------ what is shown

function show(picture) {
  shown = picture;
  if (picture) {
    for (const [id, name] of Object.entries(SLIDERS)) $(id).value = picture.adjust[name];
    writeSliders();
  }
  refresh();
  viewer.fit();
}

function update(picture) {
  if (picture === shown) showState();
  showStrip();
}

function refresh() {
  $("empty").hidden = Boolean(pictures.length);
  $("editor").hidden = $("add").hidden = !pictures.length;
  showState();
  showStrip();
}

function showState() {
  const picture = shown;
  const working = picture?.state === "working" || picture?.state === "waiting";
  const cutout = picture?.preview ?? picture?.cutout ?? null;
  if (picture?.cutout && viewer.original === picture.original && viewer.width === picture.cutout.width
      && viewer.height === picture.cutout.height) {
    viewer.preview(cutout);
  } else {
    viewer.show(picture?.original ?? null, picture?.cutout ?? null);
    if (cutout) viewer.preview(cutout);
  }
  viewer.marks = picture?.points ?? [];
  viewer.strokes = picture?.strokes ?? [];
  $("busy").hidden = !working;
  $("busy").classList.toggle("aside", Boolean(picture?.version)); // one goes on painting meanwhile
  $("stage-name").textContent = stageName(picture?.stage);
  if (picture?.fraction) $("progress").value = picture.fraction;
  else $("progress").removeAttribute("value");
  $("failure").hidden = !["failed", "cancelled"].includes(picture?.state);
  $("failure-text").textContent = picture?.state === "cancelled" ? "Cancelled." : picture?.failure;
  $("undo").disabled = working || !(picture?.versions.length > 1);
  $("redo").disabled = working || !picture?.undone.length;
  for (const button of document.querySelectorAll("[data-save]")) {
    button.disabled = button.dataset.save === "all" ? !done().length : !picture?.version;
  }
  $("picture").setAttribute("aria-label", picture ? `${picture.name}: ${spoken(picture)}` : "No picture");
  if (picture && spoken(picture) !== picture.told) say((picture.told = spoken(picture)));
}

function stageName(stage = "") {
  const name = STAGES[stage] ?? stage;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function spoken(picture) {
  const texts = { done: "done", failed: `failed. ${picture.failure}`, cancelled: "cancelled" };
  return texts[picture.state] ?? "working";
}

function done() {
  return pictures.filter((picture) => picture.version);
}

function showStrip() {
  const strip = $("strip");
  while (strip.children.length > pictures.length) strip.lastChild.remove();
  pictures.forEach((picture, at) => {
    const entry = strip.children[at] ?? strip.appendChild(stripEntry());
    const [open, close] = entry.querySelectorAll("button");
    const bar = entry.querySelector("progress");
    const image = entry.querySelector("img");
    if (image.src !== picture.thumbnail) image.src = picture.thumbnail;
    image.onerror = () => (image.hidden = true);
    entry.className = picture.state;
    open.setAttribute("aria-label", `${picture.name}, ${spoken(picture)}`);
    open.setAttribute("aria-current", picture === shown);
    open.onclick = () => show(picture);
    close.setAttribute("aria-label", `Remove ${picture.name}`);
    close.onclick = () => remove(picture);
    bar.hidden = !["working", "waiting"].includes(picture.state);
    bar.value = picture.fraction;
  });
}

function stripEntry() {
  const entry = document.createElement("li");
  entry.innerHTML = '<button class="open" type="button"><img alt=""></button><progress max="1"></progress>'
    + '<button class="remove" type="button">&times;</button>';
  return entry;
}

let toastTimer;
function say(text, alarm = false) {
  $(alarm ? "toast" : "status").textContent = text;
  if (!alarm) return;
  $("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => ($("toast").hidden = true), 8000);
}

// ------------------------------------------------------------------ tools

const SLIDERS = { feather: "feather", shift: "shift_edge", shadow: "shadow" };
const UNITS = { feather: "px", shift: "px", shadow: "%", brush: "px" };

function writeSliders() {
  for (const [id, unit] of Object.entries(UNITS)) $(`${id}-value`).textContent = `${$(id).value} ${unit}`;
}

let adjustTimer;
for (const [id, name] of Object.entries(SLIDERS)) {
  $(id).oninput = () => {
    writeSliders();
    if (!shown) return;
    shown.adjust[name] = Number($(id).value);
    clearTimeout(adjustTimer);
    adjustTimer = setTimeout(async () => {
      if (!shown?.version) return;
      await shown.showAdjusted();
      update(shown);
    }, 120);
  };
}
$("brush").oninput = () => {
  viewer.brush = Number($("brush").value);
  writeSliders();
};
$("compare").oninput = () => {
  viewer.compare = $("compare").value / 100;
  viewer.draw();
};
for (const input of document.querySelectorAll("[name=tool]")) {
  input.onchange = () => {
    viewer.tool = input.value;
    $("picture").style.cursor = { hand: "grab", choose: "crosshair" }[input.value] ?? "none";
  };
}
$("undo").onclick = () => shown?.undo();
$("redo").onclick = () => shown?.redo();
$("cancel").onclick = () => shown?.cancel();
$("retry").onclick = () => shown?.retry();
$("zoom-in").onclick = () => viewer.zoom(viewer.scale * 1.4);
$("zoom-out").onclick = () => viewer.zoom(viewer.scale / 1.4);
$("zoom-fit").onclick = () => viewer.fit();
$("zoom-full").onclick = () => viewer.zoom(1);

function choose(at, label) {
  if (shown.state !== "done" && shown.state !== "failed") return;
  shown.points.push([...at, label]);
  shown.start({ op: "remove", model: promptModel.id, prompt: { points: shown.points } });
}

function selectTool(name) {
  const input = document.querySelector(`[name=tool][value=${name}]`);
  input.checked = true;
  input.onchange();
}

function sizeBrush(factor) {
  $("brush").value = Math.round($("brush").value * factor);
  $("brush").oninput();
}

const KEYS = {
  h: () => selectTool("hand"), k: () => selectTool("keep"), e: () => selectTool("erase"),
  "+": () => viewer.zoom(viewer.scale * 1.4), "=": () => viewer.zoom(viewer.scale * 1.4),
  "-": () => viewer.zoom(viewer.scale / 1.4), 0: () => viewer.fit(), 1: () => viewer.zoom(1),
  "[": () => sizeBrush(0.8), "]": () => sizeBrush(1.25),
};

addEventListener("keydown", (event) => {
  if (event.target.matches("input[type=password], input[type=range]") || event.altKey) return;
  if (event.ctrlKey || event.metaKey) {
    if (event.key.toLowerCase() !== "z") return;
    if (event.shiftKey) shown?.redo();
    else shown?.undo();
    event.preventDefault();
  } else if (KEYS[event.key]) {
    KEYS[event.key]();
  }
});

// ------------------------------------------------------------------ background

function buildBackgrounds() {
  for (const [name, colour] of PRESETS) {
    const label = document.createElement("label");
    label.innerHTML = '<input type="radio" name="background"><span></span>';
    const [input, swatch] = label.children;
    input.setAttribute("aria-label", name);
    label.title = name;
    input.checked = colour === null;
    swatch.style.background = colour ?? "repeating-conic-gradient(var(--check-a) 0 25%, var(--check-b) 0 50%) 0 0 / 12px 12px";
    input.onchange = () => setBackground(colour);
    $("backgrounds").append(label);
  }
}

function setBackground(colour, bitmap = null, file = null) {
  viewer.background = bitmap ?? colour;
  ownBackground = file ?? colour;
  viewer.draw();
}

function uncheckPresets() {
  for (const input of document.querySelectorAll("[name=background]")) input.checked = false;
}

$("colour").oninput = () => {
  uncheckPresets();
  setBackground($("colour").value);
};
$("own").onclick = () => $("own-file").click();
$("own-file").onchange = async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  try {
    setBackground(null, await createImageBitmap(file), file);
    uncheckPresets();
  } catch {
    say("That picture cannot be opened.", true);
  }
};

// ------------------------------------------------------------------ download

for (const button of document.querySelectorAll("[data-save]")) {
  button.onclick = async () => {
    button.disabled = true;
    try {
      if (button.dataset.save === "all") await saveAll();
      else await saveOne(shown, button.dataset.save);
    } catch (failure) {
      say(failure.message, true);
    } finally {
      button.disabled = false;
    }
  };
}

async function saveOne(picture, format) {
  deliver(await picture.save(format, ownBackground), picture.name + ENDINGS[format]);
}

async function saveAll() {
  const entries = [];
  for (const picture of done()) entries.push([picture.name + ENDINGS.png, await picture.save("png")]);
  deliver(await makeZip(entries), "mattebrush.zip");
}

function deliver(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  say(`${name} saved.`);
}

buildBackgrounds();
writeSliders();
start();
