/** What the outputs of a random network learn by. */
import type { LossConfig } from "../../../src/index.ts";
import * as corteza from "../../../src/index.ts";
import type { RandomData } from "../../support/random.ts";
import { base64, type Goal } from "./question.ts";

/** What an output is to learn, before its shape is known. */
export interface Task {
  readonly loss: LossConfig;
  readonly folded: Goal["folded"];
  /** Targets are classes, one of them as a row, rows of probabilities, zeros and ones, or any numbers. */
  readonly targets: "labels" | "oneHot" | "probabilities" | "yesOrNo" | "numbers";
  /** Activation of the last layer. */
  readonly last: string;
  /** Fewest values that the loss tells something of. */
  readonly leastUnits: number;
}

export function drawTask(random: RandomData): Task {
  const labelSmoothing = random.pick([0, 0, 0.125]);
  const folds = <Name extends "softmax" | "sigmoid">(name: Name) =>
    random.uniform() < 0.5 ? { folded: name, last: name } : { folded: null, last: "linear" };
  const numbers = { folded: null, targets: "numbers", last: "linear", leastUnits: 1 } as const;
  const kinds = [
    ...(["sparse", "sparse", "categorical", "binary", "mse", "huber"] as const),
    ...(["mae", "kullbackLeibler", "cosine", "hinge", "categoricalHinge"] as const),
  ];
  switch (random.pick(kinds)) {
    case "sparse":
      return {
        loss: corteza.sparseCategoricalCrossentropy({ labelSmoothing }),
        ...folds("softmax"),
        ...{ targets: "labels", leastUnits: 2 },
      };
    case "categorical":
      return {
        loss: corteza.categoricalCrossentropy({ labelSmoothing }),
        ...folds("softmax"),
        ...{ targets: "probabilities", leastUnits: 2 },
      };
    case "kullbackLeibler":
      return {
        loss: corteza.kullbackLeiblerDivergence(),
        ...folds("softmax"),
        ...{ targets: "probabilities", leastUnits: 2 },
      };
    case "binary":
      return {
        loss: corteza.binaryCrossentropy({ labelSmoothing }),
        ...folds("sigmoid"),
        ...{ targets: "yesOrNo", leastUnits: 1 },
      };
    case "hinge":
      return { ...numbers, loss: corteza.hinge(), targets: "yesOrNo", last: random.pick(["linear", "tanh"]) };
    case "categoricalHinge":
      return { ...numbers, loss: corteza.categoricalHinge(), targets: "oneHot", leastUnits: 2 };
    case "mse":
      return { ...numbers, loss: corteza.meanSquaredError(), last: random.pick(["linear", "tanh"]) };
    case "mae":
      return { ...numbers, loss: corteza.meanAbsoluteError(), last: random.pick(["linear", "tanh"]) };
    case "huber":
      return { ...numbers, loss: corteza.huber({ delta: random.pick([0.5, 1]) }) };
    case "cosine":
      // Of one value only the sign counts, and of two little more.
      return { ...numbers, loss: corteza.cosineSimilarity(), leastUnits: 3 };
  }
}

/** Of a row's probabilities; the Kullback-Leibler divergence raises smaller ones than 1e-7, as Keras does. */
const LEAST_SHARE = 0.01;

/** A task with its targets, for outputs of this shape. */
export function drawGoal(random: RandomData, task: Task, rows: number, shape: readonly number[]): Goal {
  const { loss, folded, targets } = task;
  const weight = random.pick([1, 1, 0.25, 1.5]);
  const classes = shape[shape.length - 1] ?? 1;
  if (targets === "labels") {
    return { loss, folded, weight, labels: Array.from({ length: rows }, () => random.integer(0, classes - 1)) };
  }
  const size = shape.reduce((product, extent) => product * extent, rows);
  const drawn = random.normals(size);
  const ofRow = (i: number) => drawn.subarray(i - (i % classes), i - (i % classes) + classes);
  const values = () => {
    switch (targets) {
      case "yesOrNo":
        return drawn.map((value) => (value > 0 ? 1 : 0));
      case "numbers":
        return drawn;
      case "oneHot":
        return drawn.map((value, i) => (value === Math.max(...ofRow(i)) ? 1 : 0));
      case "probabilities":
        return drawn.map((value, i) => {
          const all = ofRow(i).reduce((sum, one) => sum + one * one + LEAST_SHARE, 0);
          return (value * value + LEAST_SHARE) / all;
        });
    }
  };
  return { loss, folded, weight, targets: base64(values()), targetShape: shape };
}
