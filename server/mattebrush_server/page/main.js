// SPDX-License-Identifier: Apache-2.0
// The page: pictures come in, tools and buttons act on the one that is shown.

import * as api from "./api.js";
import { BLURRED } from "./blur.js";
import { download } from "./consent.js";
import { FRAMES, placed } from "./frame.js";
import { cutOutMovie, isMovie } from "./movie.js";
import { ObjectsPanel, nameOf } from "./objects.js";
import { Picture } from "./picture.js";
import { LANGUAGES, language, loadTexts, t, translate, useLanguage } from "./texts.js";
import { Viewer } from "./viewer.js";
import { failureText, stageText, timeLeft, worthTrying } from "./words.js";
import * as workshop from "./workshop.js";
import { makeZip } from "./zip.js";

const $ = (id) => document.getElementById(id);
const SWATCHES = [
  ["Transparent", null], ["Blurred", BLURRED], ["White", "#ffffff"], ["Black", "#000000"],
  ["Red", "#e03131"], ["Green", "#2f9e44"], ["Blue", "#1971c2"],
];
const PATTERNS = {
  "": "repeating-conic-gradient(var(--check-a) 0 25%, var(--check-b) 0 50%) 0 0 / 12px 12px",
  [BLURRED]: "radial-gradient(circle at 35% 35%, #ffd8a8, #74c0fc 45%, #2b8a3e)",
};
const ENDINGS = { png: "-cutout.png", webp: "-cutout.webp", jpg: "-cutout.jpg", mask: "-mask.png" };

/** The lists of models: which belong in each, and where the browser keeps what was chosen. */
const MODELS = {
  model: { fits: (model) => model.kind === "salient", kept: "mattebrush-model" },
  "prompt-model": { fits: (model) => model.prompts, kept: "mattebrush-prompt-model" },
};

const pictures = [];
let shown = null;
let models = [];

const viewer = new Viewer($("picture"), {
  zoomed: (factor) => ($("zoom-value").textContent = `${Math.round(factor * 100)} %`),
  compared: showLine,
  stroke: (stroke) => shown?.paint(stroke),
  hovered: (at) => panel.point(at ? panel.at(...at) : -1),
  click: ([x, y], label) => (viewer.tool === "pick" ? panel.toggle(panel.at(x, y)) : choose((picture) => picture.points.push([x, y, label]))),
  box: (box) => choose((picture) => (picture.boxes = [box])),
  framed: (box) => setFrame({ kind: "free", box }),
});

const panel = new ObjectsPanel(
  { list: $("object-list"), actions: $("object-actions"), merge: $("merge"), tool: $("pick-tool") },
  {
    changed: (list) => shown?.keepObjects(list),
    draw: (over) => {
      viewer.over = over;
      viewer.draw();
    },
    select: selectTool,
  },
);

// ------------------------------------------------------------------ start

async function start() {
  if (!(await api.openSession())) return showSignIn();
  try {
    await loadModels();
  } catch (failure) {
    if (failure.status === 401) return showSignIn();
    return say(failureText(failure), true);
  }
  $("sign-in").hidden = true;
  refresh();
}

function showSignIn() {
  $("empty").hidden = true;
  $("sign-in").hidden = false;
  $("token").focus();
}

api.onSignedOut(showSignIn);
addEventListener("hashchange", () => location.hash && start()); // the link was pasted into this tab

$("token-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("sign-in-error").textContent = "";
  try {
    await api.signIn($("token").value.trim());
    $("token").value = "";
    await start();
  } catch (failure) {
    $("sign-in-error").textContent = failureText(failure);
  }
});

function buildLanguages() {
  for (const [name, title] of Object.entries(LANGUAGES)) $("language").add(new Option(title, name));
  $("language").value = language;
  $("language").onchange = async () => {
    await useLanguage($("language").value, true);
    showModels();
    writeSliders();
    refresh();
  };
}

// ------------------------------------------------------------------ pictures in

function add(files) {
  if (!$("sign-in").hidden || !files.length) return;
  const movie = [...files].find(isMovie);
  if (movie) cutOutMovie(movie);
  files = [...files].filter((file) => !isMovie(file));
  if (!files.length) return;
  const look = shown?.look ?? {};
  const fresh = [...files].map((file) => new Picture(file, { changed: update, problem }, look));
  pictures.push(...fresh);
  for (const picture of fresh) {
    picture.peek();
    picture.start($("model").value);
  }
  show(fresh[0]);
  say(fresh.length === 1 ? t("One picture added.") : t("%d pictures added.", fresh.length));
}

$("pick").onclick = $("add").onclick = () => $("files").click();
$("files").onchange = (event) => {
  add(event.target.files);
  event.target.value = "";
};
addEventListener("paste", (event) => {
  if (event.target.matches?.("input")) return;
  take(event.clipboardData);
});
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
  take(event.dataTransfer);
});

/** Pictures that were dropped or pasted; a link is not followed, and one is told so. */
function take(transfer) {
  if (transfer?.files.length) return add(transfer.files);
  const text = transfer?.getData("text/uri-list") || transfer?.getData("text/plain") || "";
  if (/^(https?|file):/.test(text.trim())) {
    say(t("This is a link. Nothing is fetched from the web here: save the picture, then drop its file."), true);
  }
  return undefined;
}

function remove(picture) {
  picture.forget();
  const at = pictures.indexOf(picture);
  pictures.splice(at, 1);
  if (picture === shown) show(pictures[Math.min(at, pictures.length - 1)] ?? null);
  else refresh();
}

// ------------------------------------------------------------------ what is shown

function show(picture) {
  if (picture !== shown) shown?.close();
  shown = picture;
  if (picture) {
    for (const id of Object.keys(UNITS)) if (id in picture.adjust) $(id).value = picture.adjust[id];
    writeSliders();
    showLook();
    picture.sharpWanted = sharpWanted();
    picture.open();
  }
  refresh();
  viewer.fit();
}

function step(by) {
  const next = pictures[pictures.indexOf(shown) + by];
  if (next) show(next);
}

function update(picture) {
  if (picture === shown) showState();
  showStrip();
}

function refresh() {
  $("empty").hidden = Boolean(pictures.length) || !$("sign-in").hidden;
  $("editor").hidden = $("add").hidden = !pictures.length;
  $("for-all-label").hidden = pictures.length < 2;
  showState();
  showStrip();
}

function showState() {
  const picture = shown;
  const busy = Boolean(picture?.busy);
  showBitmaps(picture);
  $("busy").hidden = !busy;
  $("busy").classList.toggle("aside", Boolean(picture?.version)); // one goes on painting meanwhile
  $("stage-name").textContent = stageText(picture?.stage);
  if (picture?.fraction) $("progress").value = picture.fraction;
  else $("progress").removeAttribute("value");
  const passed = (performance.now() - (picture?.started ?? 0)) / 1000;
  $("time-left").textContent = busy ? timeLeft(passed, picture.fraction) : "";
  $("failure").hidden = !["failed", "canceled"].includes(picture?.state);
  $("failure-text").textContent = picture?.state === "failed" ? failureText(picture.failure) : t("Canceled.");
  $("retry").hidden = picture?.state === "failed" && !worthTrying(picture.failure);
  $("undo").disabled = !picture?.canUndo;
  $("redo").disabled = !picture?.canRedo;
  for (const button of document.querySelectorAll("[data-save]")) {
    button.disabled = button.dataset.save === "all" ? !done().length : !picture?.version;
  }
  $("copy").disabled = !picture?.version;
  $("split").disabled = !picture || busy;
  panel.show(picture);
  $("picture").setAttribute("aria-label", picture ? `${picture.name}: ${spoken(picture)}` : t("No picture"));
  if (picture && spoken(picture) !== picture.told) say((picture.told = spoken(picture)));
}

function showBitmaps(picture) {
  const size = picture?.version?.files ?? picture?.original;
  viewer.marks = picture?.points ?? [];
  viewer.boxes = picture?.boxes ?? [];
  viewer.strokes = picture?.strokes ?? [];
  viewer.frame = picture?.cutout ? framed(picture) : null;
  viewer.background = picture ? shownBackground(picture) : null;
  viewer.aligned = picture?.look.background === BLURRED;
  viewer.show(picture?.original ?? null, picture?.preview ?? picture?.cutout ?? null, size);
}

function framed(picture) {
  const { frame } = picture.look;
  if (frame.kind === "whole") return null;
  return placed(frame, picture.subject, picture.version.files).box;
}

function spoken(picture) {
  if (picture.state === "failed") return failureText(picture.failure);
  return t({ done: "done", canceled: "canceled" }[picture.state] ?? "working");
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
    image.hidden = !picture.thumbnail;
    if (picture.thumbnail && image.src !== picture.thumbnail) image.src = picture.thumbnail;
    entry.className = picture.state;
    open.setAttribute("aria-label", `${picture.name}, ${spoken(picture)}`);
    open.setAttribute("aria-current", picture === shown);
    open.onclick = () => show(picture);
    close.setAttribute("aria-label", t("Remove %s", picture.name));
    close.onclick = () => remove(picture);
    bar.hidden = !picture.busy;
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

function problem(failure, picture, what) {
  const kept = what === "strokes" ? t("Your strokes stand as you painted them.") : "";
  say([`${picture.name}: ${failureText(failure)}`, kept].filter(Boolean).join(" "), true);
}

// ------------------------------------------------------------------ tools

const UNITS = { feather: "px", shift: "px", shadow: "%", brush: "px" };

function writeSliders() {
  for (const [id, unit] of Object.entries(UNITS)) $(`${id}-value`).textContent = `${$(id).value} ${unit}`;
}

let adjustTimer;
for (const id of ["feather", "shift", "shadow"]) {
  $(id).oninput = () => {
    writeSliders();
    if (!shown) return;
    shown.adjust[id] = Number($(id).value);
    shown.saved = false;
    clearTimeout(adjustTimer);
    adjustTimer = setTimeout(() => shown?.showAdjusted(), 60);
  };
}
$("brush").oninput = () => {
  viewer.brush = Number($("brush").value);
  viewer.draw();
  writeSliders();
};
for (const input of document.querySelectorAll("[name=tool]")) {
  input.onchange = () => {
    viewer.tool = input.value;
    viewer.draw();
    $("prompt-model-label").hidden = input.value !== "choose";
    shown?.sharpen(sharpWanted());
    $("picture").style.cursor = { hand: "grab", choose: "crosshair", crop: "crosshair", pick: "pointer" }[input.value] ?? "none";
  };
}
$("undo").onclick = () => shown?.undo();
$("redo").onclick = () => shown?.redo();
$("cancel").onclick = () => shown?.cancel();
$("retry").onclick = () => shown?.retry();
$("put-away").onclick = () => shown && remove(shown);
$("zoom-in").onclick = () => viewer.zoom(viewer.scale * 1.4);
$("zoom-out").onclick = () => viewer.zoom(viewer.scale / 1.4);
$("zoom-fit").onclick = () => viewer.fit();
$("zoom-full").onclick = () => viewer.zoom(1);

function choose(mark) {
  if (!shown || shown.busy) return;
  mark(shown);
  shown.start($("prompt-model").value);
}

function selectTool(name) {
  const input = document.querySelector(`[name=tool][value=${name}]`);
  if (input.closest("label").hidden) return;
  input.checked = true;
  input.onchange();
}

function sizeBrush(factor) {
  $("brush").value = Math.round($("brush").value * factor);
  $("brush").oninput();
}

const KEYS = {
  h: () => selectTool("hand"), k: () => selectTool("keep"), d: () => selectTool("drop"),
  e: () => selectTool("drop"), g: () => selectTool("hair"), c: () => selectTool("choose"),
  x: () => selectTool("crop"), o: () => selectTool("pick"),
  "+": () => viewer.zoom(viewer.scale * 1.4), "=": () => viewer.zoom(viewer.scale * 1.4),
  "-": () => viewer.zoom(viewer.scale / 1.4), 0: () => viewer.fit(), 1: () => viewer.zoom(1),
  "[": () => sizeBrush(0.8), "]": () => sizeBrush(1.25),
  PageDown: () => step(1), PageUp: () => step(-1),
};
const CONTROL_KEYS = {
  z: (event) => (event.shiftKey ? shown?.redo() : shown?.undo()),
  y: () => shown?.redo(),
  s: () => document.querySelector("[data-save=png]").click(),
};

addEventListener("keydown", (event) => {
  if (event.altKey || event.target.matches("input[type=password], input[type=text], select, dialog *")) return;
  if (event.target.matches("input[type=range]") && event.key.startsWith("Page")) return; // its own
  const control = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const act = (control ? CONTROL_KEYS : KEYS)[key];
  if (!act) return;
  act(event);
  event.preventDefault();
});

// ------------------------------------------------------------------ before and after

$("compare").onclick = () => {
  viewer.compare = viewer.compare === null ? 0.5 : null;
  $("compare").setAttribute("aria-pressed", viewer.compare !== null);
  viewer.draw();
  shown?.sharpen(sharpWanted());
};

/** Whether the original is seen at all beside the cut-out: comparing, and under keep strokes. */
function sharpWanted() {
  return viewer.compare !== null || viewer.tool === "keep";
}

function showLine(place) {
  const line = $("line");
  line.hidden = !place;
  if (!place) return;
  line.style.left = `${place.x}px`;
  line.style.top = `${place.y}px`;
  line.setAttribute("aria-valuenow", Math.round(100 * viewer.compare));
}

$("line").onpointerdown = (event) => $("line").setPointerCapture(event.pointerId);
$("line").onpointermove = (event) => {
  if ($("line").hasPointerCapture(event.pointerId)) viewer.compareAt(event.clientX);
};
$("line").onkeydown = (event) => {
  const by = { ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02, Home: -1, End: 1 }[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  viewer.compare = Math.min(1, Math.max(0, viewer.compare + by));
  viewer.draw();
};

// ------------------------------------------------------------------ models

async function loadModels() {
  models = await api.models();
  showModels();
}

/** What is here first, then what can be had. */
function showModels() {
  for (const id of Object.keys(MODELS)) listModels(id, $(id).value || localStorage.getItem(MODELS[id].kept) || "");
  $("choose-tool").hidden = !models.some((model) => model.prompts && model.installed);
}

function listModels(id, chosen) {
  const group = (label) => Object.assign(document.createElement("optgroup"), { label });
  const here = group(t("Ready"));
  const elsewhere = group(t("To download"));
  here.append(new Option(t("Built in"), ""));
  for (const model of models.filter((each) => MODELS[id].fits(each) && !each.embedded)) {
    (model.installed ? here : elsewhere).append(new Option(model.name, model.id));
  }
  const select = $(id);
  select.replaceChildren(here, ...(elsewhere.children.length ? [elsewhere] : []));
  select.value = chosen;
  if (!select.value || !modelIn(select)?.installed) select.value = "";
}

function modelIn(select) {
  return models.find(({ id }) => id === select.value);
}

/** Takes what was chosen in a list, after it was downloaded where it has to be; whether that worked. */
async function takeModel(select) {
  const model = modelIn(select);
  if (model && !model.installed) {
    if (!(await download(model))) {
      select.value = "";
      return false;
    }
    await loadModels();
    select.value = model.id;
  }
  localStorage.setItem(MODELS[select.id].kept, select.value);
  return Boolean(shown) && !shown.busy;
}

$("model").onchange = async () => {
  if (!(await takeModel($("model")))) return;
  [shown.points, shown.boxes] = [[], []];
  shown.start($("model").value);
};
$("prompt-model").onchange = async () => {
  if (!(await takeModel($("prompt-model")))) return;
  if (shown.points.length || shown.boxes.length) shown.start($("prompt-model").value);
};

// ------------------------------------------------------------------ background and crop

const bitmaps = new Map(); // of background files, by file

function buildBackgrounds() {
  for (const [name, color] of SWATCHES) {
    const label = document.createElement("label");
    label.innerHTML = '<input type="radio" name="background"><span></span>';
    const [input, swatch] = label.children;
    input.setAttribute("aria-label", name);
    input.value = color ?? "";
    label.title = name;
    swatch.style.background = PATTERNS[color ?? ""] ?? color;
    input.onchange = () => setLook({ background: color });
    $("backgrounds").append(label);
  }
  for (const [kind, { name }] of Object.entries(FRAMES)) {
    const option = new Option(name, kind);
    option.dataset.t = name;
    $("frame").add(option);
  }
}

/** Changes the look of the picture that is shown, or of all. */
function setLook(part) {
  for (const picture of $("for-all").checked ? pictures : [shown].filter(Boolean)) {
    picture.look = { ...picture.look, ...part };
    picture.saved = false;
  }
  showLook();
  if (!shown) return;
  showState();
  shown.showBlurred();
}

function setFrame(frame) {
  const { background } = FRAMES[frame.kind];
  setLook(background ? { frame, background } : { frame });
  viewer.fit();
}

function showLook() {
  const { background, frame } = shown?.look ?? {};
  for (const input of document.querySelectorAll("[name=background]")) {
    input.checked = !(background instanceof Blob) && input.value === (background ?? "");
  }
  $("frame").value = frame?.kind ?? "whole";
}

function shownBackground({ look: { background }, blurred }) {
  if (background === BLURRED) return blurred ?? null;
  return background instanceof Blob ? bitmaps.get(background) ?? null : background;
}

$("for-all").onchange = () => shown && $("for-all").checked && setLook(shown.look);
$("frame").onchange = () => {
  if ($("frame").value === "free") selectTool("crop");
  setFrame({ kind: $("frame").value });
};
$("color").oninput = () => setLook({ background: $("color").value });
$("own").onclick = () => $("own-file").click();
$("own-file").onchange = async (event) => {
  let [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  try {
    const bitmap = await createImageBitmap(file).catch(async () => {
      file = await api.shown(file); // TIFF and HEIC, say
      return createImageBitmap(file);
    });
    bitmaps.set(file, bitmap);
    setLook({ background: file });
  } catch (failure) {
    say(failure.code ? failureText(failure) : t("That picture cannot be opened."), true);
  }
};

// ------------------------------------------------------------------ download

for (const button of document.querySelectorAll("[data-save]")) {
  button.onclick = () => working(button, async () => {
    if (button.dataset.save === "all") await saveAll();
    else await saveOne(shown, button.dataset.save);
  });
}

async function working(button, task) {
  button.disabled = true;
  try {
    await task();
  } catch (failure) {
    const texts = { format: t("This browser cannot write that format. Take PNG.") };
    say(texts[failure.message] ?? failureText(failure), true);
  } finally {
    button.disabled = false;
  }
}

$("split").onclick = () => shown && !shown.busy && shown.split($("words").value.trim());
$("words").onkeydown = (event) => {
  if (event.key === "Enter") $("split").click(); // no value given back: false would swallow the key
};
$("save-objects").onclick = () => working($("save-objects"), async () => {
  const picture = shown;
  const entries = [];
  for (const one of picture.version.objects.list) {
    entries.push([`${picture.name}-${nameOf(one).replace(/[\\/:*?"<>|]/g, "-")}.png`, await picture.objectFile(one)]);
  }
  deliver(await makeZip(entries), `${picture.name}-objects.zip`);
});

async function saveOne(picture, format) {
  deliver(await picture.save(format), picture.name + ENDINGS[format]);
}

async function saveAll() {
  const entries = [];
  for (const picture of done()) {
    say(t("Saving %s", picture.name));
    entries.push([picture.name + ENDINGS.png, await picture.save("png")]);
  }
  deliver(await makeZip(entries), "mattebrush-cutouts.zip");
}

function deliver(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  say(t("%s saved.", name));
}

$("copy").hidden = !navigator.clipboard?.write;
$("copy").onclick = () => working($("copy"), async () => {
  // The promise goes in at once: Safari forgets the click while one waits.
  await navigator.clipboard.write([new ClipboardItem({ "image/png": shown.save("png") })]);
  say(t("Copied."));
  $("toast").hidden = true;
});

addEventListener("beforeunload", (event) => {
  if (pictures.some((picture) => picture.busy || !picture.saved)) event.preventDefault();
});

// ------------------------------------------------------------------ a phone

$("phone").onclick = async () => {
  try {
    const { links, qr } = await api.phoneLink();
    $("phone-link").textContent = links[0];
    $("qr").setAttribute("viewBox", `0 0 ${qr.size} ${qr.size}`);
    $("qr").innerHTML = `<path stroke="#000" d="${qr.path}"/>`;
    $("phone-dialog").showModal();
  } catch (failure) {
    say(failureText(failure), true);
  }
};

// ------------------------------------------------------------------ go

workshop.open();
buildBackgrounds();
writeSliders();
await loadTexts();
buildLanguages();
translate(document.body);
await start();
api.stayInTouch(({ remote }) => ($("phone").hidden = !remote));
