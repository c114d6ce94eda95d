// SPDX-License-Identifier: Apache-2.0
// The canvas: shows a picture before and after on a background, zooms, pans, takes strokes,
// clicks and boxes. Knows nothing of jobs. Coordinates it tells are picture pixels.

import { covering, union } from "./frame.js";
import { drawStroke } from "./stroke.js";

const CHECK = 12;
const LARGEST_ZOOM = 16;
const HOLD = 500; // milliseconds after which a press means "not this", for those without a Shift key
const STILL = 8; // a press that moves farther, in pixels of the screen, is no click
const BRUSHES = ["keep", "drop", "hair"];
const TINT = { keep: "#12b886", drop: "#f03e3e", hair: "#f59f00" };
const PEN_ERASER = 32; // in `buttons`

export class Viewer {
  /**
   * tell: { zoomed(factor), compared(share, place), stroke({mode, size, points}), click([x, y], label),
   *         hovered([x, y] or null), box({x, y, width, height}), framed({x, y, width, height}) }
   */
  constructor(canvas, tell) {
    this.canvas = canvas;
    this.tell = tell;
    this.tool = "hand";
    this.brush = 40;
    this.compare = null; // share of the picture's width that shows the original; null: off
    this.background = null; // null: checkered, "#rrggbb", or an ImageBitmap
    this.aligned = false; // whether that bitmap lies where the picture does, not over its frame
    this.frame = null; // the box that is saved, where it is not the whole picture
    this.marks = [];
    this.boxes = [];
    this.over = null; // drawn over all of the picture: what the pointer is on
    this.strokes = []; // painted already, and not yet in the cut-out
    this.pointers = new Map();
    this.show(null, null);
    new ResizeObserver(() => this.resize()).observe(canvas);
    for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel", "pointerleave"]) {
      canvas.addEventListener(name, (event) => this[name](event));
    }
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.keydown(event));
    canvas.addEventListener("contextmenu", (event) => {
      if (this.tool === "choose") event.preventDefault(); // there, it says "not this"
    });
  }

  get painting() {
    return BRUSHES.includes(this.tool);
  }

  /** Shows a pair of bitmaps; `original` may be missing. Keeps the view when the size is the same. */
  show(original, cutout, size = cutout ?? original) {
    const changed = !size || size.width !== this.width || size.height !== this.height;
    this.original = original;
    this.cutout = cutout;
    this.width = size?.width ?? 0;
    this.height = size?.height ?? 0;
    if (changed) {
      this.gesture = null;
      this.fit();
    }
    this.draw();
  }

  resize() {
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(this.canvas.clientWidth * ratio));
    this.canvas.height = Math.max(1, Math.round(this.canvas.clientHeight * ratio));
    if (this.fitted) this.fit();
    this.draw();
  }

  /** All of the picture, and of its frame, as large as there is room, 100 % at most. */
  fit() {
    const { width, height } = this.canvas;
    const view = this.extent();
    this.scale = view.width ? Math.min(width / view.width, height / view.height, 1) : 1;
    this.x = (width - view.width * this.scale) / 2 - view.x * this.scale;
    this.y = (height - view.height * this.scale) / 2 - view.y * this.scale;
    this.fitted = true;
    this.changed();
  }

  extent() {
    const whole = { x: 0, y: 0, width: this.width, height: this.height };
    if (!this.frame) return whole;
    const x = Math.min(0, this.frame.x);
    const y = Math.min(0, this.frame.y);
    const right = Math.max(this.width, this.frame.x + this.frame.width);
    const bottom = Math.max(this.height, this.frame.y + this.frame.height);
    return { x, y, width: right - x, height: bottom - y };
  }

  /** Zooms to a factor (1: one picture pixel is one screen pixel) about a point of the canvas. */
  zoom(factor, at = [this.canvas.width / 2, this.canvas.height / 2]) {
    const smallest = Math.min(1, 64 / Math.max(this.width, this.height, 64));
    const scale = Math.min(LARGEST_ZOOM, Math.max(smallest, factor));
    this.x = at[0] - ((at[0] - this.x) * scale) / this.scale;
    this.y = at[1] - ((at[1] - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
    this.changed();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.changed();
  }

  changed() {
    this.tell?.zoomed(this.scale);
    this.draw();
  }

  // ---------------------------------------------------------------- painting

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      this.paint();
    });
  }

  paint() {
    const context = this.canvas.getContext("2d");
    const { width, height } = this.canvas;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    this.tellCompared();
    if (!this.width || this.cutout?.width === 0 || this.original?.width === 0) return; // let go
    const box = this.onCanvas({ x: 0, y: 0, width: this.width, height: this.height });
    const frame = this.frame ? this.onCanvas(this.frame) : box;
    context.imageSmoothingEnabled = this.scale < 2;
    context.save();
    context.beginPath();
    context.rect(...(this.cutout ? union(box, frame) : box));
    context.clip();
    if (this.cutout) {
      this.paintBackground(context, frame);
      context.drawImage(this.cutout, ...box);
      this.paintStrokes(context, box, frame);
    }
    this.paintOriginal(context, box);
    if (this.over) context.drawImage(this.over, ...box);
    if (this.frame && this.cutout) this.paintFrame(context, frame);
    this.paintMarks(context);
    context.restore();
    this.paintGesture(context);
    this.paintCursor(context);
  }

  onCanvas({ x, y, width, height }) {
    return [x * this.scale + this.x, y * this.scale + this.y, width * this.scale, height * this.scale];
  }

  paintBackground(context, box) {
    if (typeof this.background === "string") {
      context.fillStyle = this.background;
      context.fillRect(...box);
    } else if (this.background) {
      const whole = this.onCanvas({ x: 0, y: 0, width: this.width, height: this.height });
      const over = this.aligned ? union(whole, box) : box;
      context.save();
      context.beginPath();
      context.rect(...over);
      context.clip();
      context.imageSmoothingEnabled = true;
      context.drawImage(this.background, ...covering(over, this.background));
      context.restore();
    } else {
      context.fillStyle = checks(context, this.canvas);
      context.fillRect(...box);
    }
  }

  /** Strokes show at once what they say: the original comes back, or goes, until the answer is here. */
  paintStrokes(context, box, frame) {
    for (const stroke of [...this.strokes, ...(this.gesture?.stroke ? [this.gesture.stroke] : [])]) {
      const layer = this.scratch();
      layer.save();
      layer.setTransform(this.scale, 0, 0, this.scale, this.x, this.y);
      layer.strokeStyle = TINT[stroke.mode];
      drawStroke(layer, stroke);
      layer.restore();
      layer.globalCompositeOperation = "source-atop";
      layer.globalAlpha = 0.75;
      if (stroke.mode === "keep" && this.original) layer.drawImage(this.original, ...box);
      if (stroke.mode === "drop") this.paintBackground(layer, frame);
      context.globalAlpha = stroke.mode === "hair" ? 0.5 : 1;
      context.drawImage(layer.canvas, 0, 0);
      context.globalAlpha = 1;
    }
  }

  scratch() {
    this.layer ??= document.createElement("canvas");
    this.layer.width = this.canvas.width;
    this.layer.height = this.canvas.height;
    return this.layer.getContext("2d");
  }

  paintOriginal(context, box) {
    const share = this.cutout ? this.compare : 1;
    if (!this.original || share === null) return;
    context.save();
    context.beginPath();
    context.rect(box[0], box[1], box[2] * share, box[3]);
    context.clip();
    context.drawImage(this.original, ...box);
    context.restore();
    if (!this.cutout) return;
    context.fillStyle = "#fff";
    context.fillRect(box[0] + box[2] * share - 1.5, box[1], 3, box[3]);
  }

  /** Where the line between before and after is, in pixels of the page: for its handle. */
  tellCompared() {
    const shown = this.compare !== null && this.cutout && this.original;
    if (!shown) return this.tell?.compared(null);
    const ratio = this.canvas.width / (this.canvas.clientWidth || 1);
    const x = Math.min(this.canvas.width, Math.max(0, this.x + this.width * this.scale * this.compare));
    const top = Math.max(0, this.y);
    const bottom = Math.min(this.canvas.height, this.y + this.height * this.scale);
    this.tell?.compared({ x: x / ratio, y: (top + bottom) / 2 / ratio });
  }

  /** Moves the line to a place of the page. */
  compareAt(clientX) {
    const [x] = this.position({ clientX, clientY: 0 });
    this.compare = Math.min(1, Math.max(0, (x - this.x) / (this.width * this.scale)));
    this.draw();
  }

  paintFrame(context, [x, y, width, height]) {
    context.save();
    context.beginPath();
    context.rect(0, 0, this.canvas.width, this.canvas.height);
    context.rect(x, y, width, height);
    context.fillStyle = "rgba(0, 0, 0, .55)";
    context.fill("evenodd");
    context.restore();
    outline(context, [x, y, width, height], "#fff");
  }

  paintMarks(context) {
    for (const [x0, y0, x1, y1] of this.boxes) {
      outline(context, this.onCanvas({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 }), TINT.keep);
    }
    for (const [x, y, label] of this.marks) {
      context.beginPath();
      context.arc(x * this.scale + this.x, y * this.scale + this.y, 8, 0, 7);
      context.fillStyle = label ? TINT.keep : TINT.drop;
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = "#fff";
      context.stroke();
    }
  }

  paintGesture(context) {
    const { from, to } = this.gesture ?? {};
    if (to) outline(context, [from[0], from[1], to[0] - from[0], to[1] - from[1]], TINT.keep);
  }

  paintCursor(context) {
    if (!this.hover || this.tool === "hand") return;
    const radius = this.painting ? (this.brush * this.scale) / 2 : STILL;
    for (const [width, color] of [[3, "#000"], [1.5, "#fff"]]) {
      context.beginPath();
      context.arc(...this.hover, radius, 0, 7);
      context.lineWidth = width;
      context.strokeStyle = color;
      context.stroke();
    }
  }

  // ---------------------------------------------------------------- pointers

  position(event) {
    const box = this.canvas.getBoundingClientRect();
    const ratio = this.canvas.width / box.width;
    return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
  }

  toPicture([x, y]) {
    return [(x - this.x) / this.scale, (y - this.y) / this.scale];
  }

  pointerdown(event) {
    // A hand that rests on the glass while the pen writes is no finger.
    if (event.pointerType === "touch" && this.pen) return;
    this.pen = event.pointerType === "pen";
    const at = this.position(event);
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, at);
    this.gesture = null; // a second finger: it was a pinch
    if (this.pointers.size === 1) this.gesture = this.begun(event, at);
    this.draw();
  }

  begun(event, at) {
    const press = { from: at, since: event.timeStamp, not: event.shiftKey || event.button === 2 };
    if (["choose", "crop", "pick"].includes(this.tool)) return press;
    const mode = event.buttons & PEN_ERASER ? "drop" : this.tool;
    if (!this.painting || !this.cutout || (event.button !== 0 && mode === this.tool)) return null;
    return { stroke: { mode, size: this.brush, points: [this.pointOf(event)] } };
  }

  /** Where a pointer is on the picture, and by which share of the brush a pen presses. */
  pointOf(event) {
    const share = event.pointerType === "pen" ? 0.3 + 0.7 * Math.min(1, event.pressure * 1.5) : 1;
    return [...this.toPicture(this.position(event)), share];
  }

  pointermove(event) {
    const at = this.position(event);
    this.hover = event.pointerType === "touch" ? null : at;
    this.tellHovered();
    const before = this.pointers.get(event.pointerId);
    if (before && this.pointers.size === 2) this.pinch(event.pointerId, at);
    else if (before && this.gesture?.stroke) this.strokeOn(event);
    else if (before && this.gesture?.from) this.stretch(at);
    else if (before && this.tool === "hand") this.pan(at[0] - before[0], at[1] - before[1]);
    if (before) this.pointers.set(event.pointerId, at);
    this.draw();
  }

  strokeOn(event) {
    const between = event.getCoalescedEvents?.() ?? [];
    for (const each of between.length ? between : [event]) this.gesture.stroke.points.push(this.pointOf(each));
  }

  stretch(at) {
    const { gesture } = this;
    if (this.tool === "pick") return;
    if (gesture.to || spread(at, gesture.from) > STILL * (devicePixelRatio || 1)) gesture.to = at;
  }

  pinch(id, at) {
    const [other] = [...this.pointers].filter(([key]) => key !== id).map(([, point]) => point);
    const before = this.pointers.get(id);
    const middle = [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2];
    this.pan((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
    this.zoom((this.scale * spread(at, other)) / Math.max(1, spread(before, other)), middle);
  }

  pointerup(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (event.pointerType === "pen") this.pen = false;
    if (this.pointers.size === 0 && this.gesture) this.ended(this.gesture, event);
    this.gesture = null;
    this.draw();
  }

  ended({ stroke, from, to, since, not }, event) {
    if (stroke) this.tell.stroke(stroke);
    else if (to) this.drawn(from, to);
    else if (this.tool === "choose" || this.tool === "pick") this.click(from, not || event.timeStamp - since > HOLD);
  }

  /** A box was drawn: the subject's, or the frame. */
  drawn(from, to) {
    const [a, b] = [this.toPicture(from), this.toPicture(to)];
    const [x0, x1] = [a[0], b[0]].map((x) => Math.round(Math.min(this.width, Math.max(0, x)))).sort((m, n) => m - n);
    const [y0, y1] = [a[1], b[1]].map((y) => Math.round(Math.min(this.height, Math.max(0, y)))).sort((m, n) => m - n);
    if (x1 - x0 < 2 || y1 - y0 < 2) return;
    if (this.tool === "choose") this.tell.box([x0, y0, x1, y1]);
    else this.tell.framed({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 });
  }

  click(at, not) {
    const [x, y] = this.toPicture(at).map(Math.round);
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    this.tell.click([x, y], not ? 0 : 1);
  }

  pointercancel(event) {
    this.pointers.delete(event.pointerId);
    this.gesture = null;
    this.pen = false;
    this.draw();
  }

  pointerleave() {
    this.hover = null;
    this.tellHovered();
    this.draw();
  }

  wheel(event) {
    event.preventDefault();
    this.zoom(this.scale * Math.exp(-event.deltaY * 0.0015), this.position(event));
  }

  // ---------------------------------------------------------------- keyboard

  /** Arrows move the picture, or with another tool than the hand its cursor; space and Enter act. */
  keydown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key]?.map((way) => way * (event.shiftKey ? 4 : 40));
    if (move && this.tool === "hand") this.pan(-move[0], -move[1]);
    else if (move) this.moveCursor(move);
    else if ([" ", "Enter"].includes(event.key) && this.tool !== "hand") this.act(event.shiftKey);
    else if (event.key === "Escape" && this.corner) this.corner = this.gesture = null;
    else return;
    event.preventDefault();
    this.draw();
  }

  moveCursor(move) {
    this.hover = this.cursor().map((value, axis) => value + move[axis]);
    this.tellHovered();
    if (this.corner) this.gesture = { from: this.corner, to: this.hover };
  }

  tellHovered() {
    this.tell.hovered(this.hover && this.tool === "pick" ? this.toPicture(this.hover) : null);
  }

  /** Where the keyboard points: where the mouse was last, else the middle. */
  cursor() {
    return this.hover ?? [this.canvas.width / 2, this.canvas.height / 2];
  }

  /** Space paints a dab or clicks; for a box it sets one corner, then the other. */
  act(other) {
    this.hover = this.cursor();
    if (this.painting) {
      if (!this.cutout) return;
      this.tell.stroke({ mode: this.tool, size: this.brush, points: [[...this.toPicture(this.hover), 1]] });
    } else if (this.corner) {
      this.drawn(this.corner, this.hover);
      this.corner = this.gesture = null;
    } else if (this.tool === "crop") this.corner = this.hover;
    else this.click(this.hover, other);
  }
}

function spread(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

function outline(context, box, color) {
  context.save();
  context.lineWidth = 3;
  context.strokeStyle = "#000";
  context.strokeRect(...box);
  context.lineWidth = 1.5;
  context.strokeStyle = color;
  context.strokeRect(...box);
  context.restore();
}

function checks(context, canvas) {
  const style = getComputedStyle(canvas);
  const tile = new OffscreenCanvas(2 * CHECK, 2 * CHECK);
  const brush = tile.getContext("2d");
  brush.fillStyle = style.getPropertyValue("--check-a");
  brush.fillRect(0, 0, 2 * CHECK, 2 * CHECK);
  brush.fillStyle = style.getPropertyValue("--check-b");
  brush.fillRect(0, 0, CHECK, CHECK);
  brush.fillRect(CHECK, CHECK, CHECK, CHECK);
  return context.createPattern(tile, "repeat");
}
