// SPDX-License-Identifier: Apache-2.0
// One picture on the page: its file, its jobs, its history. Knows nothing of buttons.

import * as api from "./api.js";
import { drawStroke } from "./viewer.js";

const PREVIEW_SIDE = 1600;

/** Limits how many pictures are under way at a time; the others wait their turn here. */
const turns = { free: 2, waiting: [] };

async function inTurn(work, signal) {
  if (turns.free > 0) turns.free--;
  else await new Promise((resume) => turns.waiting.push(resume));
  try {
    signal.throwIfAborted();
    return await work();
  } finally {
    const next = turns.waiting.shift();
    if (next) next();
    else turns.free++;
  }
}

export class Picture {
  /** changed() is called whenever something of it has changed. */
  constructor(file, changed) {
    this.file = file;
    this.changed = changed;
    this.thumbnail = URL.createObjectURL(file);
    this.state = "waiting";
    this.stage = "Waiting";
    this.fraction = 0;
    // {job, blob, mask, points}: results up to the one shown, oldest first. The mask is apart from
    // what was transparent in the file itself.
    this.versions = [];
    this.undone = [];
    this.adjust = { feather: 0, shift_edge: 0, shadow: 0 };
    this.points = [];
    this.strokes = []; // painted, and not yet in the mask
  }

  get name() {
    return this.file.name.replace(/\.\w+$/, "") || "picture";
  }

  get version() {
    return this.versions.at(-1);
  }

  get adjusted() {
    return Object.values(this.adjust).some(Boolean);
  }

  async start(options = { op: "remove" }) {
    await this.run(() => api.submit({ image: this.file }, options, this.control.signal));
  }

  /** Takes a stroke; those that come while others are being refined go together after them. */
  async paint(stroke) {
    if (!this.version) return;
    this.strokes.push(stroke);
    while (this.state === "done" && this.strokes.length) {
      const count = this.strokes.length;
      await this.refine(this.strokes);
      this.strokes.splice(0, count);
      this.changed(this);
    }
  }

  /** Sends strokes with the mask as it stands; the engine decides the edge around them. */
  async refine(strokes) {
    this.set("working", "Waiting");
    const alpha = await this.maskCanvas();
    const previous = await png(alpha);
    for (const stroke of strokes) {
      drawStroke(alpha.getContext("2d"), stroke, stroke.mode === "keep" ? "#fff" : "#000");
    }
    const mask = await png(alpha);
    const pictures = { image: this.file, mask, previous };
    await this.run(() => api.submit(pictures, { op: "refine" }, this.control.signal));
  }

  async run(submit) {
    this.control = new AbortController();
    const { signal } = this.control;
    this.last = submit;
    this.set("working", "Waiting", 0);
    let id;
    try {
      await this.open();
      await inTurn(async () => {
        id = await submit();
        await api.follow(id, (job) => this.set("working", job.stage || "Waiting", job.fraction), signal);
        const forms = ["png", "mask"].map((format) => api.result(id, { format }, null, signal));
        const [blob, mask] = await Promise.all(forms);
        await this.accept({ job: id, blob, mask, points: [...this.points] });
      }, signal);
    } catch (failure) {
      if (id) api.drop(id);
      if (this.version) this.points = [...this.version.points];
      if (signal.aborted) this.set(this.version ? "done" : "cancelled");
      else this.fail(failure);
    }
  }

  fail(failure) {
    this.failure = failure.message;
    this.set(this.version ? "done" : "failed");
    if (this.version) this.problem?.(failure.message); // else it stands where the picture would
  }

  async retry() {
    await this.run(this.last);
  }

  cancel() {
    this.strokes = [];
    this.control?.abort();
  }

  set(state, stage = "", fraction = 0) {
    Object.assign(this, { state, stage, fraction });
    this.changed(this);
  }

  async open() {
    // A format the browser does not know is shown without its "before".
    this.original ??= await createImageBitmap(this.file).catch(() => null);
    this.changed(this);
  }

  async accept(version) {
    this.cutout = await createImageBitmap(version.blob);
    this.versions.push(version);
    this.undone = [];
    await this.showAdjusted();
    this.set("done");
  }

  async undo() {
    if (this.state !== "done" || this.versions.length < 2) return;
    this.undone.push(this.versions.pop());
    await this.reopen();
  }

  async redo() {
    if (this.state !== "done" || !this.undone.length) return;
    this.versions.push(this.undone.pop());
    await this.reopen();
  }

  async reopen() {
    this.cutout = await createImageBitmap(this.version.blob);
    this.points = [...this.version.points];
    await this.showAdjusted();
    this.changed(this);
  }

  /** Renders the edge settings at screen size, with the server's own code: what is seen is saved. */
  async showAdjusted() {
    this.previewing?.abort();
    this.preview = null;
    if (!this.adjusted) return;
    this.previewing = new AbortController();
    const { signal } = this.previewing;
    const query = { format: "png", longest_side: PREVIEW_SIDE, ...this.adjust };
    try {
      const blob = await this.rendered(query, null, signal);
      this.preview = await createImageBitmap(blob);
    } catch (failure) {
      if (!signal.aborted) this.problem?.(failure.message);
      return;
    }
    this.changed(this);
  }

  /** A file of the present version at full resolution. */
  async save(format, background) {
    const query = { format, ...(format === "mask" ? { ...this.adjust, shadow: 0 } : this.adjust) };
    if (format !== "jpg" || !background) return this.rendered(query);
    if (background instanceof Blob) return this.rendered(query, background);
    return this.rendered({ ...query, background });
  }

  async rendered(query, picture = null, signal = undefined) {
    try {
      return await api.result(this.version.job, query, picture, signal);
    } catch (failure) {
      if (failure.status !== 404) throw failure;
      // The server keeps results for a short while only: have it make this one again.
      await this.remake(signal);
      return api.result(this.version.job, query, picture, signal);
    }
  }

  async remake(signal) {
    const mask = await png(await this.maskCanvas());
    const pictures = { image: this.file, mask, previous: mask };
    const id = await api.submit(pictures, { op: "refine" }, signal);
    await api.follow(id, () => {}, signal);
    this.version.job = id;
  }

  /** The present mask as grey pixels. */
  async maskCanvas() {
    const mask = await createImageBitmap(this.version.mask);
    const canvas = new OffscreenCanvas(mask.width, mask.height);
    canvas.getContext("2d").drawImage(mask, 0, 0);
    return canvas;
  }

  forget() {
    this.cancel();
    URL.revokeObjectURL(this.thumbnail);
    for (const version of [...this.versions, ...this.undone]) api.drop(version.job);
  }
}

function png(canvas) {
  return canvas.convertToBlob({ type: "image/png" });
}
