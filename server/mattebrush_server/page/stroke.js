// SPDX-License-Identifier: Apache-2.0
// What a stroke of the brush covers. The page shows it, its worker puts it into the mask.
// A stroke: { mode: "keep" | "drop" | "hair", size, points: [[x, y, share of the size], ...] }.

/** Share of the brush's width where it covers wholly; its rim is a hint only. */
const RIM = [[1, 0.25], [0.94, 0.5], [0.88, 0.75], [0.82, 1]];

/** What each mode says of the pixels under it: in, out, or "decide here". */
export const SAYS = { keep: 1, drop: 0, hair: 0.5 };

/** Draws a stroke in the context's own coordinates, in its stroke style. */
export function drawStroke(context, stroke, share = 1) {
  context.lineCap = context.lineJoin = "round";
  let [x, y, width = 1] = stroke.points[0];
  // A hair's breadth, since a line of no length may show nothing: a dab is a stroke too.
  for (const [toX, toY, toWidth = 1] of [[x + 0.01, y, width], ...stroke.points.slice(1)]) {
    context.lineWidth = stroke.size * share * ((width + toWidth) / 2);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(toX, toY);
    context.stroke();
    [x, y, width] = [toX, toY, toWidth];
  }
}

/** The whole pixels that a stroke may touch, within the picture: { x, y, width, height } or null. */
export function strokeBox(stroke, width, height) {
  const reach = stroke.size / 2 + 1;
  const xs = stroke.points.map(([x]) => x);
  const ys = stroke.points.map(([, y]) => y);
  const left = Math.max(0, Math.floor(Math.min(...xs) - reach));
  const top = Math.max(0, Math.floor(Math.min(...ys) - reach));
  const right = Math.min(width, Math.ceil(Math.max(...xs) + reach));
  const bottom = Math.min(height, Math.ceil(Math.max(...ys) + reach));
  if (right <= left || bottom <= top) return null;
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** How far a stroke covers each pixel of its box, 0 to 255. */
export function coverage(stroke, box) {
  const canvas = new OffscreenCanvas(box.width, box.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.translate(-box.x, -box.y);
  for (const [share, cover] of RIM) {
    const level = Math.round(255 * cover);
    context.strokeStyle = `rgb(${level},${level},${level})`;
    drawStroke(context, stroke, share);
  }
  const { data } = context.getImageData(0, 0, box.width, box.height);
  return Uint8Array.from({ length: box.width * box.height }, (_, i) => (data[4 * i] * data[4 * i + 3]) / 255);
}
