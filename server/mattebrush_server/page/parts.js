// SPDX-License-Identifier: Apache-2.0
// The masks of several objects, as the engine's answer holds them (NPZ), and what is made of some
// of them. Runs in the page's worker.

import { readPng, writePng } from "./png.js";

const SIDE = 800; // longest side of the map of where each object is
const SEEN = 0.35; // of full: what counts as being of an object when one points at it
const TYPES = { "|u1": [Uint8Array, 255], "<u2": [Uint16Array, 65535], "<f4": [Float32Array, 1] };

/** { count, width, height, full, planes }: a mask each. */
async function readMasks(npz) {
  const bytes = await member(npz, "masks.npy");
  const size = new DataView(bytes).getUint16(8, true);
  const header = new TextDecoder().decode(bytes.slice(10, 10 + size));
  const [type, full] = TYPES[/'descr': '(.+?)'/.exec(header)[1]];
  const [count, height, width] = /\(([^)]*)\)/.exec(header)[1].split(",").map(Number);
  const values = new type(bytes.slice(10 + size));
  const planes = Array.from({ length: count }, (_, n) => values.subarray(n * width * height, (n + 1) * width * height));
  return { count, width, height, full, planes };
}

/** The bytes of a file in a zip that only stores. */
async function member(zip, wanted) {
  const end = new DataView(await zip.slice(-22).arrayBuffer());
  const [count, start] = [end.getUint16(10, true), end.getUint32(16, true)];
  const directory = new DataView(await zip.slice(start, -22).arrayBuffer());
  for (let at = 0, n = 0; n < count; n++) {
    const [name, extra, comment] = [28, 30, 32].map((place) => directory.getUint16(at + place, true));
    const title = new TextDecoder().decode(new Uint8Array(directory.buffer, at + 46, name));
    const [size, offset] = [directory.getUint32(at + 24, true), directory.getUint32(at + 42, true)];
    if (title === wanted) {
      const local = new DataView(await zip.slice(offset, offset + 30).arrayBuffer());
      const from = offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
      return zip.slice(from, from + size).arrayBuffer();
    }
    at += 46 + name + extra + comment;
  }
  throw new Error(`The answer lacks ${wanted}.`);
}

/** Where each object is, small: { width, height, data }, its place among the masks and one more; 0 for none. */
export async function labels({ npz }) {
  const { width, height, full, planes } = await readMasks(npz);
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const map = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  map.data = new Uint16Array(map.width * map.height);
  for (let y = 0, i = 0; y < map.height; y++) {
    const row = Math.min(height - 1, Math.floor((y + 0.5) / scale)) * width;
    for (let x = 0; x < map.width; x++, i++) {
      const at = row + Math.min(width - 1, Math.floor((x + 0.5) / scale));
      let most = SEEN * full;
      planes.forEach((plane, n) => {
        if (plane[at] > most) [most, map.data[i]] = [plane[at], n + 1];
      });
    }
  }
  return map;
}

/** Cut-out and mask, PNG files, that show only some of the objects. all: { png, mask, npz } of all. */
export async function chosen({ all, members }) {
  const { full, planes } = await readMasks(all.npz);
  const [picture, mask] = await Promise.all([readPng(all.png), readPng(all.mask)]);
  const { channels, data } = picture;
  const scale = (mask.depth === 16 ? 65535 : 255) / full;
  for (let i = 0, at = 0; i < mask.data.length; i++, at += channels) {
    let kept = 0;
    for (const member of members) kept += planes[member][i] * scale;
    kept = Math.min(Math.round(kept), mask.data[i]);
    // Alpha holds the picture's own transparency, too, and keeps its share of it.
    if (kept < mask.data[i]) data[at + channels - 1] = Math.round((data[at + channels - 1] * kept) / mask.data[i]);
    if (!data[at + channels - 1]) data.fill(0, at, at + channels); // no color of what was cut off
    mask.data[i] = kept;
  }
  const [png, made] = await Promise.all([writePng(picture), writePng(mask)]);
  return { png, mask: made };
}
