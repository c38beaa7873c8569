import type { Dataset } from "../../src/data/dataset.ts";
import { dataset } from "../../src/index.ts";
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  huber,
  type LossChoice,
  sparseCategoricalCrossentropy,
} from "../../src/nn/losses.ts";
import type { RandomData } from "./random.ts";

type Row = readonly number[];

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;
const logSoftmax = (z: Row) => {
  const most = Math.max(...z);
  const total = Math.log(sum(z.map((value) => Math.exp(value - most))));
  return z.map((value) => value - most - total);
};
const smooth = (t: Row, s: number, values = t.length) => t.map((value) => value * (1 - s) + s / values);
const crossEntropy = (z: Row, t: Row) => -sum(logSoftmax(z).map((value, i) => value * (t[i] as number)));
/** log(1 + eˣ) without overflow. */
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const unit = (x: Row) => {
  const length = Math.sqrt(Math.max(sum(x.map((value) => value * value)), 1e-12));
  return x.map((value) => value / length);
};

/** A loss: how it is named to a trainer, its formula in f64 for one row along the last axis, and targets for it. */
export interface LossCase {
  readonly loss: LossChoice;
  readonly targets: "oneHot" | "probabilities" | "bits" | "signs" | "values";
  row(y: Row, t: Row): number;
}

export const LOSS_CASES: Readonly<Record<string, LossCase>> = {
  categoricalCrossentropy: { loss: "categoricalCrossentropy", targets: "probabilities", row: crossEntropy },
  "categoricalCrossentropy, smoothed": {
    loss: categoricalCrossentropy({ labelSmoothing: 0.1 }),
    targets: "oneHot",
    row: (y, t) => crossEntropy(y, smooth(t, 0.1)),
  },
  binaryCrossentropy: {
    loss: "binary_crossentropy",
    targets: "bits",
    row: (y, t) => mean(y.map((z, i) => softplus(t[i] ? -z : z))),
  },
  "binaryCrossentropy, smoothed": {
    loss: binaryCrossentropy({ labelSmoothing: 0.2 }),
    targets: "bits",
    row: (y, t) => mean(y.map((z, i) => softplus(z) - z * ((t[i] as number) * 0.8 + 0.1))),
  },
  meanSquaredError: {
    loss: "mse",
    targets: "values",
    row: (y, t) => mean(y.map((v, i) => (v - (t[i] as number)) ** 2)),
  },
  meanAbsoluteError: {
    loss: "MAE",
    targets: "values",
    row: (y, t) => mean(y.map((v, i) => Math.abs(v - (t[i] as number)))),
  },
  huber: {
    loss: huber({ delta: 0.7 }),
    targets: "values",
    row: (y, t) =>
      mean(
        y.map((v, i) => {
          const d = Math.abs(v - (t[i] as number));
          return d <= 0.7 ? 0.5 * d * d : 0.7 * d - 0.5 * 0.7 * 0.7;
        }),
      ),
  },
  hinge: {
    loss: "hinge",
    targets: "signs",
    row: (y, t) => mean(y.map((v, i) => Math.max(0, 1 - (t[i] === 0 ? -1 : (t[i] as number)) * v))),
  },
  categoricalHinge: {
    loss: "categoricalHinge",
    targets: "oneHot",
    row: (y, t) =>
      Math.max(
        0,
        Math.max(...y.map((v, i) => (1 - (t[i] as number)) * v)) - sum(y.map((v, i) => v * (t[i] as number))) + 1,
      ),
  },
  kullbackLeiblerDivergence: {
    loss: "kld",
    targets: "probabilities",
    row: (y, t) =>
      sum(logSoftmax(y).map((log, i) => (t[i] as number) * (Math.log(Math.max(t[i] as number, 1e-7)) - log))),
  },
  cosineSimilarity: {
    loss: "cosineSimilarity",
    targets: "values",
    row: (y, t) => -sum(unit(y).map((value, i) => value * (unit(t)[i] as number))),
  },
};

/** Targets of that kind for rows along the last axis, as f32 has them. */
export function targetsFor(random: RandomData, kind: LossCase["targets"], rows: number, size: number): Float64Array {
  const values = new Float64Array(rows * size);
  for (let row = 0; row < rows; row++) {
    const place = row * size;
    if (kind === "oneHot") values[place + random.integer(0, size - 1)] = 1;
    else if (kind === "probabilities") {
      const parts = Array.from({ length: size }, () => random.uniform() + 0.05);
      values.set(
        parts.map((part) => Math.fround(part / sum(parts))),
        place,
      );
    } else if (kind === "values") values.set(random.normals(size), place);
    else
      for (let i = 0; i < size; i++)
        values[place + i] = random.integer(0, 1) * (kind === "signs" ? 2 : 1) - (kind === "signs" ? 1 : 0);
  }
  return values;
}

/** The mean over all rows along the last axis; each row of the batch has as many. */
export function lossByHand(
  { row }: LossCase,
  outputs: ArrayLike<number>,
  targets: ArrayLike<number>,
  size: number,
): number {
  const part = (values: ArrayLike<number>, index: number) => Array.from(values).slice(index * size, (index + 1) * size);
  return mean(
    Array.from({ length: outputs.length / size }, (_, index) => row(part(outputs, index), part(targets, index))),
  );
}

/** `count` vectors of four features in `classes` clusters, labelled, with feature values on a coarse grid. */
export function clusters(random: RandomData, count: number, classes: number): Dataset & { images: Float32Array } {
  const images = new Float32Array(count * 4);
  const labels = Int32Array.from({ length: count }, () => random.integer(0, classes - 1));
  labels.forEach((label, index) => {
    images.set(
      random.normals(4).map((value, i) => Math.round(16 * (value * 0.8 + (i === label % 4 ? 1.5 : 0))) / 16),
      index * 4,
    );
  });
  return dataset({ images, labels, shape: [4], classes }) as Dataset & { images: Float32Array };
}

export { sparseCategoricalCrossentropy };
