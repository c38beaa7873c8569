/** Steps that take their batch in parts: gradient accumulation, so that only a part's activations lie on the device at a time. */
import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { randomKey } from "../core/random.ts";
import type { Backend } from "../graph/backend.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { add, div, mul } from "../graph/ops/arithmetic.ts";
import { maximum } from "../graph/ops/binary.ts";
import { cast } from "../graph/ops/cast.ts";
import { greaterOrEqual } from "../graph/ops/compare.ts";
import { slice } from "../graph/ops/slice.ts";
import { sum } from "../graph/ops/sum.ts";
import type { Batch } from "./dataset_variables.ts";
import { type CompileStep, findsPlace } from "./largest_batch.ts";
import type { StepParts } from "./training_state.ts";
import { type Pass, passOf, type StatisticUpdate, type StepOptions } from "./training_step.ts";

/** Parts beyond which it is not tried to find one that fits: each is as many kernels as a step. */
const MOST_PARTS = 256;

/** Throws `ArgumentError` for what is neither "auto" nor a whole number of at least 1. */
export function microBatchesOf(choice: number | "auto"): MicroBatches {
  if (choice === "auto") return new MicroBatches(1, true);
  if (typeof choice === "number" && Number.isInteger(choice) && choice >= 1) return new MicroBatches(choice, false);
  throw new ArgumentError(
    `createTrainer: microBatches must be "auto" or a whole number of at least 1, got ${describeValue(choice)}.`,
  );
}

/** A part of a batch, and the seed of the random numbers that layers draw for it. */
interface Part {
  readonly batch: Batch;
  readonly seed: number;
  readonly size: number;
}

/** Into how many parts a trainer's batches are cut. */
export class MicroBatches {
  readonly #isAuto: boolean;
  #count: number;

  constructor(count: number, isAuto: boolean) {
    this.#count = count;
    this.#isAuto = isAuto;
  }

  /** Parts of a batch; of one with fewer images as many as these. */
  get count(): number {
    return this.#count;
  }

  /** Images of a part of so many; the last part may have fewer. */
  sizeOf(batch: number): number {
    return Math.ceil(batch / this.#count);
  }

  /** With "auto": takes the least power of two with which the step finds place. What has been taken is not taken back. */
  async choose(backend: Backend, compile: (backend: Backend) => ReturnType<CompileStep>): Promise<void> {
    if (!this.#isAuto || backend.checkMemory === undefined) return;
    const first = this.#count;
    while (this.#count < MOST_PARTS) {
      if (await findsPlace(backend, 0, compile)) return;
      this.#count *= 2;
    }
    // Whoever compiles it throws what it finds.
    this.#count = first;
  }

  /** One part after the other: their sums, and means by their shares of the rows. */
  readonly passOf = (graph: Graph, parts: StepParts, batch: Batch, options: StepOptions & { most: number }): Pass => {
    const rows = batch.mask && countedRows(graph, batch.mask);
    let total: Pass | undefined;
    for (const part of this.partsOf(graph, batch, options.seed)) {
      const share = shareOf(graph, part, batch, rows);
      const pass = passOf(graph, parts, part.batch, { ...options, seed: part.seed, share });
      total = added(graph, total, pass, share);
    }
    if (total === undefined) throw new ArgumentError("a batch without rows has no parts.");
    return total;
  };

  /** The part of this number; undefined where the batch has no such. */
  partAt(graph: Graph, batch: Batch, number: number, seed: number): Part | undefined {
    const whole = rowsIn(batch);
    const most = this.sizeOf(whole);
    const begin = number * most;
    if (begin >= whole) return undefined;
    const size = Math.min(most, whole - begin);
    return { batch: rowsOf(graph, batch, begin, size), seed: begin === 0 ? seed : randomKey(seed, begin), size };
  }

  /** The parts in their order. Nodes of one are made when it is asked for, so that all of the one before lies before them. */
  *partsOf(graph: Graph, batch: Batch, seed: number): Generator<Part> {
    for (let number = 0; ; number++) {
      const part = this.partAt(graph, batch, number, seed);
      if (part === undefined) return;
      yield part;
    }
  }
}

const rowsIn = ({ inputs }: Batch) => at(at(inputs, 0).shape, 0);

/** Rows of a batch, from `begin` on. */
function rowsOf(graph: Graph, batch: Batch, begin: number, size: number): Batch {
  const wholes = new Map<Node, Node>();
  const part = (node: Node): Node => {
    const begins = node.shape.map((_, axis) => (axis === 0 ? begin : 0));
    const rows = slice(graph, node, begins, [size, ...node.shape.slice(1)]);
    wholes.set(rows, node);
    return rows;
  };
  const { inputs, targets, mask, weights, rows, mixed } = batch;
  const own = targets.map(part);
  return {
    inputs: inputs.map(part),
    // The batch is looked at as a whole.
    floats: [],
    targets: own,
    mask: mask && (own[targets.indexOf(mask)] ?? part(mask)),
    weights: weights && part(weights),
    rows: rows && part(rows),
    mixed: mixed?.part(begin, size, (node) => {
      const whole = wholes.get(node);
      if (whole) return whole;
      throw new ArgumentError(
        "fit: classWeight and mixup or cutMix go together with whole batches alone, not with microBatches.",
      );
    }),
  };
}

/** How many rows count, f32 scalar. */
const countedRows = (graph: Graph, mask: Node) => sum(graph, cast(graph, greaterOrEqual(graph, mask, 0), "f32"));

/** The share of a part in the rows of the batch that count. */
function shareOf(graph: Graph, { batch, size }: Part, whole: Batch, rows: Node | undefined): Node {
  if (rows === undefined || batch.mask === undefined) return graph.constant(size / rowsIn(whole));
  return div(graph, countedRows(graph, batch.mask), maximum(graph, rows, graph.constant(1)));
}

/** The sum of the parts before and of one more, whose gradients have been multiplied by its share. */
function added(graph: Graph, before: Pass | undefined, pass: Pass, share: Node): Pass {
  const loss = mul(graph, pass.loss, share);
  const updates = pass.updates.map(({ variable, value }): StatisticUpdate => {
    return { variable, value: graph.inLayer(value.layer, () => mul(graph, value, share)) };
  });
  if (before === undefined) return { ...pass, loss, updates };
  const sums = (left: readonly Node[], right: readonly Node[]) =>
    left.map((node, index) => graph.inLayer(node.layer, () => add(graph, node, at(right, index))));
  const values = sums(
    before.updates.map(({ value }) => value),
    updates.map(({ value }) => value),
  );
  return {
    loss: add(graph, before.loss, loss),
    values: sums(before.values, pass.values),
    counts: new Map(
      [...before.counts].map(([metric, node]) => [metric, add(graph, node, pass.counts.get(metric) ?? 0)]),
    ),
    gradients: sums(before.gradients, pass.gradients),
    updates: updates.map(({ variable }, index) => ({ variable, value: at(values, index) })),
    guards: [...before.guards, ...pass.guards],
  };
}
