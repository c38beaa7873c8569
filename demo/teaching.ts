/** Teaching the network a drawing that it misread: lessons as data, and the small data sets that they are made of. */
import { type Dataset, dataset } from "../src/index.ts";

const SIDE = 28;
const SIZE = SIDE * SIDE;
const CLASSES = 10;

/** A drawing as the network sees it, 784 values 0…1, and the digit that it is. */
export interface Lesson {
  readonly pixels: Float32Array;
  readonly label: number;
}

/** What a lesson did to the network. */
export interface Taught {
  readonly label: number;
  /** Whether the network was kept as it was after the lesson. */
  readonly kept: boolean;
  /** What it reads in the drawing now, and the share that it gives the right digit. */
  readonly read: number;
  readonly share: number;
  /** Held-out accuracy before and after, of so many digits. */
  readonly before: number;
  readonly after: number;
  readonly count: number;
}

/** Images of one lesson's data set: a quarter are drawings that were taught, the others digits from the training set. */
const IMAGES = 128;
const DRAWINGS = 32;

/**
 * The new lesson and the older ones, each several times, mixed with digits of the training set drawn by lot: the network
 * practises what it knows while it learns. `random` gives numbers from 0 to 1.
 */
export function lessonDataset(
  lesson: Lesson,
  older: readonly Lesson[],
  train: Dataset,
  random: () => number = Math.random,
): Dataset {
  const images = new Uint8Array(IMAGES * SIZE);
  const labels = new Int32Array(IMAGES);
  for (let index = 0; index < IMAGES; index++) {
    const target = images.subarray(index * SIZE, (index + 1) * SIZE);
    if (index < DRAWINGS) {
      // Half of them the new one.
      const other = older[Math.floor(random() * older.length)];
      const { pixels, label } = index % 2 === 0 || other === undefined ? lesson : other;
      target.set(Uint8Array.from(pixels, (value) => Math.round(255 * value)));
      labels[index] = label;
    } else {
      const row = Math.floor(random() * train.count);
      const source = train.images.subarray(row * SIZE, (row + 1) * SIZE);
      target.set(source instanceof Uint8Array ? source : Uint8Array.from(source, (value) => Math.round(255 * value)));
      labels[index] = train.labels[row] ?? 0;
    }
  }
  return dataset({ images, labels, shape: [SIDE, SIDE, 1], classes: CLASSES });
}

const FORMAT = "corteza-lessons-1";

/** Lessons as a file: JSON with the pictures as bytes in base 64. */
export function lessonsToJson(lessons: readonly Lesson[]): string {
  const encode = (pixels: Float32Array) =>
    btoa(String.fromCharCode(...Array.from(pixels, (value) => Math.round(255 * value))));
  return JSON.stringify({
    format: FORMAT,
    lessons: lessons.map(({ label, pixels }) => ({ label, pixels: encode(pixels) })),
  });
}

/** The way back. Throws an `Error` that says what is wrong with the file. */
export function lessonsFromJson(text: string): Lesson[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Error("not JSON");
  }
  const { format, lessons } = (parsed ?? {}) as { format?: unknown; lessons?: unknown };
  if (format !== FORMAT || !Array.isArray(lessons)) throw new Error(`not a file of "${FORMAT}"`);
  return lessons.map((entry: { label?: unknown; pixels?: unknown } | null, index) => {
    const { label, pixels } = entry ?? {};
    if (!Number.isInteger(label) || Number(label) < 0 || Number(label) >= CLASSES || typeof pixels !== "string") {
      throw new Error(`lesson ${index + 1} has no digit from 0 to 9 or no picture`);
    }
    let bytes: string;
    try {
      bytes = atob(pixels);
    } catch {
      throw new Error(`the picture of lesson ${index + 1} is not base 64`);
    }
    if (bytes.length !== SIZE)
      throw new Error(`the picture of lesson ${index + 1} has ${bytes.length} pixels, not ${SIZE}`);
    return { label: Number(label), pixels: Float32Array.from(bytes, (character) => character.charCodeAt(0) / 255) };
  });
}
