// SPDX-License-Identifier: Apache-2.0
// One picture on the page: its file, its jobs, its history. Knows nothing of buttons.
// All that is finished is held here as files; the server has forgotten it. Bitmaps are made for
// the picture that is shown only.

import * as api from "./api.js";
import { BLURRED, SIDE } from "./blur.js";
import { listed } from "./objects.js";
import { work } from "./workshop.js";

const PREVIEW_SIDE = 1600;
const THUMBNAIL_SIDE = 168;

/** Limits how many pictures are under way at a time; the others wait their turn here. */
const turns = { free: 2, waiting: [] };

async function inTurn(task, signal) {
  if (turns.free > 0) turns.free--;
  else await new Promise((resume) => turns.waiting.push(resume));
  try {
    signal.throwIfAborted();
    return await task();
  } finally {
    const next = turns.waiting.shift();
    if (next) next();
    else turns.free++;
  }
}

export class Picture {
  /** tell: { changed(picture), problem(failure, picture) }; look: { background, frame } to start with. */
  constructor(file, tell, look) {
    this.file = file;
    this.tell = tell;
    this.thumbnail = "";
    this.state = "waiting";
    this.stage = "waiting";
    this.fraction = 0;
    this.started = 0;
    // { files: { png, mask, width, height }, patches: [{ box, png, mask }], points, boxes, model,
    // objects: { all, labels, list } where it was split }: results up to the one shown, oldest first. The mask is apart from what was transparent in
    // the file itself.
    this.versions = [];
    this.undone = [];
    this.adjust = { feather: 0, shift: 0, shadow: 0 };
    this.look = { background: null, frame: { kind: "whole" }, ...look };
    this.points = [];
    this.boxes = [];
    this.strokes = []; // painted, and not yet in the mask
    this.underWay = []; // those of them that the engine is working on
    this.readable = file; // or what the server made of it
    this.saved = true; // whether there is nothing to lose
    this.shown = false;
    this.sharp = false; // whether `original` has all its pixels
    this.sharpWanted = false;
    this.subject = null;
  }

  get name() {
    return this.file.name.replace(/\.\w+$/, "") || "picture";
  }

  get version() {
    return this.versions.at(-1);
  }

  /** The present result as work.js takes it. */
  get result() {
    const { files, patches } = this.version;
    return { png: files.png, mask: files.mask, patches };
  }

  get busy() {
    return this.state === "working" || this.state === "waiting";
  }

  changed() {
    this.tell.changed(this);
  }

  // ---------------------------------------------------------------- jobs

  /** Cuts it out: by itself, or by the points and boxes that say what is meant. */
  async start(model = null) {
    const options = { op: "remove", ...(model && { model }) };
    if (this.points.length || this.boxes.length) options.prompt = { points: this.points, boxes: this.boxes };
    await this.run(async (signal) => {
      const id = await api.submit({ image: this.file }, options, signal);
      const done = await this.follow(id, signal);
      const [png, mask] = await Promise.all(["png", "mask"].map((format) => api.result(id, { format }, signal)));
      const { width, height } = await sizeOf(png);
      const version = { files: { png, mask, width, height }, patches: [], model: done.model };
      return { id, version };
    });
  }

  /** Finds its objects, by words or without them, and shows them all. */
  async split(text) {
    [this.points, this.boxes] = [[], []];
    await this.run(async (signal) => {
      const id = await api.submit({ image: this.file }, { op: "objects", ...(text && { text }) }, signal);
      const done = await this.follow(id, signal);
      const formats = ["png", "mask", "npz", "report"].map((format) => api.result(id, { format }, signal));
      const [png, mask, npz, report] = await Promise.all(formats);
      const objects = {
        all: { png, mask, npz },
        labels: await work("labels", { npz }),
        list: listed(JSON.parse(await report.text())),
      };
      const version = { files: { png, mask, ...(await sizeOf(png)) }, patches: [], model: done.model, objects };
      return { id, version };
    });
  }

  /** Shows the objects of a list that are kept. */
  async keepObjects(list) {
    if (this.busy) return;
    const { version } = this;
    const { objects, files } = version;
    this.set("working", "retouch");
    const members = list.flatMap((one) => (one.kept ? one.members : []));
    const made = await work("chosen", { all: objects.all, members });
    await this.accept({ ...version, files: { ...files, ...made }, patches: [], objects: { ...objects, list } });
  }

  /** A file of one of its objects alone. */
  async objectFile(one) {
    return (await work("chosen", { all: this.version.objects.all, members: one.members })).png;
  }

  /** Takes a stroke; those that come while others are being worked on go together after them. */
  async paint(stroke) {
    if (!this.version) return;
    this.strokes.push(stroke);
    this.changed();
    while (this.state === "done" && this.strokes.length) await this.refine();
  }

  /** Has the engine say what the strokes mean; without one they stand as they were painted. */
  async refine() {
    this.underWay = [...this.strokes];
    const { result, underWay } = this;
    await this.run(async (signal) => {
      const { mask, previous } = await work("strokeMasks", { version: result, strokes: underWay });
      signal.throwIfAborted();
      const id = await api.submit({ image: this.file, mask, previous }, { op: "refine" }, signal);
      const done = await this.follow(id, signal);
      return { id, version: this.withPatch(await this.patch(id, done, signal)) };
    }, async (failure, signal) => {
      const patch = await work("asPainted", { version: result, strokes: underWay, original: this.readable });
      signal.throwIfAborted();
      this.tell.problem(failure, this, "strokes");
      return { version: this.withPatch(patch) };
    });
    this.underWay = [];
  }

  /** What a job has changed, as a patch; null when that is nothing. */
  async patch(id, done, signal) {
    if (!done.changed) return null;
    const [x, y, width, height] = done.changed;
    const box = done.changed.join(",");
    const [png, mask] = await Promise.all(["png", "mask"].map((format) => api.result(id, { format, box }, signal)));
    return { box: { x, y, width, height }, png, mask };
  }

  withPatch(patch) {
    if (!patch) return { ...this.version };
    // What was painted is of all that is kept, and no longer of one object or the other.
    return { ...this.version, patches: [...this.version.patches, patch], objects: null };
  }

  async follow(id, signal) {
    this.job = id;
    return api.follow(id, (job) => this.set("working", job.stage || "waiting", job.fraction), signal);
  }

  /** Runs a job to its end and takes its version in; `instead` may make one from its failure. */
  async run(task, instead) {
    this.control = new AbortController();
    const { signal } = this.control;
    this.again = () => this.run(task, instead);
    this.started = performance.now();
    this.set("working", "waiting", 0);
    try {
      await inTurn(async () => {
        this.started = performance.now();
        const { id, version } = await this.attempt(task, instead, signal);
        if (id) api.drop(id);
        await this.accept({ ...version, points: [...this.points], boxes: [...this.boxes] });
      }, signal);
    } catch (failure) {
      if (this.job) api.drop(this.job);
      [this.points, this.boxes] = [[...(this.version?.points ?? [])], [...(this.version?.boxes ?? [])]];
      if (signal.aborted) this.set(this.version ? "done" : "canceled");
      else this.fail(failure);
    } finally {
      this.job = null;
    }
  }

  async attempt(task, instead, signal) {
    try {
      return await task(signal).catch((failure) => {
        // The server has started anew, or took the page for gone while it slept.
        if (failure.status === 404) return task(signal);
        throw failure;
      });
    } catch (failure) {
      if (signal.aborted || !instead) throw failure;
      return instead(failure, signal);
    }
  }

  fail(failure) {
    this.failure = failure;
    this.strokes = [];
    this.set(this.version ? "done" : "failed");
    if (this.version) this.tell.problem(failure, this); // else it stands where the picture would
  }

  async retry() {
    await this.again();
  }

  cancel() {
    this.strokes = [];
    this.control?.abort();
  }

  set(state, stage = "", fraction = 0) {
    Object.assign(this, { state, stage, fraction });
    this.changed();
  }

  async accept(version) {
    this.versions.push(version);
    this.undone = [];
    this.strokes.splice(0, this.underWay.length);
    this.saved = false;
    await this.rebuild();
    this.set("done");
  }

  // ---------------------------------------------------------------- history

  get canUndo() {
    return this.strokes.length > 0 || (this.state === "done" && this.versions.length > 1);
  }

  get canRedo() {
    return this.state === "done" && this.undone.length > 0;
  }

  async undo() {
    if (this.strokes.length) {
      const stroke = this.strokes.pop();
      if (this.underWay.includes(stroke)) this.control.abort(); // those before it go again
      this.changed();
    } else if (this.canUndo) {
      this.undone.push(this.versions.pop());
      await this.reopen();
    }
  }

  async redo() {
    if (!this.canRedo) return;
    this.versions.push(this.undone.pop());
    await this.reopen();
  }

  async reopen() {
    this.saved = false;
    [this.points, this.boxes] = [[...this.version.points], [...this.version.boxes]];
    await this.rebuild();
    this.changed();
  }

  // ---------------------------------------------------------------- bitmaps

  /** Makes a small picture of it for the list, and a readable one where the browser knows no such file. */
  async peek() {
    const bitmap = await this.decoded({ resizeWidth: THUMBNAIL_SIDE, resizeQuality: "medium" });
    if (!bitmap) return;
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
    this.thumbnail = URL.createObjectURL(await canvas.convertToBlob());
    this.changed();
  }

  /** The picture as a bitmap, null if nobody can read it. */
  async decoded(options) {
    const bitmap = await decode(this.readable, options).catch(() => null);
    if (bitmap || this.readable !== this.file) return bitmap;
    // TIFF and HEIC, say: the server can read them.
    this.asking ??= api.shown(this.file).catch(() => null);
    this.readable = (await this.asking) ?? this.file;
    return this.readable === this.file ? null : decode(this.readable, options).catch(() => null);
  }

  /** Gets its bitmaps ready to be shown. The cut-out has all its pixels; the original beside it only
   * while they are wanted: two of 24 megapixels take 200 MB. */
  async open() {
    this.shown = true;
    const sharp = this.sharpWanted || !this.version;
    const original = await this.decoded(sharp ? {} : small(this.version.files));
    if (!this.shown || this.original) return letGo(original);
    [this.original, this.sharp] = [original, sharp];
    await this.rebuild();
    this.changed();
  }

  /** Whether the original is looked at closely, as for comparing. */
  async sharpen(wanted) {
    this.sharpWanted = wanted;
    if (!this.shown || !this.version || wanted === this.sharp) return;
    if (!wanted) return this.shrink();
    const original = await this.decoded();
    if (!original || !this.shown || !this.sharpWanted || this.sharp) return letGo(original);
    this.replaceOriginal(original, true);
  }

  async shrink() {
    const { original } = this;
    if (!original || !this.sharp || this.sharpWanted) return;
    const less = await createImageBitmap(original, small(original));
    if (original !== this.original || this.sharpWanted) return letGo(less);
    this.replaceOriginal(less, false);
  }

  replaceOriginal(original, sharp) {
    const before = this.original;
    [this.original, this.sharp] = [original, sharp];
    this.changed(); // whoever shows it has the new one by now
    letGo(before);
  }

  /** Lets its bitmaps go. */
  close() {
    this.shown = false;
    for (const image of [this.original, this.preview, this.cutout, this.blurred, ...(this.small ?? [])]) letGo(image);
    this.original = this.cutout = this.preview = this.blurred = this.small = null;
    this.sharp = false;
  }

  /** Draws the present version anew from its files. */
  async rebuild() {
    const { version } = this;
    if (!this.shown || !version) return;
    await this.shrink();
    const cutout = await drawn(version);
    if (!this.shown || version !== this.version) return letGo(cutout);
    const before = this.cutout;
    this.cutout = cutout;
    this.changed(); // whoever shows it has the new one by now
    letGo(before);
    for (const bitmap of this.small ?? []) letGo(bitmap);
    this.small = null;
    await this.showAdjusted();
    await this.showBlurred();
  }

  /** Blurs its own background for the screen, where that is what stands behind. */
  async showBlurred() {
    const { cutout, original } = this;
    if (this.look.background !== BLURRED || !cutout || !original) return;
    const pair = await Promise.all([cutout, original].map((each) => createImageBitmap(each, small(cutout, SIDE))));
    const { bitmap } = await work("blurred", { cutout: pair[0], original: pair[1] });
    if (cutout !== this.cutout) return letGo(bitmap);
    const before = this.blurred;
    this.blurred = bitmap;
    this.changed(); // whoever shows it has the new one by now
    letGo(before);
  }

  /** Renders the edge settings and the shadow at screen size, as they will be saved. */
  async showAdjusted() {
    const { cutout } = this;
    if (!cutout) return;
    const ticket = (this.ticket = {});
    const scale = Math.min(1, PREVIEW_SIDE / Math.max(cutout.width, cutout.height));
    this.small ??= await this.smaller();
    const given = { cutout: this.small[0], original: this.small[1], adjust: { ...this.adjust }, scale };
    const { bitmap, seen } = await work("preview", given);
    if (ticket !== this.ticket || cutout !== this.cutout) return bitmap.close();
    this.preview?.close();
    const plain = !Object.values(this.adjust).some(Boolean);
    if (plain) bitmap.close();
    this.preview = plain ? null : bitmap;
    if (plain) {
      for (const image of this.small ?? []) letGo(image);
      this.small = null;
    }
    this.subject = seen && Object.fromEntries(Object.entries(seen).map(([side, value]) => [side, value / scale]));
    this.changed();
  }

  async smaller() {
    const pair = [this.cutout, this.original].map((each) => each && createImageBitmap(each, small(this.cutout)));
    return Promise.all(pair);
  }

  // ---------------------------------------------------------------- files

  /** A file of the present version at full resolution. */
  async save(format) {
    const given = {
      version: this.result,
      original: this.readable,
      adjust: { ...this.adjust },
      background: this.look.background,
      frame: this.look.frame,
      format,
    };
    const blob = await work("save", given);
    this.saved = true;
    return blob;
  }

  forget() {
    this.cancel();
    this.close();
    URL.revokeObjectURL(this.thumbnail);
  }
}

/** A file as a bitmap. One at a time: a large picture takes much room while it is decoded. */
let last = Promise.resolve();
function decode(file, options) {
  const bitmap = last.then(() => createImageBitmap(file, options));
  last = bitmap.catch(() => {});
  return bitmap;
}

/** A version as one image: its file's bitmap, or a canvas where strokes have changed it. */
async function drawn({ files, patches }) {
  const base = await decode(files.png);
  if (!patches.length) return base;
  const canvas = new OffscreenCanvas(files.width, files.height);
  const context = canvas.getContext("2d");
  context.drawImage(base, 0, 0);
  letGo(base);
  for (const { png, box } of patches) {
    const bitmap = await decode(png);
    context.clearRect(box.x, box.y, box.width, box.height);
    context.drawImage(bitmap, box.x, box.y);
    letGo(bitmap);
  }
  return canvas;
}

/** What makes a bitmap no larger than the screen needs. */
function small({ width, height }, side = PREVIEW_SIDE) {
  const scale = Math.min(1, side / Math.max(width, height));
  return {
    resizeWidth: Math.max(1, Math.round(width * scale)),
    resizeHeight: Math.max(1, Math.round(height * scale)),
    resizeQuality: "medium",
  };
}

/** Gives an image's memory back now, without waiting for the browser to notice. */
function letGo(image) {
  if (image instanceof ImageBitmap) image.close();
  else if (image) image.width = 0;
}

/** Width and height that a PNG's header tells. */
async function sizeOf(png) {
  const view = new DataView(await png.slice(16, 24).arrayBuffer());
  return { width: view.getUint32(0), height: view.getUint32(4) };
}
