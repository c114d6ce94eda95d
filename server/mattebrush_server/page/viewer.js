// SPDX-License-Identifier: Apache-2.0
// The canvas: shows a picture before and after on a background, zooms, pans, takes strokes.
// Knows nothing of jobs. Coordinates of strokes and clicks are picture pixels.

const CHECK = 12;
const LARGEST_ZOOM = 16;
const HOLD = 500; // milliseconds after which a press means "not this", for those without a Shift key
const STILL = 8; // a press that moves farther, in pixels of the screen, is no click

export class Viewer {
  /** tell: { zoomed(factor), stroke({mode, size, points}), click([x, y], label) } */
  constructor(canvas, tell) {
    this.canvas = canvas;
    this.tell = tell;
    this.tool = "hand";
    this.brush = 40;
    this.compare = 0;
    this.background = null; // null: checkered, "#rrggbb", or an ImageBitmap
    this.marks = [];
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

  /** Shows a pair of bitmaps; `original` may be missing. Keeps the view when the size is the same. */
  show(original, cutout) {
    const size = cutout ?? original;
    const changed = !size || size.width !== this.width || size.height !== this.height;
    this.original = original;
    this.cutout = cutout;
    this.width = size?.width ?? 0;
    this.height = size?.height ?? 0;
    if (changed) {
      this.stroke = null;
      this.fit();
    }
    this.draw();
  }

  /** Shows another rendering of the same picture, of any resolution. */
  preview(bitmap) {
    this.cutout = bitmap;
    this.draw();
  }

  resize() {
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(this.canvas.clientWidth * ratio));
    this.canvas.height = Math.max(1, Math.round(this.canvas.clientHeight * ratio));
    if (this.fitted) this.fit();
    this.draw();
  }

  fit() {
    const { width, height } = this.canvas;
    this.scale = this.width ? Math.min(width / this.width, height / this.height, 1) : 1;
    this.x = (width - this.width * this.scale) / 2;
    this.y = (height - this.height * this.scale) / 2;
    this.fitted = true;
    this.changed();
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
    if (!this.width) return;
    const box = [this.x, this.y, this.width * this.scale, this.height * this.scale];
    context.imageSmoothingEnabled = this.scale < 2;
    context.save();
    context.beginPath();
    context.rect(...box);
    context.clip();
    if (this.cutout) {
      this.paintBackground(context, box);
      context.drawImage(this.cutout, ...box);
    }
    this.paintOriginal(context, box);
    for (const stroke of this.strokes) this.paintStroke(context, stroke);
    if (this.stroke) this.paintStroke(context, this.stroke);
    this.paintMarks(context);
    context.restore();
    this.paintCursor(context);
  }

  paintBackground(context, box) {
    if (typeof this.background === "string") {
      context.fillStyle = this.background;
      context.fillRect(...box);
    } else if (this.background) {
      const cover = Math.max(box[2] / this.background.width, box[3] / this.background.height);
      const w = this.background.width * cover;
      const h = this.background.height * cover;
      context.drawImage(this.background, box[0] + (box[2] - w) / 2, box[1] + (box[3] - h) / 2, w, h);
    } else {
      context.fillStyle = checks(context, this.canvas);
      context.fillRect(...box);
    }
  }

  paintOriginal(context, box) {
    const share = this.cutout ? this.compare : 1;
    if (!this.original || !share) return;
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

  paintStroke(context, stroke) {
    context.save();
    context.setTransform(this.scale, 0, 0, this.scale, this.x, this.y);
    context.globalAlpha = 0.55;
    drawStroke(context, stroke, stroke.mode === "keep" ? "#12b886" : "#f03e3e");
    context.restore();
  }

  paintMarks(context) {
    for (const [x, y, label] of this.marks) {
      context.beginPath();
      context.arc(x * this.scale + this.x, y * this.scale + this.y, 8, 0, 7);
      context.fillStyle = label ? "#12b886" : "#f03e3e";
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = "#fff";
      context.stroke();
    }
  }

  paintCursor(context) {
    if (!this.hover || this.tool === "hand") return;
    const radius = this.tool === "choose" ? STILL : (this.brush * this.scale) / 2;
    for (const [width, colour] of [[3, "#000"], [1.5, "#fff"]]) {
      context.beginPath();
      context.arc(...this.hover, radius, 0, 7);
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.stroke();
    }
  }

  position(event) {
    const box = this.canvas.getBoundingClientRect();
    const ratio = this.canvas.width / box.width;
    return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
  }

  toPicture([x, y]) {
    return [(x - this.x) / this.scale, (y - this.y) / this.scale];
  }

  pointerdown(event) {
    const at = this.position(event);
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, at);
    if (this.pointers.size > 1) {
      this.stroke = this.press = null; // a second finger: it was a pinch
    } else if (this.tool === "keep" || this.tool === "erase") {
      if (this.cutout && event.button === 0) {
        this.stroke = { mode: this.tool, size: this.brush, points: [this.toPicture(at)] };
      }
    } else if (this.tool === "choose") {
      this.press = { at, since: event.timeStamp, not: event.shiftKey || event.button === 2 };
    }
    this.draw();
  }

  pointermove(event) {
    const at = this.position(event);
    this.hover = event.pointerType === "touch" ? null : at;
    const before = this.pointers.get(event.pointerId);
    if (this.press && spread(at, this.press.at) > STILL * (devicePixelRatio || 1)) this.press = null;
    if (before && this.pointers.size === 2) this.pinch(event.pointerId, at);
    else if (before && this.stroke) this.stroke.points.push(this.toPicture(at));
    else if (before && this.tool === "hand") this.pan(at[0] - before[0], at[1] - before[1]);
    if (before) this.pointers.set(event.pointerId, at);
    this.draw();
  }

  pinch(id, at) {
    const [other] = [...this.pointers].filter(([key]) => key !== id).map(([, point]) => point);
    const before = this.pointers.get(id);
    const middle = [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2];
    this.pan((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
    this.zoom((this.scale * spread(at, other)) / Math.max(1, spread(before, other)), middle);
  }

  pointerup(event) {
    this.pointers.delete(event.pointerId);
    if (this.pointers.size === 0) {
      const { stroke, press } = this;
      this.stroke = this.press = null;
      if (stroke) this.tell.stroke(stroke);
      if (press) this.click(press.at, press.not || event.timeStamp - press.since > HOLD);
    }
    this.draw();
  }

  click(at, not) {
    const [x, y] = this.toPicture(at).map(Math.round);
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    this.tell.click([x, y], not ? 0 : 1);
  }

  pointercancel(event) {
    this.pointers.delete(event.pointerId);
    this.stroke = this.press = null;
    this.draw();
  }

  pointerleave() {
    this.hover = null;
    this.draw();
  }

  wheel(event) {
    event.preventDefault();
    this.zoom(this.scale * Math.exp(-event.deltaY * 0.0015), this.position(event));
  }

  /** Arrows move the picture, or with another tool than the hand its cursor; space and Enter act. */
  keydown(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key]?.map((way) => way * (event.shiftKey ? 4 : 40));
    if (move && this.tool === "hand") this.pan(-move[0], -move[1]);
    else if (move) this.hover = this.cursor().map((value, axis) => value + move[axis]);
    else if ([" ", "Enter"].includes(event.key) && this.tool !== "hand") this.act(event.shiftKey);
    else return;
    event.preventDefault();
    this.draw();
  }

  /** Where the keyboard points: where the mouse was last, else the middle. */
  cursor() {
    return this.hover ?? [this.canvas.width / 2, this.canvas.height / 2];
  }

  act(not) {
    this.hover = this.cursor();
    if (this.tool === "choose") this.click(this.hover, not);
    else if (this.cutout) {
      this.tell.stroke({ mode: this.tool, size: this.brush, points: [this.toPicture(this.hover)] });
    }
  }
}

/** Draws a stroke in the context's own coordinates. */
export function drawStroke(context, stroke, colour) {
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = stroke.size;
  context.strokeStyle = colour;
  context.beginPath();
  context.moveTo(...stroke.points[0]);
  // A hair's breadth, since a line of no length may show nothing: a dab is a stroke too.
  context.lineTo(stroke.points[0][0] + 0.01, stroke.points[0][1]);
  for (const point of stroke.points) context.lineTo(...point);
  context.stroke();
}

function spread(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
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
