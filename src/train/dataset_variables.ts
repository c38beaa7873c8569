import { at } from "../core/at.ts";
import type { Dataset } from "../data/dataset.ts";
import { columnsOf } from "../data/multi_dataset.ts";
import type { Graph } from "../graph/graph.ts";
import { type Node, Variable } from "../graph/node.ts";
import { batchRows } from "../graph/ops/batch_rows.ts";
import { gatherRows } from "../graph/ops/gather_rows.ts";
import type { Loss, RowOptions } from "../nn/losses/loss.ts";
import type { Augmentation } from "./augmentation.ts";
import type { DatasetOrder } from "./targets.ts";

/** A data set as variables, as bytes where it came as bytes: all of it, uploaded once, or a few batches of it at a time. */
export interface DatasetTables {
  /**
   * One an input, in the data set's order; `scale` turns stored values into inputs: 1/255 for bytes. `fetch` gives the rows of these
   * numbers where the images lie in several variables, in the place of `images` (split_tables.ts).
   */
  readonly inputs: readonly {
    readonly images: Variable;
    readonly scale: number;
    readonly fetch?: (graph: Graph, rows: Node) => Node;
  }[];
  /** One an output: i32 [count] class labels, or f32 [count, …] targets. */
  readonly targets: readonly Variable[];
  /** f32 [count] */
  readonly weights: Variable | undefined;
  readonly bytes: number;
  /** Whether images of an input lie in several variables. */
  readonly isSplit?: boolean;
  /** Of a stream, whose tables hold batch after batch, round and round: their rows, and i32 [rows] which images these are. */
  readonly ring?: { readonly rows: number; readonly numbers: Variable };
}

/** One set of variables a data set, so that training and evaluation of several trainers share one upload. */
const known = new WeakMap<Dataset, DatasetTables>();

export function datasetTables(dataset: Dataset): DatasetTables {
  let variables = known.get(dataset);
  if (variables === undefined) {
    const { sampleWeights, count } = dataset;
    const { inputs, outputs } = columnsOf(dataset);
    const numbered = (index: number) => (index === 0 ? "" : ` ${index}`);
    const bytes = [
      ...inputs.map(({ images }) => images),
      ...outputs.map(({ targets, labels }) => targets?.data ?? labels),
      ...(sampleWeights ? [sampleWeights] : []),
    ].reduce((sum, { byteLength }) => sum + byteLength, 0);
    variables = {
      inputs: inputs.map(({ images, shape }, index) => {
        const asBytes = images instanceof Uint8Array;
        const name = `dataset/images${numbered(index)}`;
        const stored = { name, shape: [count, ...shape], dtype: asBytes ? "u8" : "f32", initial: images } as const;
        return { images: new Variable(stored), scale: asBytes ? 1 / 255 : 1 };
      }),
      targets: outputs.map(({ targets, labels }, index) =>
        targets
          ? new Variable({
              name: `dataset/targets${numbered(index)}`,
              shape: [count, ...targets.shape],
              initial: targets.data,
            })
          : new Variable({ name: `dataset/labels${numbered(index)}`, shape: [count], dtype: "i32", initial: labels }),
      ),
      weights: sampleWeights && new Variable({ name: "dataset/sampleWeights", shape: [count], initial: sampleWeights }),
      bytes,
    };
    known.set(dataset, variables);
  }
  return variables;
}

/** Where images of a batch are mixed with each other: rows have two targets, their own, of which the share is at least half. */
export interface MixedTargets {
  /** In the place of `batchLoss`: of both. */
  loss(loss: Loss, outputs: Node, targets: Node, options: RowOptions): Node;
  /** The same for `size` rows of the batch from `begin` on; `wholeOf` gives the batch's node for one of these rows. */
  part(begin: number, size: number, wholeOf: (node: Node) => Node): MixedTargets;
}

/** What a batch is, as nodes. */
export interface Batch {
  /** [batch, …shape], ready for the model's inputs. */
  readonly inputs: readonly Node[];
  /** The images as they were fetched, of inputs that came as floats: these may hold anything. */
  readonly floats: readonly Node[];
  /** One an output: i32 [batch] class labels, −1 in rows that fill up a last, shorter batch; or f32 [batch, …] targets, 0 there. */
  readonly targets: readonly Node[];
  /** i32 [batch], negative in those rows; none where every batch is full. */
  readonly mask: Node | undefined;
  /** f32 [batch] */
  readonly weights: Node | undefined;
  readonly mixed?: MixedTargets | undefined;
  /** i32 [batch]: which images these are, −1 in rows that fill up; none of a batch that was fed. */
  readonly rows: Node | undefined;
}

/** The nodes that fetch batch number `cursor`. */
export function fetchBatch(
  graph: Graph,
  dataset: Dataset,
  cursor: Node,
  {
    augment,
    order = { inputs: [0], outputs: [0] },
    tables,
    ...options
  }: {
    batch: number;
    shuffle: boolean;
    seed: number;
    augment?: Augmentation | undefined;
    /** Which of the data set's inputs and outputs the model's are (`orderOf`); default the first alone. */
    order?: DatasetOrder;
    tables: DatasetTables;
  },
): Batch {
  const { ring } = tables;
  return graph.inLayer("input", () => {
    // The batches of a stream lie one behind the other as they are taken.
    const taken = ring ? { ...options, count: ring.rows, shuffle: false } : { ...options, count: dataset.count };
    const places = batchRows(graph, cursor, taken);
    const rows = ring ? gatherRows(graph, graph.variable(ring.numbers), places) : places;
    const fetched = order.inputs.map((index) => {
      const { images, scale, fetch } = at(tables.inputs, index);
      const rows = fetch ? fetch(graph, places) : gatherRows(graph, graph.variable(images), places, { scale });
      return { images: rows, asFloats: scale === 1 };
    });
    const targets = order.outputs.map((index) => gatherRows(graph, graph.variable(at(tables.targets, index)), places));
    const augmented = fetched.map(({ images, asFloats }) =>
      augment
        ? augment.apply(graph, images, { ...options, cursor, count: dataset.count, ofBytes: !asFloats })
        : { images },
    );
    const padded = dataset.count % options.batch !== 0;
    return {
      inputs: augmented.map(({ images }) => images),
      mixed: augmented[0]?.mixed,
      floats: fetched.flatMap(({ images, asFloats }) => (asFloats ? [images] : [])),
      targets,
      // Labels say it too, and are fetched in any case.
      mask: padded ? (targets.find(({ dtype }) => dtype === "i32") ?? rows) : undefined,
      weights: tables.weights && gatherRows(graph, graph.variable(tables.weights), places),
      rows,
    };
  });
}
