/** Pictures of the visitor's own: IDX files as MNIST and its relatives come, gzip-compressed or not, made into a data set. */

import { FormatError } from "../src/core/errors.ts";
import { type Dataset, dataset } from "../src/data/dataset.ts";
import { gunzip } from "../src/data/gunzip.ts";
import { idx, parseIdx } from "../src/data/idx.ts";
import { CLASSES, type Digits, type OwnId } from "./digits.ts";
import { OwnFilesError } from "./own_files_error.ts";
import { shownName } from "./shown_name.ts";

const SIDE = 28;
/** 28×28 bytes of so many pictures stay below 128 MiB, WebGPU's default limit of one buffer. */
const MOST_PICTURES = 150_000;
/**
 * Where the files bring no held-out part, every sixth picture of each class is held out: about as many as MNIST's seventh,
 * and of all classes however the files are ordered.
 */
const HELD_OUT_EVERY = 6;
/** Fewer pictures than this are not divided; of ten classes there is one of each to hold out. */
const FEWEST_TO_DIVIDE = 60;

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface IdxFile extends NamedBytes {
  readonly rank: number;
  readonly count: number;
}

interface Pair {
  readonly images: IdxFile;
  readonly labels: IdxFile;
}

/**
 * A data set from one pair of image and label files, of which a sixth is held out, or from two pairs, one of them to be
 * held out; a text file beside them names the classes, a line each. Throws `OwnFilesError`.
 */
export async function readOwnFiles(files: readonly NamedBytes[]): Promise<Digits & { readonly id: OwnId }> {
  const texts = files.filter(({ name }) => /\.txt$/i.test(name));
  const found = await Promise.all(files.filter((file) => !texts.includes(file)).map(readHeader));
  const pairs = pairsOf(found);
  const [first, second] = pairs.map(readPair);
  if (first === undefined) throw pairsProblem(found);
  const parts = second ? { train: first, heldOut: second } : divided(first, pairs[0]?.images.name ?? "");
  const classes = Math.max(parts.train.classes, parts.heldOut.classes);
  return {
    train: { ...parts.train, classes },
    heldOut: { ...parts.heldOut, classes },
    id: `own-${fingerprint([parts.train, parts.heldOut])}`,
    names: namesOf(texts, classes),
    title: shownName(pairs[0]?.images.name ?? ""),
  };
}

async function readHeader({ name, bytes }: NamedBytes): Promise<IdxFile> {
  try {
    const content = await gunzip(bytes);
    const { shape } = parseIdx(content, name);
    return { name, bytes: content, rank: shape.length, count: shape[0] ?? 0 };
  } catch (error) {
    if (error instanceof FormatError)
      throw new OwnFilesError("unreadable", [name, error.message.replace(`${name}: `, "")], error);
    throw error;
  }
}

function pairsProblem(files: readonly IdxFile[]): OwnFilesError {
  return new OwnFilesError("pairs", [files.map(({ name, count }) => `${name} (${count})`).join(", ")]);
}

/** One pair, or that to train on before that to be held out. */
function pairsOf(files: readonly IdxFile[]): Pair[] {
  const images = files.filter(({ rank }) => rank > 1);
  const labels = files.filter(({ rank }) => rank === 1);
  const [a, b] = images;
  if (images.length !== labels.length || a === undefined || images.length > 2) throw pairsProblem(files);
  const pairs = images.map((image) => {
    const fitting = labels.filter(({ count }) => count === image.count);
    const own = fitting.length > 1 ? fitting.find(({ name }) => isHeldOut(name) === isHeldOut(image.name)) : fitting[0];
    if (own === undefined) throw pairsProblem(files);
    return { images: image, labels: own };
  });
  if (b === undefined) return pairs;
  const told = isHeldOut(a.name) !== isHeldOut(b.name);
  const swap = told ? isHeldOut(a.name) : a.count < b.count;
  return swap ? pairs.reverse() : pairs;
}

function isHeldOut(name: string): boolean {
  return /t10k|test|valid|held/i.test(name);
}

function readPair({ images, labels }: Pair): Dataset {
  let read: Dataset;
  try {
    read = idx({ images: images.bytes, labels: labels.bytes });
  } catch (error) {
    if (error instanceof FormatError) throw new OwnFilesError("values", [images.name, error.message], error);
    throw error;
  }
  const [height, width, channels] = read.shape;
  if (height !== SIDE || width !== SIDE || channels !== 1) {
    throw new OwnFilesError("size", [images.name, read.shape.join("×")]);
  }
  if (read.classes > CLASSES) throw new OwnFilesError("classes", [labels.name, String(read.classes - 1)]);
  if (read.count > MOST_PICTURES) {
    throw new OwnFilesError("tooMany", [images.name, String(read.count), String(MOST_PICTURES)]);
  }
  return read;
}

function divided(whole: Dataset, name: string): { train: Dataset; heldOut: Dataset } {
  if (whole.count < FEWEST_TO_DIVIDE) {
    throw new OwnFilesError("few", [name, String(whole.count), String(FEWEST_TO_DIVIDE)]);
  }
  const ofClass = new Map<number, number>();
  const [train, heldOut]: [number[], number[]] = [[], []];
  whole.labels.forEach((label, row) => {
    const before = ofClass.get(label) ?? 0;
    ofClass.set(label, before + 1);
    (before % HELD_OUT_EVERY === HELD_OUT_EVERY - 1 ? heldOut : train).push(row);
  });
  if (heldOut.length === 0) throw new OwnFilesError("few", [name, String(whole.count), String(FEWEST_TO_DIVIDE)]);
  return { train: rowsOf(whole, train), heldOut: rowsOf(whole, heldOut) };
}

function rowsOf(whole: Dataset, rows: readonly number[]): Dataset {
  const size = SIDE * SIDE;
  const images = new Uint8Array(rows.length * size);
  rows.forEach((row, place) => {
    images.set(whole.images.subarray(row * size, (row + 1) * size), place * size);
  });
  const labels = rows.map((row) => whole.labels[row] ?? 0);
  return dataset({ images, labels, shape: whole.shape, classes: whole.classes });
}

function namesOf(texts: readonly NamedBytes[], classes: number): string[] {
  const [text] = texts;
  const lines = new TextDecoder()
    .decode(text?.bytes)
    .split(/\r?\n/)
    .map((line) => line.replace(/^\s*\d+[\s,;:]+/, "").trim())
    .filter((line) => line !== "");
  if (text && (lines.length < classes || lines.length > CLASSES)) {
    throw new OwnFilesError("names", [text.name, String(lines.length), String(classes)]);
  }
  return Array.from({ length: classes }, (_, label) => lines[label] ?? String(label));
}

/** FNV-1a, 32 bits: tells one visitor's data sets apart, no more. */
function fingerprint(parts: readonly Dataset[]): string {
  let hash = 0x811c9dc5;
  for (const { images, labels } of parts) {
    for (const values of [labels, images]) {
      for (let place = 0; place < values.length; place++) hash = Math.imul(hash ^ (values[place] ?? 0), 0x01000193);
    }
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
