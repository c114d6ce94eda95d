// SPDX-License-Identifier: Apache-2.0
// Work on the alpha of a finished cut-out, as the engine's core/mattebrush/retouch.py does it, so
// that the tab needs no server for it. A plane: { data, width, height, full }, of integers up to
// `full`. Only what is near an edge is computed.

const TILE = 64;
const FINEST_SIGMA = 3; // a wider blur is done on a smaller plane: nothing finer survives it
const STEP = 8; // largest disc, in pixels, that one pass moves an edge by

/** The plane with its edge moved outward (pixels > 0) or inward, then blurred by sigma. */
export function adjusted(plane, shift, sigma) {
  let out = plane;
  for (let left = Math.abs(shift); left > 0; left -= STEP) {
    const radius = Math.min(left, STEP);
    out = nearEdges(out, STEP + 1, (part) => (shift > 0 ? dilated : eroded)(part, radius));
  }
  return sigma > 0 ? feathered(out, sigma) : out;
}

function feathered(plane, sigma) {
  const step = Math.max(1, Math.floor(sigma / FINEST_SIGMA));
  if (step === 1) {
    return nearEdges(plane, Math.ceil(3 * sigma) + 1, (part) => gaussian(part, sigma));
  }
  return stretched(gaussian(blockMeans(plane, step), sigma / step), step, plane);
}

/** `work`, which looks `reach` pixels around, done on the tiles where the plane is not constant. */
function nearEdges(plane, reach, work) {
  const { width, height, full } = plane;
  const out = plane.data.slice();
  for (const [left, top] of edgeTiles(plane, reach)) {
    const right = Math.min(width, left + TILE);
    const bottom = Math.min(height, top + TILE);
    const part = windowOf(plane, left - reach, top - reach, right - left + 2 * reach, bottom - top + 2 * reach);
    const done = work(part);
    for (let y = top; y < bottom; y++) {
      const from = (y - top + reach) * done.width + reach;
      for (let x = left; x < right; x++) {
        out[y * width + x] = Math.min(full, Math.max(0, done.data[from + x - left])) + 0.5;
      }
    }
  }
  return { ...plane, data: out };
}

function edgeTiles({ data, width, height, full }, reach) {
  const across = Math.ceil(width / TILE);
  const down = Math.ceil(height / TILE);
  const varies = new Uint8Array(across * down);
  for (let y = 0; y < height; y++) {
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const value = data[i];
      if ((value === 0 || value === full) && (x === 0 || data[i - 1] === value)
          && (y === 0 || data[i - width] === value)) continue;
      varies[Math.floor(y / TILE) * across + Math.floor(x / TILE)] = 1;
    }
  }
  const near = Math.ceil(reach / TILE);
  const tiles = [];
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      if (around(varies, across, down, row, column, near)) tiles.push([column * TILE, row * TILE]);
    }
  }
  return tiles;
}

function around(varies, across, down, row, column, near) {
  for (let y = Math.max(0, row - near); y <= Math.min(down - 1, row + near); y++) {
    for (let x = Math.max(0, column - near); x <= Math.min(across - 1, column + near); x++) {
      if (varies[y * across + x]) return true;
    }
  }
  return false;
}

/** Part of a plane in floats; beyond its borders it goes on as it ends, so that they are no edges. */
function windowOf(plane, left, top, width, height) {
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.min(plane.height - 1, Math.max(0, top + y)) * plane.width;
    for (let x = 0; x < width; x++) {
      data[y * width + x] = plane.data[row + Math.min(plane.width - 1, Math.max(0, left + x))];
    }
  }
  return { data, width, height };
}

function dilated(part, radius) {
  const lower = Math.floor(radius);
  const low = discMaximum(part, lower);
  const share = radius - lower;
  if (!share) return low;
  const high = discMaximum(part, lower + 1);
  return { ...part, data: low.data.map((value, i) => value + share * (high.data[i] - value)) };
}

function eroded(part, radius) {
  const negative = ({ data, ...rest }) => ({ ...rest, data: data.map((value) => -value) });
  return negative(dilated(negative(part), radius));
}

/** Greatest value within `radius` of each pixel: one horizontal run for each row of the disc. */
function discMaximum({ data, width, height }, radius) {
  if (radius === 0) return { data, width, height };
  const out = data.slice();
  for (let dy = 0; dy <= radius; dy++) {
    const half = Math.floor(Math.sqrt(radius * radius - dy * dy + radius * 0.5));
    for (let y = 0; y < height; y++) {
      const run = runMaximum(data, y * width, width, half);
      for (const to of dy ? [y - dy, y + dy] : [y]) {
        if (to < 0 || to >= height) continue;
        const row = to * width;
        for (let x = 0; x < width; x++) if (run[x] > out[row + x]) out[row + x] = run[x];
      }
    }
  }
  return { data: out, width, height };
}

function runMaximum(data, row, width, half) {
  const run = new Float32Array(width);
  for (let x = 0; x < width; x++) {
    let best = -Infinity;
    const end = Math.min(width - 1, x + half);
    for (let at = Math.max(0, x - half); at <= end; at++) best = Math.max(best, data[row + at]);
    run[x] = best;
  }
  return run;
}

/** Blurred by a Gaussian of `sigma` pixels; borders go on as they end. */
export function gaussian({ data, width, height }, sigma) {
  const radius = Math.ceil(3 * sigma);
  const kernel = Float32Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-0.5 * ((i - radius) / sigma) ** 2));
  const sum = kernel.reduce((total, weight) => total + weight, 0);
  const across = blurred(data, width, height, 1, width, kernel, sum);
  return { width, height, data: blurred(across, height, width, width, 1, kernel, sum) };
}

/** One direction: `count` values, `step` apart, in each of `lines` lines that are `next` apart. */
function blurred(data, count, lines, step, next, kernel, sum) {
  const out = new Float32Array(data.length);
  const radius = (kernel.length - 1) / 2;
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < count; i++) {
      let total = 0;
      for (let k = -radius; k <= radius; k++) {
        const at = Math.min(count - 1, Math.max(0, i + k));
        total += kernel[k + radius] * data[line * next + at * step];
      }
      out[line * next + i * step] = total / sum;
    }
  }
  return out;
}

/** Means of step x step blocks, in floats; those cut by the border are of what there is of them. */
export function blockMeans({ data, width, height }, step) {
  const across = Math.ceil(width / step);
  const down = Math.ceil(height / step);
  const sums = new Float32Array(across * down);
  const counts = new Float32Array(across * down);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / step) * across;
    for (let x = 0; x < width; x++) {
      const at = row + Math.floor(x / step);
      sums[at] += data[y * width + x];
      counts[at]++;
    }
  }
  return { data: sums.map((sum, i) => sum / counts[i]), width: across, height: down };
}

/** A plane of blocks at full size, bilinear between their middles. */
export function stretched(small, step, { width, height, full, data }) {
  const out = new data.constructor(width * height);
  for (let y = 0; y < height; y++) {
    const [top, bottom, down] = between(y, step, small.height);
    for (let x = 0; x < width; x++) {
      const [left, right, across] = between(x, step, small.width);
      const upper = mix(small.data[top * small.width + left], small.data[top * small.width + right], across);
      const lower = mix(small.data[bottom * small.width + left], small.data[bottom * small.width + right], across);
      out[y * width + x] = Math.min(full, mix(upper, lower, down)) + 0.5;
    }
  }
  return { data: out, width, height, full };
}

function between(at, step, count) {
  const place = Math.min(count - 1, Math.max(0, (at + 0.5) / step - 0.5));
  const first = Math.floor(place);
  return [first, Math.min(count - 1, first + 1), place - first];
}

function mix(a, b, share) {
  return a + share * (b - a);
}

/**
 * How dark a soft drop shadow is at each pixel, 0 to 1: the alpha moved and blurred, in proportion
 * to the picture, as the engine's `shadow_for` has it. `side` is the whole picture's shorter side.
 */
export function dropShadow(plane, opacity, side = Math.min(plane.width, plane.height)) {
  const { width, height, full } = plane;
  const sigma = side * 0.015;
  const step = Math.max(1, Math.min(Math.floor(sigma / 4), Math.floor(Math.min(width, height) / 8)));
  const dark = gaussian(padded(blockMeans(plane, step), Math.ceil((3 * sigma) / step) + 1), sigma / step);
  const room = Math.ceil((3 * sigma) / step) + 1;
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const [top, bottom, down] = between(y - side * 0.015 + room * step, step, dark.height);
    for (let x = 0; x < width; x++) {
      const [left, right, across] = between(x - side * 0.01 + room * step, step, dark.width);
      const upper = mix(dark.data[top * dark.width + left], dark.data[top * dark.width + right], across);
      const lower = mix(dark.data[bottom * dark.width + left], dark.data[bottom * dark.width + right], across);
      out[y * width + x] = (opacity * mix(upper, lower, down)) / full;
    }
  }
  return out;
}

/** With empty room around, so that a blur does not take the picture's border for the subject's. */
function padded({ data, width, height }, room) {
  const wide = width + 2 * room;
  const out = new Float32Array(wide * (height + 2 * room));
  for (let y = 0; y < height; y++) {
    out.set(data.subarray(y * width, (y + 1) * width), (y + room) * wide + room);
  }
  return { data: out, width: wide, height: height + 2 * room };
}
