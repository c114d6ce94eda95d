// SPDX-License-Identifier: Apache-2.0
// The list of a picture's objects, and pointing at them: a click keeps or drops one, what is kept
// can be merged, and each can be had as a file. The masks are the worker's (parts.js).

import { t } from "./texts.js";

const UNNAMED = /^object (\d+)$/;
const TINT = [18, 184, 134, 130]; // of what the pointer is on: RGBA
const GONE = [240, 62, 62, 110]; // the same for one that was dropped

/** What an engine's report lists, as the page keeps it. members: places among the masks. */
export function listed(report) {
  return (report.objects ?? []).map(({ name, certainty }, at) => ({ name, certainty, members: [at], kept: true }));
}

export function nameOf({ name }) {
  const number = UNNAMED.exec(name)?.[1];
  return number ? t("Object %s", number) : name;
}

export class ObjectsPanel {
  /** parts: { list, actions, merge, tool }, elements. tell: { changed(list), draw(bitmap), select(tool) }. */
  constructor(parts, tell) {
    Object.assign(this, parts, { tell, picture: null, pointed: -1 });
    parts.merge.onclick = () => this.mergeKept();
  }

  get objects() {
    return this.picture?.version?.objects ?? null;
  }

  /** Shows those of a picture; none where it was not split, or painted on since. */
  show(picture) {
    this.picture = picture;
    const { objects } = this;
    const had = !this.tool.hidden;
    this.tool.hidden = this.actions.hidden = !objects;
    if (objects !== this.drawn) {
      this.drawn = objects;
      this.fill(objects?.list ?? []);
      this.point(-1);
      if (objects && !had) this.tell.select("pick");
      else if (!objects && had) this.tell.select("hand");
    }
    const kept = objects?.list.filter((one) => one.kept).length ?? 0;
    this.merge.disabled = kept < 2 || picture.busy;
  }

  fill(list) {
    const before = [...this.list.querySelectorAll("button")].indexOf(document.activeElement);
    this.list.replaceChildren(...list.map((one, at) => this.entry(one, at)));
    if (before >= 0) this.list.querySelectorAll("button")[Math.min(before, list.length - 1)]?.focus();
  }

  entry(one, at) {
    const entry = document.createElement("li");
    const button = entry.appendChild(document.createElement("button"));
    button.type = "button";
    button.textContent = `${nameOf(one)} · ${Math.round(100 * one.certainty)} %`;
    button.title = t("Keep or drop this object");
    button.setAttribute("aria-pressed", one.kept);
    button.onclick = () => this.toggle(at);
    button.onpointerenter = button.onfocus = () => this.point(at);
    button.onpointerleave = button.onblur = () => this.point(-1);
    return entry;
  }

  toggle(at) {
    const { objects } = this;
    if (!objects || at < 0) return;
    this.tell.changed(objects.list.map((one, other) => (other === at ? { ...one, kept: !one.kept } : one)));
  }

  /** All that are kept become one, in the place of the first and by its name. */
  mergeKept() {
    const kept = this.objects.list.filter((one) => one.kept);
    if (kept.length < 2) return;
    const whole = {
      ...kept[0],
      members: kept.flatMap((one) => one.members),
      certainty: Math.max(...kept.map((one) => one.certainty)),
    };
    this.tell.changed(this.objects.list.flatMap((one) => (one === kept[0] ? [whole] : one.kept ? [] : [one])));
  }

  /** The object at a place of the picture, as a number in the list; -1 where there is none. */
  at(x, y) {
    const { labels, list } = this.objects ?? {};
    if (!labels) return -1;
    const { files } = this.picture.version;
    const [column, row] = [Math.floor((x * labels.width) / files.width), Math.floor((y * labels.height) / files.height)];
    if (column < 0 || row < 0 || column >= labels.width || row >= labels.height) return -1;
    const member = labels.data[row * labels.width + column] - 1;
    return list.findIndex((one) => one.members.includes(member));
  }

  /** Marks an object on the picture and in the list. */
  point(at) {
    if (at === this.pointed && this.seen === this.objects) return;
    [this.pointed, this.seen] = [at, this.objects];
    [...this.list.children].forEach((entry, place) => entry.classList.toggle("pointed", place === at));
    this.tell.draw(at < 0 || !this.objects ? null : this.tinted(this.objects.list[at]));
  }

  tinted({ members, kept }) {
    const { width, height, data } = this.objects.labels;
    const image = new ImageData(width, height);
    const inside = new Set(members.map((member) => member + 1));
    const tint = kept ? TINT : GONE;
    for (let i = 0; i < data.length; i++) if (inside.has(data[i])) image.data.set(tint, 4 * i);
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  }
}
