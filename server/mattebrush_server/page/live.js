// SPDX-License-Identifier: Apache-2.0
// The page of `mattebrush live`: the camera's frames go to the server on this machine and come
// back cut out. Everything can be said in the address, for a browser source of OBS (docs/video.md).

import { ask, onSignedOut, openSession, signIn, stayInTouch } from "./api.js";
import { loadTexts, t, translate } from "./texts.js";

const $ = (id) => document.getElementById(id);
const STORE = "mattebrush-live";
const ON_THEIR_WAY = 2; // frames: one is worked on while the other travels
const AGAIN = 1000; // milliseconds after which what failed is tried again
const NAME = crypto.getRandomValues(new Uint32Array(3)).join("-");

const address = new URLSearchParams(location.search);
const kept = JSON.parse(localStorage.getItem(STORE) ?? "{}");
const bare = address.get("bare") === "1";
const wanted = {
  width: Number(address.get("width")) || 854,
  height: Number(address.get("height")) || 480,
  rate: Number(address.get("rate")) || 30,
  step: Number(address.get("step")) || 0,
  camera: address.get("camera") ?? kept.camera ?? "",
  background: address.get("background") ?? kept.background ?? "transparent",
  mirror: (address.get("mirror") ?? (kept.mirror ? "1" : "0")) === "1",
};

const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
const grabbed = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const shown = $("out").getContext("2d");
let stream = null;
let onTheirWay = 0;
let newest = null; // when the camera took the frame that waits to be sent, or null
let sent = 0;
let drawn = 0;
let choose = null; // what the next frame is to say of the subject

// ------------------------------------------------------------------ the camera

async function openCamera() {
  stream?.getTracks().forEach((track) => track.stop());
  try {
    const size = { width: { ideal: wanted.width }, height: { ideal: wanted.height } };
    const frameRate = { ideal: wanted.rate };
    stream = await navigator.mediaDevices.getUserMedia({ video: { ...size, frameRate, ...(await device()) } });
  } catch (failure) {
    problem(cameraText(failure));
    setTimeout(openCamera, 3 * AGAIN);
    return;
  }
  problem("");
  video.srcObject = stream;
  stream.getVideoTracks()[0].onended = openCamera;
  await video.play();
  listCameras();
  video.requestVideoFrameCallback(tick);
}

/** The camera that was chosen, by its identity or a part of its name. */
async function device() {
  if (!wanted.camera) return {};
  const cameras = await listed();
  const found = cameras.find(({ deviceId }) => deviceId === wanted.camera)
    ?? cameras.find(({ label }) => label.toLowerCase().includes(wanted.camera.toLowerCase()));
  return found ? { deviceId: { exact: found.deviceId } } : {};
}

async function listed() {
  return (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
}

async function listCameras() {
  const own = stream.getVideoTracks()[0].getSettings().deviceId;
  const cameras = await listed();
  $("camera").replaceChildren(...cameras.map(({ deviceId, label }, at) => new Option(label || t("Camera %d", at + 1), deviceId)));
  $("camera").value = own;
}

function cameraText(failure) {
  const texts = {
    NotAllowedError: t("The camera may not be used. Allow it in the browser, beside the address."),
    NotFoundError: t("No camera was found. Connect one."),
    NotReadableError: t("The camera is in use elsewhere. Close the other program."),
  };
  return texts[failure.name] ?? String(failure.message);
}

// ------------------------------------------------------------------ frames

function tick(now, { captureTime, expectedDisplayTime }) {
  video.requestVideoFrameCallback(tick);
  newest = captureTime ?? expectedDisplayTime;
  if (onTheirWay < ON_THEIR_WAY) send();
}

function send() {
  const [taken, number] = [newest, (sent += 1)];
  newest = null;
  onTheirWay += 1;
  const frame = grab();
  const said = choose;
  choose = null;
  const query = new URLSearchParams({ width: frame.width, height: frame.height, rate: wanted.rate, step: wanted.step });
  query.set("background", wanted.background === "blur" ? "blur" : "transparent");
  if (said !== null) query.set("choose", said);
  exchange(frame, query)
    .then((back) => {
      if (number > drawn) show(new ImageData(back, frame.width, frame.height), number, taken);
      problem("");
    })
    .catch(async (failure) => {
      if (failure.status === 429) return; // left out
      if (failure.status !== 401) problem(failure.message || t("The server does not answer. Start it again: mattebrush live"));
      if (said !== null) choose ??= said;
      await new Promise((resume) => setTimeout(resume, AGAIN));
    })
    .finally(() => {
      onTheirWay -= 1;
      if (newest !== null) send();
    });
}

function grab() {
  const [width, height] = fitted(video.videoWidth, video.videoHeight);
  if (grabbed.canvas.width !== width || grabbed.canvas.height !== height) Object.assign(grabbed.canvas, { width, height });
  grabbed.setTransform(wanted.mirror ? -1 : 1, 0, 0, 1, wanted.mirror ? width : 0, 0);
  grabbed.drawImage(video, 0, 0, width, height);
  return grabbed.getImageData(0, 0, width, height);
}

/** A camera may give other sizes than it was asked for; what is worked on is no larger. */
function fitted(width, height) {
  const ratio = Math.min(1, Math.max(wanted.width / width, wanted.height / height));
  return [Math.max(2, Math.round(width * ratio)), Math.max(2, Math.round(height * ratio))];
}

async function exchange(frame, query) {
  const headers = { "Content-Type": "application/octet-stream" };
  const response = await ask(`/v1/live/${NAME}?${query}`, { method: "POST", body: frame.data, headers });
  const told = response.headers.get("Server-Timing") ?? "";
  document.body.dataset.step = /step;desc=(\d+)/.exec(told)?.[1] ?? "";
  $("anew").hidden = !told.includes("subject;desc=chosen");
  return new Uint8ClampedArray(await response.arrayBuffer());
}

function show(picture, number, taken) {
  drawn = number;
  const canvas = $("out");
  if (canvas.width !== picture.width || canvas.height !== picture.height) Object.assign(canvas, { width: picture.width, height: picture.height });
  shown.putImageData(picture, 0, 0);
  paced(taken);
}

// ------------------------------------------------------------------ how it goes

let times = [];
let delays = [];

function paced(taken) {
  const now = performance.now();
  delays.push(now - taken);
  times.push(now);
  if (now - times[0] < AGAIN) return;
  const rate = (1000 * (times.length - 1)) / (now - times[0]);
  const delay = delays.sort((a, b) => a - b)[delays.length >> 1];
  document.body.dataset.rate = rate.toFixed(1);
  document.body.dataset.delay = delay.toFixed(0);
  $("pace").textContent = t("%d a second, %d ms behind", Math.round(rate), Math.round(delay));
  [times, delays] = [[now], []];
}

function problem(text) {
  $("problem").hidden = !text;
  if ($("problem").textContent !== text) $("problem").textContent = text;
}

// ------------------------------------------------------------------ what the user says

/** A click on the picture: which subject. */
$("out").onclick = (event) => {
  const { left, top, width, height } = $("out").getBoundingClientRect();
  const scale = Math.min(width / $("out").width, height / $("out").height);
  const x = (event.clientX - left - (width - scale * $("out").width) / 2) / scale / $("out").width;
  const y = (event.clientY - top - (height - scale * $("out").height) / 2) / scale / $("out").height;
  if (x < 0 || y < 0 || x > 1 || y > 1) return;
  choose = `${x.toFixed(4)},${y.toFixed(4)}`;
};

function followAgain() {
  choose = "nothing";
}

$("anew").onclick = followAgain;
addEventListener("keydown", ({ key }) => key === "Escape" && followAgain());

/** Behind the cut-out: a color, a picture's address, or nothing; blur comes from the server. */
function setBackground(value) {
  wanted.background = value;
  const picture = value.startsWith("blob:");
  $("out").style.backgroundImage = picture ? `url("${value}")` : "";
  $("out").style.backgroundColor = ["transparent", "blur"].includes(value) || picture ? "" : value;
  for (const radio of document.querySelectorAll("[name=background]")) {
    radio.checked = radio.value === value || (radio.value === "color" && /^#/.test(value));
  }
  if (/^#[0-9a-f]{6}$/i.test(value)) $("color").value = value;
  if (!picture) keep();
}

for (const radio of document.querySelectorAll("[name=background]")) {
  radio.onchange = () => setBackground(radio.value === "color" ? $("color").value : radio.value);
}
$("color").oninput = () => setBackground($("color").value);
$("own").onclick = () => $("own-file").click();
$("own-file").onchange = ({ target }) => target.files[0] && setBackground(URL.createObjectURL(target.files[0]));
$("mirror").onchange = () => {
  wanted.mirror = $("mirror").checked;
  keep();
};
$("camera").onchange = () => {
  wanted.camera = $("camera").value;
  keep();
  openCamera();
};

/** What was chosen here is so the next time; a bare page goes by its address alone. */
function keep() {
  const { camera, background, mirror } = wanted;
  if (!bare) localStorage.setItem(STORE, JSON.stringify({ camera, background, mirror }));
}

// ------------------------------------------------------------------ go

/** By the link's key, or the token, which a program that opens the page again and again needs. */
async function enter() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return openSession();
  await signIn(token).catch((failure) => problem(failure.message));
  return Boolean(sessionStorage.length);
}

function showSignedOut() {
  problem(t("Open this page by the link that \"mattebrush live\" prints."));
}

document.body.classList.toggle("bare", bare);
$("mirror").checked = wanted.mirror;
setBackground(wanted.background);
onSignedOut(showSignedOut);
await loadTexts();
translate(document.body);
if (await enter()) {
  stayInTouch(() => {});
  await openCamera();
} else showSignedOut();
