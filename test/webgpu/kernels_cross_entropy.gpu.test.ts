import { describe, expect, test } from "vitest";
import { openDevice } from "../support/device.ts";
import {
  argmax,
  confusionMatrix,
  countCorrect,
  crossEntropyGradient,
  crossEntropyRows,
  crossEntropyStep,
  crossEntropyTotal,
  softmax,
} from "../support/kernels.ts";
import { runKernel } from "../support/run_kernel.ts";
import {
  expectNear,
  integerOutputOf,
  integers,
  outputOf,
  plain,
  traitsOfEachKind,
  uniform,
} from "./kernels_support.ts";

const device = await openDevice();

interface Shape {
  rows: number;
  columns: number;
}

function probabilitiesOf(logits: Float32Array, { rows, columns }: Shape) {
  const probabilities = new Float64Array(rows * columns);
  const logarithms = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const values = Array.from(logits.subarray(row * columns, (row + 1) * columns));
    const largest = Math.max(...values);
    const total = values.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    values.forEach((value, column) => {
      probabilities[row * columns + column] = Math.exp(value - largest) / total;
      logarithms[row * columns + column] = value - largest - Math.log(total);
    });
  }
  return { probabilities, logarithms };
}

function firstMaxima(logits: Float32Array, { rows, columns }: Shape): number[] {
  return Array.from({ length: rows }, (_, row) => {
    const values = Array.from(logits.subarray(row * columns, (row + 1) * columns));
    return values.indexOf(Math.max(...values));
  });
}

/** Class indices with some rows left out (−1): the first of several, and not the last. */
function someLabels({ rows, columns }: Shape): Int32Array {
  const labels = Int32Array.from(integers(rows, 7, -1, columns - 1));
  if (rows > 1) {
    labels[0] = -1;
    labels[rows - 1] = columns - 1;
  }
  return labels;
}

/** The loss of each row by class index, 0 where the label is negative. */
function rowLossesOf(logarithms: Float64Array, labels: Int32Array, columns: number): number[] {
  return Array.from(labels, (label, row) => (label < 0 ? 0 : -(logarithms[row * columns + label] as number)));
}

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);
const cases: readonly Shape[] = [
  { rows: 1, columns: 1 },
  { rows: 1, columns: 3 },
  { rows: 64, columns: 10 },
  { rows: 61, columns: 10 },
  // Two threads a row, with one exchange between them, and then many.
  { rows: 5, columns: 40 },
  { rows: 3, columns: 1000 },
  { rows: 300, columns: 17 },
];

describe.each(traitsOfEachKind)("%s", (_, traits) => {
  describe.each(cases)("$rows rows of $columns", (shape) => {
    const { rows, columns } = shape;
    const size = rows * columns;
    const logits = uniform(size, 1, -30, 30);
    const labels = someLabels(shape);
    const counted = labels.filter((label) => label >= 0).length;
    const divisor = Math.max(1, counted);
    const { probabilities, logarithms } = probabilitiesOf(logits, shape);
    const expectedGradient = (scale: (row: number) => number) =>
      probabilities.map((p, i) => {
        const row = Math.floor(i / columns);
        const label = labels[row] as number;
        return label < 0 ? 0 : (p - (label === i % columns ? 1 : 0)) * scale(row);
      });

    test("softmax and logSoftmax are close to their definitions", async () => {
      expectNear(await outputOf(device, softmax(shape, false, traits), [logits], size), probabilities, 4e-6);
      expectNear(await outputOf(device, softmax(shape, true, traits), [logits], size), logarithms, 3e-5);
    });

    test("softmax of far apart values is that of the largest, which none may outgrow", async () => {
      const far = Float32Array.from({ length: size }, (_, i) => (i % columns === 0 ? 200 : -200));
      const wanted = probabilitiesOf(far, shape).probabilities;
      expectNear(await outputOf(device, softmax(shape, false, traits), [far], size), wanted, 4e-6);
    });

    test("argmax finds the first of many equal maxima", async () => {
      const x = integers(size, 2, -3, 0);
      const got = await integerOutputOf(device, argmax(shape, traits), [x], rows);
      expect(plain(got)).toEqual(firstMaxima(x, shape));
    });

    test("the loss by class index leaves out negative labels, in every reduction", async () => {
      const expected = rowLossesOf(logarithms, labels, columns);
      const losses = await outputOf(device, crossEntropyRows(shape, false, traits), [logits, labels], rows);
      expectNear(losses, expected, 3e-5);
      const total = await outputOf(
        device,
        crossEntropyTotal(shape, { dense: false, reduction: "sum" }, traits),
        [losses],
        1,
      );
      expectNear(total, [sum(expected)], 3e-5 * rows);
      const mean = await outputOf(
        device,
        crossEntropyTotal(shape, { dense: false, reduction: "mean" }, traits),
        [losses, labels],
        1,
      );
      expectNear(mean, [sum(expected) / divisor], 3e-5);
    });

    test("the loss by class probabilities averages over all rows", async () => {
      const dense = uniform(size, 3, 0, 1);
      const expected = Array.from(
        { length: rows },
        (_, row) =>
          -sum(
            dense
              .subarray(row * columns, (row + 1) * columns)
              .map((p, column) => p * (logarithms[row * columns + column] as number)),
          ),
      );
      const losses = await outputOf(device, crossEntropyRows(shape, true, traits), [logits, dense], rows);
      expectNear(
        losses,
        expected,
        expected.map((value) => 4e-6 * (1 + Math.abs(value))),
      );
      const mean = await outputOf(
        device,
        crossEntropyTotal(shape, { dense: true, reduction: "mean" }, traits),
        [losses],
        1,
      );
      expectNear(mean, [sum(expected) / rows], 4e-6 * (1 + Math.abs(sum(expected) / rows)));
    });

    test.each(["mean", "sum", "none"] as const)(
      "the gradient of the %s is (softmax · Σ labels − labels) · upstream",
      async (reduction) => {
        const upstream = reduction === "none" ? uniform(rows, 4) : Float32Array.of(1.5);
        const scale = (row: number) =>
          (upstream[reduction === "none" ? row : 0] as number) / (reduction === "mean" ? divisor : 1);
        const sparse = crossEntropyGradient(shape, { dense: false, reduction }, traits);
        expectNear(await outputOf(device, sparse, [logits, labels, upstream], size), expectedGradient(scale), 6e-6);

        const probabilityLabels = uniform(size, 3, 0, 1);
        const labelTotals = (row: number) => sum(probabilityLabels.subarray(row * columns, (row + 1) * columns));
        const expected = probabilities.map((p, i) => {
          const row = Math.floor(i / columns);
          return (
            ((p * labelTotals(row) - (probabilityLabels[i] as number)) *
              (upstream[reduction === "none" ? row : 0] as number)) /
            (reduction === "mean" ? rows : 1)
          );
        });
        const dense = crossEntropyGradient(shape, { dense: true, reduction }, traits);
        expectNear(
          await outputOf(device, dense, [logits, probabilityLabels, upstream], size),
          expected,
          expected.map((value) => 6e-6 * (1 + Math.abs(value))),
        );
      },
    );

    test.each([false, true])(
      "the fused step gives the mean loss, its gradient and both counts, sums %s",
      async (columnSums) => {
        const [, , loss, gradient, counts, sums] = await runKernel(
          device,
          crossEntropyStep({ batch: rows, classes: columns, columnSums }, traits),
          [
            logits,
            labels,
            new Float32Array(1),
            new Float32Array(size),
            new Float32Array(2),
            ...(columnSums ? [new Float32Array(columns)] : []),
          ],
        );
        if (columnSums) {
          const each = expectedGradient(() => 1 / divisor);
          const expected = Array.from({ length: columns }, (_, column) =>
            sum(Array.from({ length: rows }, (__, row) => each[row * columns + column] as number)),
          );
          // Every term is below 1 / divisor and right to 6e-6 of it.
          expectNear(sums as Float32Array, expected, 6e-6 * Math.max(1, rows / divisor));
        }
        expectNear(loss as Float32Array, [sum(rowLossesOf(logarithms, labels, columns)) / divisor], 3e-5);
        expectNear(
          gradient as Float32Array,
          expectedGradient(() => 1 / divisor),
          6e-6,
        );
        const correct = firstMaxima(logits, shape).filter((winner, row) => winner === labels[row]).length;
        expect(plain(counts as Float32Array)).toEqual([correct, counted]);
      },
    );

    test("countCorrect counts first maxima that are the label, and labels", async () => {
      const x = integers(size, 5, 0, 2);
      const winners = firstMaxima(x, shape);
      // Every third label is right, every seventh missing.
      const own = Int32Array.from(winners, (winner, row) =>
        row % 7 === 6 ? -1 : row % 3 === 0 ? winner : (winner + 1) % columns,
      );
      const correct = winners.filter((winner, row) => winner === own[row]).length;
      const got = await outputOf(device, countCorrect(shape, traits), [x, own], 2);
      expect(plain(got)).toEqual([correct, own.filter((label) => label >= 0).length]);
    });
  });

  test("a batch without a single label has a loss and a gradient of zero", async () => {
    const logits = uniform(20, 1);
    const labels = new Int32Array(4).fill(-1);
    const [, , loss, gradient, counts] = await runKernel(device, crossEntropyStep({ batch: 4, classes: 5 }, traits), [
      logits,
      labels,
      new Float32Array(1),
      new Float32Array(20).fill(9),
      new Float32Array(2),
    ]);
    expect(plain(loss as Float32Array)).toEqual([0]);
    expect(plain(gradient as Float32Array)).toEqual(new Array(20).fill(0));
    expect(plain(counts as Float32Array)).toEqual([0, 0]);
  });

  test("the confusion matrix counts label and prediction, and leaves out negative labels", async () => {
    const [batch, classes] = [200, 9];
    const labels = Int32Array.from(integers(batch, 1, -1, classes - 1));
    const predictions = Int32Array.from(integers(batch, 2, 0, classes - 1));
    const expected = new Array<number>(classes * classes).fill(0);
    labels.forEach((label, row) => {
      const cell = label * classes + (predictions[row] as number);
      if (label >= 0) expected[cell] = (expected[cell] as number) + 1;
    });
    const got = await outputOf(
      device,
      confusionMatrix({ batch, classes }, traits),
      [labels, predictions],
      classes ** 2,
    );
    expect(plain(got)).toEqual(expected);
  });
});
