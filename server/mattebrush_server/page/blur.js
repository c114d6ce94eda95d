// SPDX-License-Identifier: Apache-2.0
// A picture's own background, out of focus, as if the subject had never stood before it.

import { gaussian } from "./edge.js";

/** Stands for it where a background is a color's name or a file. */
export const BLURRED = "blurred";

/** Longest side in which it is made: so soft that more would show nothing more. */
export const SIDE = 256;

const SIGMA = 0.025; // of the longest side
const RIM = 4; // the subject's color reaches a little farther than its alpha says
const SEEN = 0.02; // share of background around a pixel below which it takes the mean of all

/**
 * original, cutout: pixels in RGBA of equal size. The subject has no part in it, or it would stand
 * there as a bright or dark cloud around itself.
 */
export function blurredBackground(original, cutout) {
  const { width, height, data } = original;
  const weights = new Float32Array(width * height);
  for (let i = 0; i < weights.length; i++) {
    weights[i] = Math.max(0, 1 - (RIM * cutout.data[4 * i + 3]) / 255) * (data[4 * i + 3] / 255);
  }
  const sigma = Math.max(width, height) * SIGMA;
  const around = gaussian({ data: weights, width, height }, sigma).data;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const out = new ImageData(width, height);
  for (let c = 0; c < 3; c++) {
    const colors = weights.map((weight, i) => weight * data[4 * i + c]);
    const mean = total ? colors.reduce((sum, color) => sum + color, 0) / total : 255;
    const soft = gaussian({ data: colors, width, height }, sigma).data;
    for (let i = 0; i < soft.length; i++) {
      out.data[4 * i + c] = (soft[i] + SEEN * mean) / (around[i] + SEEN);
    }
  }
  for (let i = 3; i < out.data.length; i += 4) out.data[i] = 255;
  return out;
}
