// SPDX-License-Identifier: Apache-2.0
// The page's worker: everything that touches every pixel of a picture. Keeps nothing between tasks.
// A version of a cut-out comes as { png, mask, patches: [{ box, png, mask }] }: files, and what
// strokes have changed of them since. `original` is the picture's own file, or one like it.

import { BLURRED, SIDE, blurredBackground } from "./blur.js";
import { adjusted, dropShadow } from "./edge.js";
import { covering, placed, subjectBox, union } from "./frame.js";
import { chosen, labels } from "./parts.js";
import { readPng, writePng } from "./png.js";
import { SAYS, coverage, strokeBox } from "./stroke.js";

const MEDIA = { png: "image/png", webp: "image/webp", jpg: "image/jpeg" };
const QUALITY = 0.95;

// ------------------------------------------------------------------ versions of a cut-out

/** A file with its patches put in: pixels as `readPng` gives them. */
async function patched(version, part) {
  const whole = await readPng(version[part]);
  for (const patch of version.patches) paste(whole, await readPng(patch[part]), patch.box);
  return whole;
}

function paste(whole, part, box) {
  for (let y = 0; y < box.height; y++) {
    const row = part.data.subarray(y * box.width * part.channels, (y + 1) * box.width * part.channels);
    whole.data.set(row, ((box.y + y) * whole.width + box.x) * whole.channels);
  }
}

/** What the engine is to be told: the mask as it stands, and with strokes. */
async function strokeMasks({ version, strokes }) {
  const mask = await patched(version, "mask");
  const previous = version.patches.length ? await writePng(mask) : version.mask;
  for (const stroke of strokes) blend(mask, stroke, () => {});
  return { previous, mask: await writePng(mask) };
}

/** Puts a stroke into a mask; `each` is called with every pixel it covers, and how far. */
function blend(mask, stroke, each) {
  const box = strokeBox(stroke, mask.width, mask.height);
  if (!box) return;
  const full = mask.depth === 16 ? 65535 : 255;
  const covered = coverage(stroke, box);
  for (let i = 0; i < covered.length; i++) {
    if (!covered[i]) continue;
    const at = (box.y + Math.floor(i / box.width)) * mask.width + box.x + (i % box.width);
    const share = covered[i] / 255;
    each(at, share);
    mask.data[at] = mask.data[at] + (SAYS[stroke.mode] * full - mask.data[at]) * share + 0.5;
  }
}

/** The patch that strokes make just as they were painted, where no engine is to be had. */
async function asPainted({ version, strokes, original }) {
  const mask = await patched(version, "mask");
  const png = await patched(version, "png");
  const before = mask.data.slice();
  for (const stroke of strokes) blend(mask, stroke, () => {});
  const own = await ownPixels(original, png);
  const full = png.depth === 16 ? 65535 : 255;
  const [from, channels] = [png.channels - 1, png.channels];
  let [left, top, right, bottom] = [mask.width, mask.height, -1, -1];
  for (let i = 0; i < before.length; i++) {
    if (mask.data[i] === before[i]) continue;
    const x = i % mask.width;
    const y = (i - x) / mask.width;
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    // Where more is kept than before, the color is the picture's own.
    if (mask.data[i] > before[i]) for (let c = 0; c < from; c++) png.data[i * channels + c] = own.color(i, c);
    png.data[i * channels + from] = (mask.data[i] * own.alpha(i)) / full + 0.5;
  }
  if (right < 0) return null;
  const box = { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
  return { box, png: await writePng(cut(png, box)), mask: await writePng(cut(mask, box)) };
}

function cut(picture, box) {
  const { channels } = picture;
  const data = new picture.data.constructor(box.width * box.height * channels);
  for (let y = 0; y < box.height; y++) {
    const from = ((box.y + y) * picture.width + box.x) * channels;
    data.set(picture.data.subarray(from, from + box.width * channels), y * box.width * channels);
  }
  return { ...picture, width: box.width, height: box.height, data };
}

/** The picture's own color and alpha, in the cut-out's depth; its numbers, not translated ones. */
async function ownPixels(original, { width, height, depth, channels }) {
  const scale = depth === 16 ? 257 : 1;
  const missing = { color: () => 0, alpha: () => 255 * scale };
  if (!original) return missing;
  const { data } = await pixelsOf(original, width, height, "none").catch(() => ({}));
  if (!data) return missing;
  const gray = channels === 2;
  return {
    color: (i, c) => data[4 * i + (gray ? 1 : c)] * scale,
    alpha: (i) => data[4 * i + 3] * scale,
  };
}

/** A picture file's pixels as RGBA of 8 bits. */
async function pixelsOf(file, width, height, colorSpaceConversion) {
  const bitmap = await createImageBitmap(file, { premultiplyAlpha: "none", colorSpaceConversion });
  const canvas = new OffscreenCanvas(width ?? bitmap.width, height ?? bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

// ------------------------------------------------------------------ files

/**
 * The file that is saved. What nothing is done to is the engine's own file, to the bit; a changed
 * edge keeps depth and profile; what gets a background, a shadow or a canvas has 8 bits of sRGB.
 */
async function save({ version, original, adjust, background, frame, format }) {
  if (format === "mask") return savedMask(version, adjust);
  const plain = format === "png" && !background && !adjust.shadow && frame.kind === "whole";
  const edge = adjust.shift || adjust.feather;
  if (plain && !edge && !version.patches.length) return version.png;
  let picture = await patched(version, "png");
  if (edge) picture = await withEdge(picture, version, original, adjust);
  if (plain) return writePng(cleared(picture));
  picture = await inSrgb(picture);
  return composed(picture, original, adjust, background, frame, format);
}

async function savedMask(version, adjust) {
  if (!adjust.shift && !adjust.feather && !version.patches.length) return version.mask;
  const mask = await patched(version, "mask");
  const plane = { ...mask, full: mask.depth === 16 ? 65535 : 255 };
  return writePng({ ...mask, data: adjusted(plane, adjust.shift, adjust.feather).data });
}

async function withEdge(picture, version, original, adjust) {
  const mask = await patched(version, "mask");
  const full = mask.depth === 16 ? 65535 : 255;
  const own = await ownPixels(original, picture);
  const moved = adjusted({ ...mask, full }, adjust.shift, adjust.feather).data;
  const { channels, data } = picture;
  for (let i = 0, at = 0; i < moved.length; i++, at += channels) {
    // Nothing was kept of the color where nothing was seen.
    if (moved[i] && !data[at + channels - 1]) for (let c = 0; c < channels - 1; c++) data[at + c] = own.color(i, c);
    data[at + channels - 1] = (moved[i] * own.alpha(i)) / full + 0.5;
  }
  return picture;
}

/** No color where nothing is seen: it would give away what was cut off. */
function cleared(picture) {
  const { channels, data } = picture;
  for (let at = 0; at < data.length; at += channels) if (!data[at + channels - 1]) data.fill(0, at, at + channels);
  return picture;
}

/** As RGBA of 8 bits in sRGB; one with a profile is translated by the browser. */
async function inSrgb(picture) {
  if (picture.extras.some(({ name }) => name === "iCCP" || name === "cICP")) {
    const { width, height, data } = await pixelsOf(await writePng(picture), null, null, "default");
    return { width, height, data };
  }
  const { width, height, channels, depth, data } = picture;
  const out = new Uint8ClampedArray(width * height * 4);
  const scale = depth === 16 ? 257 : 1;
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) out[4 * i + c] = data[i * channels + (channels < 3 ? 0 : c)] / scale;
    out[4 * i + 3] = data[i * channels + channels - 1] / scale;
  }
  return { width, height, data: out };
}

/** The subject over its shadow, in its frame, before the background, as a file. */
async function composed(picture, original, adjust, background, frame, format) {
  const { width, height, data } = picture;
  const seen = subjectBox(data, width, height, 4, 3, 1);
  const place = placed(frame, seen, picture);
  const behind = background === BLURRED
    ? await blurredOf(original, picture)
    : background ?? (format === "jpg" ? "#ffffff" : null);
  if (adjust.shadow) overShadow(picture, adjust.shadow / 100);
  const canvas = new OffscreenCanvas(place.width, place.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const scale = place.width / place.box.width;
  const box = [-place.box.x * scale, -place.box.y * scale, width * scale, height * scale];
  if (behind) await paintBackground(context, behind, box);
  const whole = frame.kind === "whole";
  if (whole && !behind && format === "png") return writePng({ ...picture, depth: 8, channels: 4 });
  if (whole && typeof behind === "string") {
    flatten(data, context.getImageData(0, 0, 1, 1).data);
    context.putImageData(new ImageData(data, width, height), 0, 0);
  } else {
    const layer = new OffscreenCanvas(width, height);
    layer.getContext("2d").putImageData(new ImageData(data, width, height), 0, 0);
    context.imageSmoothingQuality = "high";
    context.drawImage(layer, ...box);
    layer.width = 0;
  }
  return encoded(canvas, format);
}

async function encoded(canvas, format) {
  const blob = await canvas.convertToBlob({ type: MEDIA[format], quality: format === "webp" ? 1 : QUALITY });
  if (blob.type !== MEDIA[format]) throw new Error("format");
  return blob;
}

/** alpha F + (1 - alpha) B, rounded once, which a canvas does not. */
function flatten(data, [r, g, b]) {
  for (let at = 0; at < data.length; at += 4) {
    const share = data[at + 3] / 255;
    data[at] = data[at] * share + r * (1 - share);
    data[at + 1] = data[at + 1] * share + g * (1 - share);
    data[at + 2] = data[at + 2] * share + b * (1 - share);
    data[at + 3] = 255;
  }
}

function overShadow({ data, width, height }, opacity, side) {
  const alpha = new Uint8Array(width * height);
  for (let i = 0; i < alpha.length; i++) alpha[i] = data[4 * i + 3];
  const dark = dropShadow({ data: alpha, width, height, full: 255 }, opacity, side);
  for (let i = 0, at = 0; i < alpha.length; i++, at += 4) {
    const mine = alpha[i] / 255;
    const both = mine + (1 - mine) * dark[i];
    const share = both > 0 ? mine / both : 1;
    for (let c = 0; c < 3; c++) data[at + c] *= share;
    data[at + 3] = both * 255;
  }
}

/** A color, a picture file over all of the canvas, or a bitmap that lies where the picture does. */
async function paintBackground(context, background, box) {
  const { width, height } = context.canvas;
  if (typeof background === "string") {
    context.fillStyle = background;
    context.fillRect(0, 0, width, height);
    return;
  }
  const canvas = [0, 0, width, height];
  const own = background instanceof ImageBitmap;
  const picture = own ? background : await createImageBitmap(background);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, ...covering(own ? union(canvas, box) : canvas, picture));
  picture.close();
}

/** A picture file's own background, blurred: a small bitmap. */
async function blurredOf(original, { width, height, data }) {
  const cutout = await createImageBitmap(new ImageData(data, width, height), smallest({ width, height }));
  const file = await createImageBitmap(original, smallest({ width, height }));
  return (await blurred({ original: file, cutout })).bitmap;
}

function smallest({ width, height }) {
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const sides = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
  return { resizeWidth: sides[0], resizeHeight: sides[1], resizeQuality: "medium" };
}

// ------------------------------------------------------------------ what is shown of it

/**
 * The edge settings and the shadow at screen size, and where the subject is there.
 * cutout, original: small bitmaps of equal size; scale: theirs to the picture's.
 */
async function preview({ cutout, original, adjust, scale }) {
  const picture = bitmapPixels(cutout);
  const { width, height, data } = picture;
  const alpha = new Uint8Array(width * height).map((_, i) => data[4 * i + 3]);
  const plane = adjusted({ data: alpha, width, height, full: 255 }, adjust.shift * scale, adjust.feather * scale);
  const own = original ? bitmapPixels(original).data : null;
  for (let i = 0; i < plane.data.length; i++) {
    if (own && plane.data[i] && !data[4 * i + 3]) for (let c = 0; c < 3; c++) data[4 * i + c] = own[4 * i + c];
    data[4 * i + 3] = own ? Math.min(plane.data[i], own[4 * i + 3]) : plane.data[i];
  }
  const seen = subjectBox(data, width, height, 4, 3, 1);
  if (adjust.shadow) overShadow(picture, adjust.shadow / 100);
  const bitmap = await createImageBitmap(new ImageData(data, width, height));
  return { bitmap, seen };
}

/** The same of small bitmaps of equal size. */
async function blurred({ original, cutout }) {
  const made = blurredBackground(bitmapPixels(original), bitmapPixels(cutout));
  return { bitmap: await createImageBitmap(made) };
}

function bitmapPixels(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

// ------------------------------------------------------------------ talking to the page

const TASKS = { strokeMasks, asPainted, save, preview, blurred, labels, chosen };

addEventListener("message", async ({ data: { number, task, given } }) => {
  try {
    const made = await TASKS[task](given);
    postMessage({ number, made }, made?.bitmap ? [made.bitmap] : []);
  } catch (failure) {
    postMessage({ number, failure: failure.message });
  }
});
