import type { AffineRanges } from "../core/affine.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Graph } from "../graph/graph.ts";
import { type Node, Variable } from "../graph/node.ts";
import type { Model } from "../nn/model.ts";

/** A data set as variables: uploaded once, as bytes where it came as bytes. */
export interface DatasetVariables {
  readonly images: Variable;
  readonly labels: Variable;
  /** What turns stored values into inputs: 1/255 for bytes. */
  readonly scale: number;
  readonly bytes: number;
}

/** One pair of variables a data set, so that training and evaluation of several trainers share one upload. */
const known = new WeakMap<Dataset, DatasetVariables>();

export function datasetVariables(dataset: Dataset): DatasetVariables {
  let variables = known.get(dataset);
  if (variables === undefined) {
    const { images, labels, shape, count } = dataset;
    const asBytes = images instanceof Uint8Array;
    variables = {
      images: new Variable({
        name: "dataset/images",
        shape: [count, ...shape],
        dtype: asBytes ? "u8" : "f32",
        initial: images,
      }),
      labels: new Variable({ name: "dataset/labels", shape: [count], dtype: "i32", initial: labels }),
      scale: asBytes ? 1 / 255 : 1,
      bytes: images.byteLength + labels.byteLength,
    };
    known.set(dataset, variables);
  }
  return variables;
}

/** Throws unless the data set's images and classes fit the model. */
export function checkDataset(model: Model, dataset: Dataset): void {
  if (!sameShape(dataset.shape, model.inputShape)) {
    throw new ShapeError(
      `The data set's images are ${formatShape(dataset.shape)}, the model wants ${formatShape(model.inputShape)}.`,
    );
  }
  if (dataset.classes > model.classes) {
    throw new ArgumentError(
      `The data set has ${dataset.classes} classes, the model's last layer "${model.outputLayer.name}" only ` +
        `${model.classes} outputs; give it at least ${dataset.classes} units.`,
    );
  }
}

/** The nodes that fetch batch number `cursor`: images [batch, …shape] ready for the model, labels i32 [batch]. */
export function fetchBatch(
  graph: Graph,
  dataset: Dataset,
  cursor: Node,
  { augment, ...options }: { batch: number; shuffle: boolean; seed: number; augment?: AffineRanges | undefined },
): { images: Node; labels: Node } {
  const variables = datasetVariables(dataset);
  return graph.inLayer("input", () => {
    const rows = graph.batchRows(cursor, { count: dataset.count, ...options });
    const images = graph.gatherRows(graph.variable(variables.images), rows, { scale: variables.scale });
    return {
      images: augment ? graph.randomAffine(images, cursor, { ...augment, seed: options.seed }) : images,
      labels: graph.gatherRows(graph.variable(variables.labels), rows),
    };
  });
}
