import type { AffineRanges } from "../core/affine.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Graph } from "../graph/graph.ts";
import { type Node, Variable } from "../graph/node.ts";

/** A data set as variables: uploaded once, as bytes where it came as bytes. */
export interface DatasetVariables {
  readonly images: Variable;
  /** i32 [count] class labels, or f32 [count, …] targets. */
  readonly targets: Variable;
  /** f32 [count] */
  readonly weights: Variable | undefined;
  /** What turns stored values into inputs: 1/255 for bytes. */
  readonly scale: number;
  readonly bytes: number;
}

/** One set of variables a data set, so that training and evaluation of several trainers share one upload. */
const known = new WeakMap<Dataset, DatasetVariables>();

export function datasetVariables(dataset: Dataset): DatasetVariables {
  let variables = known.get(dataset);
  if (variables === undefined) {
    const { images, labels, targets, sampleWeights, shape, count } = dataset;
    const asBytes = images instanceof Uint8Array;
    variables = {
      images: new Variable({
        name: "dataset/images",
        shape: [count, ...shape],
        dtype: asBytes ? "u8" : "f32",
        initial: images,
      }),
      targets: targets
        ? new Variable({ name: "dataset/targets", shape: [count, ...targets.shape], initial: targets.data })
        : new Variable({ name: "dataset/labels", shape: [count], dtype: "i32", initial: labels }),
      weights: sampleWeights && new Variable({ name: "dataset/sampleWeights", shape: [count], initial: sampleWeights }),
      scale: asBytes ? 1 / 255 : 1,
      bytes: images.byteLength + (targets?.data ?? labels).byteLength + (sampleWeights?.byteLength ?? 0),
    };
    known.set(dataset, variables);
  }
  return variables;
}

/** What a batch is, as nodes. */
export interface Batch {
  /** [batch, …shape], ready for the model. */
  readonly images: Node;
  /** The images as they were fetched, where they came as floats: these may hold anything. */
  readonly floats: Node | undefined;
  /** i32 [batch] class labels, −1 in rows that fill up a last, shorter batch; or f32 [batch, …] targets, 0 there. */
  readonly targets: Node;
  /** i32 [batch], negative in those rows; none where every batch is full. */
  readonly mask: Node | undefined;
  /** f32 [batch] */
  readonly weights: Node | undefined;
}

/** The nodes that fetch batch number `cursor`. */
export function fetchBatch(
  graph: Graph,
  dataset: Dataset,
  cursor: Node,
  { augment, ...options }: { batch: number; shuffle: boolean; seed: number; augment?: AffineRanges | undefined },
): Batch {
  const variables = datasetVariables(dataset);
  return graph.inLayer("input", () => {
    const rows = graph.batchRows(cursor, { count: dataset.count, ...options });
    const images = graph.gatherRows(graph.variable(variables.images), rows, { scale: variables.scale });
    const targets = graph.gatherRows(graph.variable(variables.targets), rows);
    const padded = dataset.count % options.batch !== 0;
    return {
      images: augment ? graph.randomAffine(images, cursor, { ...augment, seed: options.seed }) : images,
      floats: dataset.images instanceof Float32Array ? images : undefined,
      targets,
      // Labels say it too, and are fetched in any case.
      mask: padded ? (dataset.targets ? rows : targets) : undefined,
      weights: variables.weights && graph.gatherRows(graph.variable(variables.weights), rows),
    };
  });
}
