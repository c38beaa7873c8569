/** Teaching the network a drawing that it misread: lessons as data, and the small data sets that they are made of. */
import type { AffineRanges } from "../src/core/affine.ts";
import { type Dataset, dataset } from "../src/data/dataset.ts";
import type { StepEvent, Trainer } from "../src/train/types.ts";
import { FileProblemError } from "./file_problem.ts";

const SIDE = 28;
const SIZE = SIDE * SIDE;
const CLASSES = 10;

/** A drawing as the network sees it, 784 values 0…1, and the digit that it is. */
export interface Lesson {
  readonly pixels: Float32Array;
  readonly label: number;
}

/** What the network makes of a drawing: the digit that it reads, and the share that it gives the right one. */
export interface Reading {
  readonly read: number;
  readonly share: number;
}

/** What a lesson did to the network. */
export interface Taught {
  /** Whether the network was kept as it was after the lesson. */
  readonly kept: boolean;
  /** Of each drawing that was taught, at the lesson's end. */
  readonly readings: readonly Reading[];
  /** Held-out accuracy before and at the lesson's end, of so many digits. */
  readonly before: number;
  readonly after: number;
  readonly count: number;
  /** Updates of the weights that the lesson took. */
  readonly steps: number;
  /** The network before the lesson: to take it back. */
  readonly checkpoint: Uint8Array;
}

/** Images of one lesson's data set: a quarter are drawings that were taught, the others digits from the training set. */
const IMAGES = 256;
const DRAWINGS = 64;
/** A drawing is learned when the right digit has this share. */
const LEARNED = 0.8;
/** A lesson is at most so many rounds of so many steps; before each, the network shows what it knows. */
const ROUNDS = 20;
const ROUND_STEPS = 4;
/** Steps of a lesson are smaller than those of the training: a few drawings must not overrule thousands of digits. */
const GENTLER = 0.5;
/** A lesson that costs more held-out accuracy than this is taken back. */
export const MOST_LOST = 0.005;
/** A taught drawing comes as copies that differ a little, at each step others. */
const AUGMENT: AffineRanges = { shift: 1.5, rotate: 8, zoom: 0.08, shear: 6 };

/**
 * New lessons and older ones, each several times, mixed with digits of the training set drawn by lot: the network
 * practises what it knows while it learns. `random` gives numbers from 0 to 1.
 */
export function lessonDataset(
  lessons: readonly Lesson[],
  older: readonly Lesson[],
  train: Dataset,
  random: () => number = Math.random,
): Dataset {
  const images = new Uint8Array(IMAGES * SIZE);
  const labels = new Int32Array(IMAGES);
  for (let index = 0; index < IMAGES; index++) {
    const target = images.subarray(index * SIZE, (index + 1) * SIZE);
    // Half of the drawings are new ones.
    const other = index % 2 === 0 ? undefined : older[Math.floor(random() * older.length)];
    const drawing = index < DRAWINGS ? (other ?? lessons[(index >> 1) % lessons.length]) : undefined;
    if (drawing) {
      target.set(toBytes(drawing.pixels));
      labels[index] = drawing.label;
    } else {
      const row = Math.floor(random() * train.count);
      const source = train.images.subarray(row * SIZE, (row + 1) * SIZE);
      target.set(source instanceof Uint8Array ? source : toBytes(source));
      labels[index] = train.labels[row] ?? 0;
    }
  }
  return dataset({ images, labels, shape: [SIDE, SIDE, 1], classes: CLASSES });
}

function toBytes(pixels: Float32Array): Uint8Array {
  return Uint8Array.from(pixels, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
}

export interface TeachOptions {
  /** What was taught before, and is practised too. */
  older: readonly Lesson[];
  train: Dataset;
  heldOut: Dataset;
  /** Of the training; it is set again after the lesson. */
  learningRate: number;
  signal?: AbortSignal;
  onStep?: (event: StepEvent) => void;
}

/**
 * Teaches the network drawings: a few steps on varied copies of them, of older lessons and of training digits, until it
 * reads each of them and is as good as before on held-out digits, or has had enough time. Where it then has lost more
 * than half a point of held-out accuracy, the network is put back as it was, bit for bit; so it is when the lesson is
 * aborted or fails.
 */
export async function teach(trainer: Trainer, lessons: readonly Lesson[], options: TeachOptions): Promise<Taught> {
  const { older, train, heldOut, learningRate, signal, onStep } = options;
  const stopping = signal ? { signal } : {};
  const checkpoint = await trainer.checkpoint();
  const accuracy = async () => (await trainer.evaluate(heldOut, stopping)).accuracy ?? Number.NaN;
  const practice = lessonDataset(lessons, older, train);
  let steps = 0;
  try {
    const before = await accuracy();
    trainer.setLearningRate(GENTLER * learningRate);
    let after = before;
    let readings: readonly Reading[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      if (round > 0) {
        await trainer.fit(practice, {
          ...stopping,
          steps: ROUND_STEPS,
          augment: AUGMENT,
          onStep(event) {
            steps++;
            onStep?.(event);
          },
        });
      }
      const all = await readingsOf(trainer, [...lessons, ...older]);
      readings = all.slice(0, lessons.length);
      const knows =
        lessons.every((lesson, index) => learned(lesson, readings[index])) &&
        older.every(({ label }, index) => all[lessons.length + index]?.read === label);
      if (!knows && round < ROUNDS) continue;
      after = await accuracy();
      if (knows && before - after <= MOST_LOST) break;
    }
    const kept = before - after <= MOST_LOST;
    if (kept) trainer.setLearningRate(learningRate);
    else await trainer.restore(checkpoint);
    return { kept, readings, before, after, count: heldOut.count, steps, checkpoint };
  } catch (error) {
    await trainer.restore(checkpoint).catch(() => undefined);
    throw error;
  } finally {
    // A trainer that is gone keeps nothing.
    await trainer.release(practice).catch(() => undefined);
  }
}

function learned({ label }: Lesson, reading: Reading | undefined): boolean {
  return reading !== undefined && reading.read === label && reading.share >= LEARNED;
}

async function readingsOf(trainer: Trainer, lessons: readonly Lesson[]): Promise<Reading[]> {
  const images = new Float32Array(lessons.length * SIZE);
  lessons.forEach(({ pixels }, index) => {
    images.set(pixels, index * SIZE);
  });
  const { data } = await trainer.predict(images);
  return lessons.map(({ label }, index) => {
    const row = data.subarray(index * CLASSES, (index + 1) * CLASSES);
    return { read: row.indexOf(Math.max(...row)), share: row[label] ?? 0 };
  });
}

const FORMAT = "corteza-lessons-1";

/** Lessons as a file: JSON with the pictures as bytes in base 64. */
export function lessonsToJson(lessons: readonly Lesson[]): string {
  const encode = (pixels: Float32Array) => btoa(String.fromCharCode(...toBytes(pixels)));
  return JSON.stringify({
    format: FORMAT,
    lessons: lessons.map(({ label, pixels }) => ({ label, pixels: encode(pixels) })),
  });
}

/** The way back. Throws a `FileProblemError` that says what is wrong with the file. */
export function lessonsFromJson(text: string): Lesson[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new FileProblemError({ kind: "json" }, "not JSON");
  }
  const { format, lessons } = (parsed ?? {}) as { format?: unknown; lessons?: unknown };
  if (format !== FORMAT || !Array.isArray(lessons))
    throw new FileProblemError({ kind: "format" }, `not a file of "${FORMAT}"`);
  return lessons.map((entry: { label?: unknown; pixels?: unknown } | null, index) => {
    const { label, pixels } = entry ?? {};
    const drawing = { kind: "drawing", place: index + 1 } as const;
    if (!Number.isInteger(label) || Number(label) < 0 || Number(label) >= CLASSES || typeof pixels !== "string") {
      throw new FileProblemError(drawing, `lesson ${index + 1} has no digit from 0 to 9 or no picture`);
    }
    let bytes: string;
    try {
      bytes = atob(pixels);
    } catch {
      throw new FileProblemError(drawing, `the picture of lesson ${index + 1} is not base 64`);
    }
    if (bytes.length !== SIZE)
      throw new FileProblemError(drawing, `the picture of lesson ${index + 1} has ${bytes.length} pixels, not ${SIZE}`);
    return { label: Number(label), pixels: Float32Array.from(bytes, (character) => character.charCodeAt(0) / 255) };
  });
}
