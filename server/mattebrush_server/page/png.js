// SPDX-License-Identifier: Apache-2.0
// Reads and writes PNG to the bit: depth, straight color and profile pass, which a canvas would
// lose (it has 8 bits, multiplied by alpha). Runs in the page and in its worker.

import { checksum, record } from "./bytes.js";

const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
const CHANNELS = { 0: 1, 2: 3, 4: 2, 6: 4 };
const COLOR_TYPE = { 1: 0, 2: 4, 3: 2, 4: 6 };
const STRIP = 1 << 20; // bytes handed to the compressor at a time
const CARRIED = ["iCCP", "sRGB", "gAMA", "cHRM", "cICP", "pHYs", "eXIf", "tEXt", "iTXt", "zTXt"];

/**
 * Pixels: { width, height, channels, depth: 8 | 16, data: Uint8Array | Uint16Array, extras }.
 * extras: the chunks about color, size and origin, as they were, for `writePng`.
 */
export async function readPng(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const view = new DataView(bytes.buffer);
  const packed = [];
  const extras = [];
  let head;
  for (let at = 8; at < bytes.length; ) {
    const size = view.getUint32(at);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const body = bytes.subarray(at + 8, at + 8 + size);
    if (name === "IHDR") head = header(view, at + 8);
    else if (name === "IDAT") packed.push(body);
    else if (CARRIED.includes(name)) extras.push({ name, body: body.slice() });
    at += size + 12;
  }
  return { ...head, data: await unpack(new Blob(packed), head), extras };
}

function header(view, at) {
  const depth = view.getUint8(at + 8);
  const channels = CHANNELS[view.getUint8(at + 9)];
  if (![8, 16].includes(depth) || !channels || view.getUint8(at + 12)) {
    throw new Error("This kind of PNG is not read here.");
  }
  return { width: view.getUint32(at), height: view.getUint32(at + 4), depth, channels };
}

async function unpack(packed, { width, height, depth, channels }) {
  const step = (channels * depth) / 8; // bytes from one pixel to the next
  const stride = width * step;
  const data = new (depth === 16 ? Uint16Array : Uint8Array)(width * height * channels);
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  let line = new Uint8Array(stride + 1);
  let above = new Uint8Array(stride + 1);
  let filled = 0;
  for (let row = 0; row < height; ) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The PNG is cut off.");
    for (let at = 0; at < value.length && row < height; ) {
      const count = Math.min(value.length - at, stride + 1 - filled);
      line.set(value.subarray(at, at + count), filled);
      at += count;
      filled += count;
      if (filled <= stride) continue;
      unfilter(line, above, step);
      place(line, data, row * width * channels, depth);
      [line, above] = [above, line];
      filled = 0;
      row++;
    }
  }
  return data;
}

/** The first byte of a line names its filter; those of the pixels before and above are undone. */
function unfilter(line, above, step) {
  const end = line.length;
  switch (line[0]) {
    case 1:
      for (let i = step + 1; i < end; i++) line[i] += line[i - step];
      break;
    case 2:
      for (let i = 1; i < end; i++) line[i] += above[i];
      break;
    case 3:
      for (let i = 1; i < end; i++) line[i] += ((i > step ? line[i - step] : 0) + above[i]) >> 1;
      break;
    case 4:
      for (let i = 1; i <= step; i++) line[i] += above[i];
      for (let i = step + 1; i < end; i++) {
        line[i] += paeth(line[i - step], above[i], above[i - step]);
      }
  }
}

function paeth(left, up, corner) {
  const a = Math.abs(up - corner);
  const b = Math.abs(left - corner);
  const c = Math.abs(left + up - 2 * corner);
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

function place(line, data, at, depth) {
  if (depth === 8) data.set(line.subarray(1), at);
  else for (let i = 1; i < line.length; i += 2) data[at++] = (line[i] << 8) | line[i + 1];
}

/** A PNG file of the pixels, as `readPng` gives them; `extras` may be missing. */
export async function writePng({ width, height, depth, channels, data, extras = [] }) {
  const head = record([[4, width], [4, height], [1, depth], [1, COLOR_TYPE[channels]], [3, 0]], false);
  const packed = await pack(width, height, depth, channels, data);
  const chunks = [["IHDR", head], ...extras.map(({ name, body }) => [name, body]), ["IDAT", packed]];
  const pieces = [SIGNATURE];
  for (const [name, body] of [...chunks, ["IEND", new Uint8Array()]]) {
    const title = new TextEncoder().encode(name);
    const crc = checksum(body, checksum(title));
    pieces.push(record([[4, body.length]], false), title, body, record([[4, crc]], false));
  }
  return new Blob(pieces, { type: "image/png" });
}

async function pack(width, height, depth, channels, data) {
  const step = (channels * depth) / 8;
  const stride = width * step;
  const rows = Math.max(1, Math.floor(STRIP / (stride + 1)));
  const squeeze = new CompressionStream("deflate");
  const packed = new Response(squeeze.readable).arrayBuffer();
  const writer = squeeze.writable.getWriter();
  let above = new Uint8Array(stride);
  let line = new Uint8Array(stride);
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top);
    const strip = new Uint8Array(count * (stride + 1));
    for (let row = 0; row < count; row++) {
      serialize(data, (top + row) * width * channels, line, depth);
      filter(line, above, strip, row * (stride + 1), step);
      [line, above] = [above, line];
    }
    await writer.write(strip);
  }
  await writer.close();
  return new Uint8Array(await packed);
}

function serialize(data, from, line, depth) {
  if (depth === 8) return line.set(data.subarray(from, from + line.length));
  for (let i = 0; i < line.length; i += 2, from++) {
    line[i] = data[from] >> 8;
    line[i + 1] = data[from];
  }
}

/** Planes of gray differ least from the line above, color from what Paeth's filter expects. */
function filter(line, above, strip, at, step) {
  const plane = step < 3;
  strip[at++] = plane ? 2 : 4;
  if (plane) {
    for (let i = 0; i < line.length; i++) strip[at + i] = line[i] - above[i];
    return;
  }
  for (let i = 0; i < step; i++) strip[at + i] = line[i] - above[i];
  for (let i = step; i < line.length; i++) {
    strip[at + i] = line[i] - paeth(line[i - step], above[i], above[i - step]);
  }
}
