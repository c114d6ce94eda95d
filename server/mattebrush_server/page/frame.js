// SPDX-License-Identifier: Apache-2.0
// What part of a picture is saved, and how large: the whole, the subject, or a canvas of fixed
// proportions or size around it. A box: { x, y, width, height } in picture pixels; it may reach
// beyond the picture. A frame: { kind, box } with a key of FRAMES; `box` is for "free" only.

import { PRESETS } from "./presets.js";

/**
 * aspect: width to height. fill: share of the canvas that the subject takes. size: [width, height]
 * in pixels. background: what the shop wants behind. The presets are the engine's own, which the
 * server writes as a module.
 */
export const FRAMES = {
  whole: { name: "Whole picture" },
  subject: { name: "Subject", fill: 1 },
  free: { name: "Drawn by hand" },
  ...PRESETS,
};

/** The smallest box around what is visible of an alpha, `step` apart in `data`; null if nothing is. */
export function subjectBox(data, width, height, step, from, least) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0, i = y * width * step + from; x < width; x++, i += step) {
      if (data[i] < least) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (top > y) top = y;
      bottom = y;
    }
  }
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** The box of a frame around a subject, and the size it is saved in: { box, width, height }. */
export function placed(frame, subject, picture) {
  const whole = { x: 0, y: 0, width: picture.width, height: picture.height };
  const { fill, aspect, size } = FRAMES[frame.kind];
  let box = frame.kind === "free" ? frame.box ?? whole : whole;
  if (fill) box = surrounding(subject ?? whole, fill, size ? size[0] / size[1] : aspect);
  const [width, height] = size ?? [Math.round(box.width), Math.round(box.height)];
  return { box, width: Math.max(1, width), height: Math.max(1, height) };
}

/** Where what stands behind is drawn, of `width` to `height`: over the frame, cut at its borders. */
export function covering([left, top, across, down], { width, height }) {
  const scale = Math.max(across / width, down / height);
  const [w, h] = [width * scale, height * scale];
  return [left + (across - w) / 2, top + (down - h) / 2, w, h];
}

/** The smallest box around two, each [left, top, width, height]. */
export function union(a, b) {
  const left = Math.min(a[0], b[0]);
  const top = Math.min(a[1], b[1]);
  return [left, top, Math.max(a[0] + a[2], b[0] + b[2]) - left, Math.max(a[1] + a[3], b[1] + b[3]) - top];
}

function surrounding(subject, fill, aspect) {
  if (!aspect) return subject;
  const width = Math.max(subject.width, subject.height * aspect) / fill;
  const height = width / aspect;
  return {
    x: Math.round(subject.x + (subject.width - width) / 2),
    y: Math.round(subject.y + (subject.height - height) / 2),
    width: Math.round(width),
    height: Math.round(height),
  };
}
