/**
 * Whether a drawing is drawn as anything in the training set is. A network has to choose one of its classes for a scribble
 * too, and is often sure of it; this asks the ink instead, and knows no network.
 *
 * A picture is described by the directions of its edges: how much edge there is of each of 8 directions in each of 5×5
 * overlapping cells (histograms of oriented gradients: Dalal and Triggs 2005). Two pictures are alike by the cosine of the
 * square roots of these shares (Bhattacharyya's coefficient), 1 for the same. A drawing is unknown where its most similar
 * training picture is less alike than that of 98 % of the held-out pictures.
 *
 * On the 2,000 + 500 digits that the page opens with (test/demo/known_ink.test.ts measures it): 2 to 3 % of other
 * MNIST digits are unknown, none of 65 drawn digits; of 60 scribbles 90 %, of 28 shapes and signs 86 % (a square and a
 * triangle pass, as a 0), all of 16 letters that resemble no digit, all of 8 pairs of digits side by side. Distances of
 * pixels, blurred or not, find 5 to 30 % of the scribbles; the network's largest score finds 30 %.
 */

import { nextTurn } from "../src/core/next_turn.ts";
import { sample } from "../src/data/subset.ts";
import type { Dataset } from "../src/index.ts";

const SIDE = 28;
const CELLS = 5;
const DIRECTIONS = 8;
const FEATURES = CELLS * CELLS * DIRECTIONS;
/** This share of the held-out pictures is unknown. */
const UNKNOWN_SHARE = 0.02;
/** More than these pictures say nothing new, and take time. */
const MOST_TRAINING = 2000;
const MOST_HELD_OUT = 500;
/** Of fewer held-out pictures no 2 % can be told. */
const LEAST_HELD_OUT = 50;
/** As long as the page may stand still. */
const SLICE_MILLISECONDS = 8;

/** The shares by which a row or a column of pixels belongs to its cells: one or two of them. */
const MEMBERSHIP: readonly (readonly { cell: number; share: number }[])[] = Array.from({ length: SIDE }, (_, line) => {
  const position = ((line + 0.5) * CELLS) / SIDE - 0.5;
  return Array.from({ length: CELLS }, (_, cell) => ({ cell, share: 1 - Math.abs(position - cell) })).filter(
    ({ share }) => share > 0,
  );
});

/** The middle of a picture's pixels, weighted 1 2 1 along both sides; outside there is paper. */
function smoothed(pixels: Float32Array): Float32Array {
  const along = (values: Float32Array, step: number) =>
    values.map((value, index) => {
      const place = step === 1 ? index % SIDE : Math.floor(index / SIDE);
      const before = place > 0 ? (values[index - step] ?? 0) : 0;
      const after = place < SIDE - 1 ? (values[index + step] ?? 0) : 0;
      return (before + 2 * value + after) / 4;
    });
  return along(along(pixels, 1), SIDE);
}

/** Square roots of the shares of the edges' directions in the cells: a vector of length 1, or of zeros without an edge. */
export function edgeDirections(pixels: Float32Array): Float32Array {
  const image = smoothed(pixels);
  const found = new Float32Array(FEATURES);
  let total = 0;
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const at = row * SIDE + column;
      const right = (column < SIDE - 1 ? (image[at + 1] ?? 0) : 0) - (column > 0 ? (image[at - 1] ?? 0) : 0);
      const down = (row < SIDE - 1 ? (image[at + SIDE] ?? 0) : 0) - (row > 0 ? (image[at - SIDE] ?? 0) : 0);
      const strength = Math.hypot(right, down);
      if (strength === 0) continue;
      total += strength;
      const direction = ((Math.atan2(down, right) / (2 * Math.PI) + 1) * DIRECTIONS) % DIRECTIONS;
      const first = Math.floor(direction);
      const toSecond = direction - first;
      for (const vertical of MEMBERSHIP[row] ?? []) {
        for (const horizontal of MEMBERSHIP[column] ?? []) {
          const share = strength * vertical.share * horizontal.share;
          const place = (vertical.cell * CELLS + horizontal.cell) * DIRECTIONS;
          const one = place + (first % DIRECTIONS);
          const other = place + ((first + 1) % DIRECTIONS);
          found[one] = (found[one] ?? 0) + share * (1 - toSecond);
          found[other] = (found[other] ?? 0) + share * toSecond;
        }
      }
    }
  }
  const all = found.reduce((sum, value) => sum + value, 0);
  return total === 0 ? found : found.map((value) => Math.sqrt(value / all));
}

/** At most `most` rows of a set, evenly spread over it. */
function spread(set: Dataset, most: number): Float32Array[] {
  const count = Math.min(most, set.count);
  return Array.from({ length: count }, (_, index) => sample(set, Math.floor((index * set.count) / count)).image);
}

/** Gives way to the page whenever a slice of time has passed. */
class Slices {
  #began = performance.now();

  async pass(): Promise<void> {
    if (performance.now() - this.#began < SLICE_MILLISECONDS) return;
    await nextTurn();
    this.#began = performance.now();
  }
}

export class KnownInk {
  /** One picture's features after the other's. */
  readonly #known: Float32Array;
  /** Likeness of the nearest picture below which a drawing is unknown. */
  readonly threshold: number;
  readonly #taught = new WeakMap<Float32Array, Float32Array>();

  private constructor(known: Float32Array, threshold: number) {
    this.#known = known;
    this.threshold = threshold;
  }

  /** What a training set's ink looks like; undefined where too few pictures are held out. It takes some tenths of a second, in slices. */
  static async of(train: Dataset, heldOut: Dataset): Promise<KnownInk | undefined> {
    if (heldOut.count < LEAST_HELD_OUT) return undefined;
    const slices = new Slices();
    const pictures = spread(train, MOST_TRAINING);
    const known = new Float32Array(pictures.length * FEATURES);
    for (const [index, pixels] of pictures.entries()) {
      known.set(edgeDirections(pixels), index * FEATURES);
      await slices.pass();
    }
    const likenesses: number[] = [];
    for (const pixels of spread(heldOut, MOST_HELD_OUT)) {
      likenesses.push(nearest(known, edgeDirections(pixels)));
      await slices.pass();
    }
    likenesses.sort((a, b) => a - b);
    return new KnownInk(known, likenesses[Math.floor(UNKNOWN_SHARE * likenesses.length)] ?? 0);
  }

  /** Whether a drawing, 784 values 0…1, is drawn as something in the training set is, or among the drawings `taught`. */
  knows(pixels: Float32Array, taught: readonly Float32Array[] = []): boolean {
    const features = edgeDirections(pixels);
    if (nearest(this.#known, features) >= this.threshold) return true;
    return taught.some((drawing) => nearest(this.#featuresOf(drawing), features) >= this.threshold);
  }

  #featuresOf(drawing: Float32Array): Float32Array {
    const features = this.#taught.get(drawing) ?? edgeDirections(drawing);
    this.#taught.set(drawing, features);
    return features;
  }
}

/** The largest cosine between `features` and one of the vectors in `known`. */
function nearest(known: Float32Array, features: Float32Array): number {
  let most = 0;
  for (let first = 0; first < known.length; first += FEATURES) {
    let sum = 0;
    for (let index = 0; index < FEATURES; index++) sum += (known[first + index] ?? 0) * (features[index] ?? 0);
    if (sum > most) most = sum;
  }
  return most;
}
