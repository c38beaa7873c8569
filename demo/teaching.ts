/** Teaching the network a drawing that it misread: lessons as data, and the small data sets that they are made of. */
import type { AffineRanges } from "../src/core/affine.ts";
import { randomUniform } from "../src/core/random.ts";
import { type Dataset, dataset } from "../src/data/dataset.ts";
import type { StepEvent, Trainer } from "../src/train/types.ts";
import { atBeginning } from "./checkpoints.ts";
import { FileProblemError } from "./file_problem.ts";

const SIDE = 28;
const SIZE = SIDE * SIDE;
const CLASSES = 10;

/** A drawing as the network sees it, 784 values 0…1, and the digit that it is. */
export interface Lesson {
  readonly pixels: Float32Array;
  readonly label: number;
}

/** What the network makes of a drawing: the digit that it reads, the share that it gives the right one, and those of all. */
export interface Reading {
  readonly read: number;
  readonly share: number;
  readonly probabilities: Float32Array;
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

/** Images of a lesson's data set: so many that hardly a digit of the training set is seen more than twice. */
const IMAGES = 1024;
/** So many of them are drawings until the network knows those that are new, and so many when it has them to keep alone. */
const TO_LEARN = IMAGES / 4;
const TO_KEEP = IMAGES / 16;
/** A drawing is learned when the right digit has this share. */
const LEARNED = 0.8;
/** Steps of a round, after which the network shows what it knows, and how many rounds there are at most. */
const LEARNING = { steps: 4, rounds: 20, drawings: TO_LEARN };
/**
 * Then it wins back what it lost of the rest. A look at the held-out digits takes as long as a few steps: rounds are longer.
 * Where nothing more is asked, so many rounds try for more.
 */
const KEEPING = { steps: 8, rounds: 10, drawings: TO_KEEP, more: 2 };
/** Steps of a lesson are smaller than those of the training: a few drawings must not overrule thousands of digits. */
const GENTLER = 0.5;
/** Lessons in a row that cost more held-out accuracy than this: the last of them is taken back. */
export const MOST_LOST = 0.005;
/** A taught drawing comes as copies that differ a little, at each step others. */
const AUGMENT: AffineRanges = { shift: 1.5, rotate: 8, zoom: 0.08, shear: 6 };

/**
 * New lessons and older ones, each several times, mixed with digits of the training set drawn by lot: the network
 * practises what it knows while it learns. Of all images `drawings` are lessons. The same `key` draws the same lots
 * (`randomKey`).
 */
export function lessonDataset(
  lessons: readonly Lesson[],
  older: readonly Lesson[],
  train: Dataset,
  { key, drawings = TO_LEARN }: { key: number; drawings?: number },
): Dataset {
  let drawn = 0;
  const lot = (count: number) => Math.floor(randomUniform(key, drawn++) * count);
  const images = new Uint8Array(IMAGES * SIZE);
  const labels = new Int32Array(IMAGES);
  for (let index = 0; index < IMAGES; index++) {
    const target = images.subarray(index * SIZE, (index + 1) * SIZE);
    // Half of the drawings are new ones.
    const other = index % 2 === 0 ? undefined : older[lot(older.length)];
    const drawing = index < drawings ? (other ?? lessons[(index >> 1) % lessons.length]) : undefined;
    if (drawing) {
      target.set(toBytes(drawing.pixels));
      labels[index] = drawing.label;
    } else {
      const row = lot(train.count);
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
  /**
   * Held-out accuracy before the first of the lessons in a row, where this is a later one: it may cost what those before it have
   * gained. Default: that before this lesson.
   */
  untaught?: number | undefined;
  /** Of the training; it is set again after the lesson. */
  learningRate: number;
  /** Which digits of the training set are practised: with the same key the same lesson gives the same network. */
  key: number;
  signal?: AbortSignal;
  onStep?: (event: StepEvent) => void;
}

/** What the network knows of the drawings. */
interface Known {
  readonly readings: readonly Reading[];
  /** Whether it reads all of them, and the older ones. */
  readonly all: boolean;
}

/** The network after a round. */
interface Round extends Known {
  /** Held-out accuracy. */
  readonly accuracy: number;
  /** Of the lesson, so far. */
  readonly steps: number;
}

/**
 * Teaches the network drawings: a few steps on varied copies of them, of older lessons and of training digits, until it reads
 * each of them; then on fewer copies of them, until it is as good as before on held-out digits, or has had enough time. The
 * best round counts of those that lose at most half a point of held-out accuracy, however many lessons there were in a row: what
 * one has gained by luck, the next may lose. Where there is none, the network is put back as it was, bit for bit; so it is when
 * the lesson is aborted or fails.
 *
 * On the reference network after five epochs, five drawings each (scripts/lessons.ts, 1 December 2026): 100 of 100 lessons are
 * kept. Five lessons together cost 0.4 points at most, and mostly gain some.
 */
export async function teach(trainer: Trainer, lessons: readonly Lesson[], options: TeachOptions): Promise<Taught> {
  const { heldOut, learningRate } = options;
  const checkpoint = await trainer.checkpoint();
  const practice = new Practice(trainer, lessons, options);
  try {
    // A trainer goes on at its place in the data set where it does not know that this is another one.
    await trainer.restore(atBeginning(checkpoint));
    const before = await practice.accuracy();
    trainer.setLearningRate(GENTLER * learningRate);
    const least = Math.min(before, options.untaught ?? before) - MOST_LOST;
    const { best, last } = await practice.winBack({ before, least }, await practice.learn());
    if (best && best.round.steps < last.steps) await trainer.restore(best.checkpoint);
    // That moves the trainer's place in its data: before what is put back, which has its own.
    await practice.letGo();
    if (best) trainer.setLearningRate(learningRate);
    else await trainer.restore(checkpoint);
    const { readings, accuracy: after, steps } = best?.round ?? last;
    return { kept: best !== undefined, readings, before, after, count: heldOut.count, steps, checkpoint };
  } catch (error) {
    await practice.letGo();
    await trainer.restore(checkpoint).catch(() => undefined);
    throw error;
  }
}

/** The rounds of one lesson. */
class Practice {
  readonly #trainer: Trainer;
  readonly #lessons: readonly Lesson[];
  readonly #options: TeachOptions;
  /** What is practised now. */
  #set: Dataset | undefined;
  #steps = 0;

  constructor(trainer: Trainer, lessons: readonly Lesson[], options: TeachOptions) {
    this.#trainer = trainer;
    this.#lessons = lessons;
    this.#options = options;
  }

  /** Until the network knows the drawings, or has had enough time. */
  async learn(): Promise<Known> {
    let known = await this.#known();
    for (let round = 0; round < LEARNING.rounds && !known.all; round++) {
      await this.#round(LEARNING);
      known = await this.#known();
    }
    return known;
  }

  /** Until it is as good as before on held-out digits too, or has had enough time: the best round that may be kept, and the last. */
  async winBack(
    { before, least }: { before: number; least: number },
    learned: Known,
  ): Promise<{ best: Kept | undefined; last: Round }> {
    let last: Round = { ...learned, accuracy: await this.accuracy(), steps: this.#steps };
    let best: Kept | undefined;
    await this.letGo();
    for (let { rounds, more } = KEEPING; ; rounds--) {
      if (last.accuracy >= least && isBetter(last, best?.round))
        best = { round: last, checkpoint: await this.#trainer.checkpoint() };
      if (rounds === 0 || (best && (isAsGood(best.round, before) || more-- === 0))) return { best, last };
      await this.#round(KEEPING);
      const [known, accuracy] = await Promise.all([this.#known(), this.accuracy()]);
      last = { ...known, accuracy, steps: this.#steps };
    }
  }

  async accuracy(): Promise<number> {
    const { heldOut, signal } = this.#options;
    return (await this.#trainer.evaluate(heldOut, signal ? { signal } : {})).accuracy ?? Number.NaN;
  }

  /** What was practised goes. */
  async letGo(): Promise<void> {
    // A trainer that is gone keeps nothing.
    if (this.#set) await this.#trainer.release(this.#set).catch(() => undefined);
    this.#set = undefined;
  }

  async #round({ steps, drawings }: { steps: number; drawings: number }): Promise<void> {
    const { older, train, key, signal, onStep } = this.#options;
    this.#set ??= lessonDataset(this.#lessons, older, train, { key: key + drawings, drawings });
    await this.#trainer.fit(this.#set, {
      ...{ steps, augment: AUGMENT, ...(signal ? { signal } : {}) },
      onStep: (event) => {
        this.#steps++;
        onStep?.(event);
      },
    });
  }

  async #known(): Promise<Known> {
    const lessons = this.#lessons;
    const { older } = this.#options;
    const readings = await readingsOf(this.#trainer, [...lessons, ...older]);
    const all =
      lessons.every((lesson, index) => learned(lesson, readings[index])) &&
      older.every(({ label }, index) => readings[lessons.length + index]?.read === label);
    return { readings: readings.slice(0, lessons.length), all };
  }
}

/** A round that may be kept, with the network as it then was. */
interface Kept {
  readonly round: Round;
  readonly checkpoint: Uint8Array;
}

function isBetter(round: Round, best: Round | undefined): boolean {
  if (best === undefined || round.all !== best.all) return best === undefined || round.all;
  return round.accuracy > best.accuracy;
}

function isAsGood(round: Round, before: number): boolean {
  return round.all && round.accuracy >= before;
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
    const probabilities = Float32Array.from(data.subarray(index * CLASSES, (index + 1) * CLASSES));
    const read = probabilities.indexOf(Math.max(...probabilities));
    return { read, share: probabilities[label] ?? 0, probabilities };
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
