import { at } from "../core/at.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { tagOf } from "../core/facts.ts";
import { formatShape, type Shape, sizeOf } from "../core/shape.ts";
import { checkLabelList, isArrayLike, readLabels } from "../data/labels.ts";
import { type ImageBatch, readImages, readTargets } from "../data/values.ts";
import type { Loss } from "../nn/losses.ts";
import type { Model } from "../nn/model.ts";
import type { Head } from "./heads.ts";

/** A batch that a caller brings, as `trainOnBatch` feeds it to a program. */
export interface FedBatch {
  /** Of each output the shape of one row's targets; none for class labels. */
  readonly targetShapes: readonly (Shape | undefined)[];
  /** By the names that `fedNames` gives; rows that fill up a shorter batch are marked in `mask`, or have label −1. */
  readonly feeds: Readonly<Record<string, Float32Array | Int32Array>>;
}

/** What the program's inputs for the model's input or output of this index are called. */
export function fedNames(index: number): { images: string; targets: string } {
  const number = index === 0 ? "" : ` ${index}`;
  return { images: `images${number}`, targets: `targets${number}` };
}

/** What `fedBatch` needs to know of a trainer. */
interface Trained {
  readonly model: Model;
  readonly heads: readonly Head[];
  readonly batchSize: number;
}

/**
 * At most `batchSize` images of each input, and labels or targets for each output, filled up to a whole batch. Throws
 * `ArgumentError` for another number of inputs or outputs than the model's, for what holds no numbers and for labels that are
 * no classes, `ShapeError` where numbers of values do not fit. Images that hold NaN are taken: the step tells of them.
 */
export function fedBatch(
  { model, heads, batchSize }: Trained,
  images: readonly ImageBatch[],
  ys: readonly ArrayLike<number>[],
): FedBatch {
  checkLists(model, images, ys);
  const xs = images.map((x, index) => {
    const name = images.length === 1 ? "images" : `input "${at(model.inputNames, index)}"`;
    return readImages(`trainOnBatch: ${name}`, x);
  });
  const rows = at(xs, 0).length / sizeOf(model.inputShape);
  const targetShapes = ys.map((y, index) =>
    targetShapeOf(at(heads, index).loss, at(model.outputShapes, index), y, rows),
  );
  const fits =
    Number.isInteger(rows) &&
    rows >= 1 &&
    rows <= batchSize &&
    xs.every(({ length }, index) => length === rows * sizeOf(at(model.inputShapes, index))) &&
    ys.every(({ length }, index) => length === rows * sizeOf(targetShapes[index] ?? []));
  if (!fits) throw misfit({ model, batchSize, targetShapes }, xs, ys);

  const feeds: Record<string, Float32Array | Int32Array> = {};
  xs.forEach((x, index) => {
    const values = new Float32Array(batchSize * sizeOf(at(model.inputShapes, index)));
    values.set(x);
    feeds[fedNames(index).images] = values;
  });
  ys.forEach((y, index) => {
    const shape = targetShapes[index];
    feeds[fedNames(index).targets] = shape
      ? targetsOf(model, index, y, batchSize * sizeOf(shape))
      : labelsOf(model, index, y, { size: batchSize, loss: at(heads, index).loss });
  });
  if (targetShapes.every((shape) => shape !== undefined)) feeds["mask"] = new Int32Array(batchSize).fill(-1, rows);
  return { targetShapes, feeds };
}

const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");

function checkLists(model: Model, xs: readonly unknown[], ys: unknown): asserts ys is readonly ArrayLike<number>[] {
  const { inputNames, outputNames } = model;
  const [inputs, outputs] = [inputNames.length, outputNames.length];
  const lists: readonly unknown[] = Array.isArray(ys) ? ys : [];
  if (outputs === 1 || (lists.length === outputs && lists.some(isArrayLike))) {
    lists.forEach((y, index) => {
      checkLabelList(`trainOnBatch: labels${ofOutput(model, index)}`, y);
    });
  }
  if (xs.length === inputs && lists.length === outputs && lists.every(isArrayLike)) return;
  throw new ArgumentError(
    `trainOnBatch: wants a list of ${inputs} inputs (${quoted(inputNames)}) and one of ${outputs} outputs' labels or ` +
      `targets (${quoted(outputNames)}); got ${xs.length} and ${lists.every(isArrayLike) && Array.isArray(ys) ? lists.length : "no list of lists"}.`,
  );
}

const ofOutput = ({ outputNames }: Model, index: number) =>
  outputNames.length === 1 ? "" : ` of output "${outputNames[index] ?? index}"`;

/** Shape of one row's targets; none for class labels. */
function targetShapeOf({ targets }: Loss, outputShape: Shape, y: ArrayLike<number>, rows: number): Shape | undefined {
  if (targets === "class" || (targets === "any" && !tagOf(y).startsWith("Float"))) return undefined;
  if (targets !== "any" || y.length === rows * sizeOf(outputShape)) return outputShape;
  return [Math.max(1, Math.round(y.length / Math.max(1, rows)))];
}

/** The error that says what came and what is wanted. */
function misfit(
  { model, batchSize, targetShapes }: { model: Model; batchSize: number; targetShapes: readonly (Shape | undefined)[] },
  xs: readonly Float32Array[],
  ys: readonly ArrayLike<number>[],
): ShapeError {
  const { inputNames, inputShapes, outputNames } = model;
  const of = (names: readonly string[], index: number) => (names.length === 1 ? "" : ` of "${at(names, index)}"`);
  const wants = (shape: Shape | undefined) => (shape === undefined ? "a label" : `targets ${formatShape(shape)}`);
  const got = [
    ...ys.map(
      ({ length }, i) => `${length} ${targetShapes[i] === undefined ? "labels" : "target values"}${of(outputNames, i)}`,
    ),
    ...xs.map(({ length }, i) => `${length} values${of(inputNames, i)}`),
  ];
  const images = inputShapes.map((shape, i) => `${formatShape(shape)}${of(inputNames, i)}`).join(" and ");
  const targets = targetShapes.map((shape, i) => `${wants(shape)}${of(outputNames, i)}`).join(" and ");
  return new ShapeError(
    `trainOnBatch: ${got.slice(0, -1).join(", ")} and ${got[got.length - 1]}; wants 1 to ${batchSize} images of ` +
      `${images} with ${targets} each.`,
  );
}

function targetsOf(model: Model, index: number, y: ArrayLike<number>, size: number): Float32Array {
  const targets = new Float32Array(size);
  targets.set(readTargets(`trainOnBatch: targets${ofOutput(model, index)}`, y));
  return targets;
}

function labelsOf(
  model: Model,
  index: number,
  y: ArrayLike<number>,
  { size, loss }: { size: number; loss: Loss },
): Int32Array {
  const shape = at(model.outputShapes, index);
  // What a loss of one's own takes labels for is its own business.
  const classes = loss.targets === "any" ? undefined : at(shape, shape.length - 1);
  const labels = new Int32Array(size).fill(-1);
  labels.set(readLabels("trainOnBatch", y, { classes, of: ofOutput(model, index) }));
  return labels;
}
