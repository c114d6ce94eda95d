// SPDX-License-Identifier: Apache-2.0
// Writes a zip file of blobs that are compressed already, so they are only stored.

import { checksum, record } from "./bytes.js";

/** entries: [name, Blob] pairs. Returns the zip as a Blob; names that repeat are numbered. */
export async function makeZip(entries) {
  const pieces = [];
  const directory = [];
  let offset = 0;
  for (const [name, blob] of unique(entries)) {
    const title = new TextEncoder().encode(name);
    const crc = checksum(new Uint8Array(await blob.arrayBuffer()));
    const UTF8 = 0x800;
    const common = [[2, 20], [2, UTF8], [2, 0], [2, 0], [2, 33], [4, crc], [4, blob.size], [4, blob.size], [2, title.length], [2, 0]];
    const local = record([[4, 0x04034b50], ...common]);
    pieces.push(local, title, blob);
    directory.push(record([[4, 0x02014b50], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]), title);
    offset += local.length + title.length + blob.size;
  }
  const size = directory.reduce((sum, piece) => sum + piece.length, 0);
  const count = directory.length / 2;
  const end = record([[4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0]]);
  return new Blob([...pieces, ...directory, end], { type: "application/zip" });
}

function unique(entries) {
  const seen = new Map();
  return entries.map(([name, blob]) => {
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return [count ? name.replace(/(\.\w+)?$/, `-${count + 1}$1`) : name, blob];
  });
}
