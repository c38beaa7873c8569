import { at } from "../core/at.ts";
import { ArgumentError, OutOfMemoryError } from "../core/errors.ts";
import { fetchWanted } from "../core/late.ts";
import { onDemand } from "../core/on_demand.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Backend } from "../graph/backend.ts";
import { gradientsOf } from "../graph/gradients.ts";
import { Graph } from "../graph/graph.ts";
import type { Node, Variable } from "../graph/node.ts";
import { isOp } from "../graph/op.ts";
import { add, mul } from "../graph/ops/arithmetic.ts";
import { finishStep } from "../graph/ops/finish_step.ts";
import { gatherRows } from "../graph/ops/gather_rows.ts";
import { nonFinite } from "../graph/ops/non_finite.ts";
import { optimizerUpdate } from "../graph/ops/optimizer_update.ts";
import { rowLosses } from "../nn/late_parts.ts";
import { batchLoss } from "../nn/losses/loss.ts";
import type { Metric } from "../nn/metrics/totals.ts";
import type { FoldedActivation, Model } from "../nn/model.ts";
import type { Augmentation } from "./augmentation.ts";
import { type Batch, type DatasetTables, fetchBatch } from "./dataset_variables.ts";
import type { Head } from "./heads.ts";
import type { CompileStep } from "./largest_batch.ts";
import type { MeasuredBatch } from "./measures.ts";
import { type BatchOrder, compileOn, type DatasetProgram } from "./residency.ts";
import { orderOf } from "./targets.ts";
import type { StepParts, TrainingState } from "./training_state.ts";

/** What a step on a data set depends on beside the trainer's parts. */
export interface FetchingOptions extends BatchOrder {
  readonly augment?: Augmentation | undefined;
  readonly classWeight?: readonly number[] | undefined;
}

/**
 * 0 unless a number of the input or a parameter is not finite: a GPU's ReLU and maximum make numbers of NaN again, so that
 * the loss alone would not tell.
 */
export function guardOf(graph: Graph, model: Model, images: readonly Node[]): Node {
  const parameters = model.arena.variables.map((variable) => graph.variable(variable));
  return nonFinite(graph, [...images, ...parameters]);
}

/** Tensors that one look for numbers that are not finite takes. */
const MOST_WATCHED = 7;

/** 0 each unless a batch's variance overflowed, which a normalised value does not show: x / √∞ is 0. */
function guardsOfStatistics(graph: Graph, updates: readonly StatisticUpdate[]): Node[] {
  const variances = updates.flatMap(({ value }) => value.inputs.filter((input) => isOp(input, "batchVariance")));
  return Array.from({ length: Math.ceil(variances.length / MOST_WATCHED) }, (_, index) =>
    nonFinite(graph, variances.slice(index * MOST_WATCHED, (index + 1) * MOST_WATCHED)),
  );
}

/** The weight of each row: its sample's times its class's. */
function rowWeights(
  graph: Graph,
  [head]: readonly Head[],
  { weights }: Batch,
  { measured, classWeight }: { measured: MeasuredBatch; classWeight: readonly number[] | undefined },
): Node | undefined {
  if (classWeight === undefined) return weights;
  const classes = measured.rowClass();
  if (classes === undefined) {
    throw new ArgumentError(`fit: classWeight wants rows of one class each; loss "${head?.loss.name}" has none here.`);
  }
  // A row that does not count has class −1, and the weight 0.
  const own = gatherRows(graph, graph.constant(classWeight, [classWeight.length]), classes);
  return weights ? mul(graph, weights, own) : own;
}

/** The activations that the outputs' losses contain. */
export function foldedOf(heads: readonly Head[]): FoldedActivation[] {
  return heads.map(({ loss }) => loss.folded ?? false);
}

/** The sum of the outputs' losses, each times its weight, and what the model's regularizers add, as Keras counts it. */
export function totalLoss(
  graph: Graph,
  { model, heads }: Pick<StepParts, "model" | "heads">,
  outputs: readonly Node[],
  { targets, mask, weights, mixed }: Pick<Batch, "targets" | "mask" | "weights" | "mixed">,
): { loss: Node; losses: readonly Node[] } {
  const losses: Node[] = [];
  const weighted = heads.map(({ loss, weight }, index) => {
    const rows = { mask, weights };
    const value = mixed
      ? mixed.loss(loss, at(outputs, index), at(targets, index), rows)
      : batchLoss(graph, loss, at(outputs, index), at(targets, index), rows);
    losses.push(value);
    return weight === 1 ? value : mul(graph, value, weight);
  });
  const loss = weighted.reduce((sum, one) => add(graph, sum, one));
  const penalty = model.penalty(graph);
  return { loss: penalty === undefined ? loss : add(graph, loss, penalty), losses };
}

/** A statistic that training moves, and what it moves to. */
export interface StatisticUpdate {
  readonly variable: Variable;
  readonly value: Node;
}

/** The forward half of a training step. */
export interface Forward {
  readonly loss: Node;
  /** Of each output. */
  readonly losses: readonly Node[];
  readonly measured: MeasuredBatch;
  readonly updates: readonly StatisticUpdate[];
}

/** From a batch to the loss. `seed`: of the random numbers that layers draw; `probe` sees each layer's values. */
export function addForward(
  graph: Graph,
  parts: StepParts,
  batch: Batch,
  {
    seed,
    classWeight,
    probe,
  }: {
    seed: number;
    classWeight?: readonly number[] | undefined;
    probe?: (name: string, linear: Node, output: Node) => void;
  },
): Forward {
  const { model, heads, state } = parts;
  const { mask } = batch;
  const updates: StatisticUpdate[] = [];
  const outputs = model.build(graph, batch.inputs, {
    logits: foldedOf(heads),
    training: true,
    random: { seed, step: graph.variable(state.step) },
    update: (variable, value) => updates.push({ variable, value }),
    ...(mask ? { labels: mask } : {}),
    ...(probe ? { probe } : {}),
  });
  const measured = parts.measures.ofBatch(graph, outputs, batch);
  const losses = graph.inLayer("loss", () => {
    const weights = rowWeights(graph, heads, batch, { measured, classWeight });
    return totalLoss(graph, parts, outputs, { ...batch, weights });
  });
  return { ...losses, measured, updates };
}

/** WebGPU's default limit of storage buffers, less those that the end of a step needs beside values and counters. */
const VALUES_AND_COUNTERS = 4;

/** What a step on a batch depends on, beside the trainer's parts. */
export interface StepOptions {
  /** Of random numbers that layers draw. */
  readonly seed: number;
  readonly classWeight?: readonly number[] | undefined;
}

/** Forward, loss and backward of a batch, or of a part of one. */
export interface Pass {
  readonly loss: Node;
  /** What the step reports behind the loss: sums over the batch, as the counts are. */
  readonly values: readonly Node[];
  readonly counts: ReadonlyMap<Metric, Node>;
  /** In the order of the model's parameters. */
  readonly gradients: readonly Node[];
  readonly updates: readonly StatisticUpdate[];
  /** 0 each, unless a variance overflowed. */
  readonly guards: readonly Node[];
}

/** `most` values at most. `share`: of the batch in the step, a scalar which its gradients are multiplied by. */
export function passOf(
  graph: Graph,
  parts: StepParts,
  batch: Batch,
  { most, share, ...options }: StepOptions & { most: number; share?: Node },
): Pass {
  const { model, state } = parts;
  const first = graph.nodes.length;
  const forward = addForward(graph, parts, batch, options);
  const { loss, updates } = forward;
  const measured = graph.inLayer("loss", () => forward.measured.measure(forward.losses, most));
  const parameters = model.arena.variables.map((variable) => graph.variable(variable));
  const recompute = parts.recomputed && { recompute: parts.recomputed(graph, model, first) };
  const scale = state.scaling && graph.variable(state.scaling.scale);
  const seed = scale && share ? mul(graph, scale, share) : (scale ?? share);
  const gradients = gradientsOf(graph, loss, parameters, seed, recompute);
  const guards = graph.inLayer("metrics", () => guardsOfStatistics(graph, updates));
  return { loss, ...measured, gradients, updates, guards };
}

/**
 * Forward, loss, backward; then the end of the step: record and verdict, and what depends on it. `counts`: where it adds up
 * what metrics count.
 */
export function addTrainingStep(
  graph: Graph,
  parts: StepParts,
  batch: Batch,
  counters: readonly Variable[],
  options: StepOptions,
  counts: TrainingState["counts"],
): void {
  const { model, optimizer, state, microBatches } = parts;
  const guard = graph.inLayer("input", () => guardOf(graph, model, batch.floats));
  // Beside the loss.
  const most = VALUES_AND_COUNTERS - counters.length - 1;
  const pass = (microBatches ? microBatches.passOf : passOf)(graph, parts, batch, { ...options, most });
  const { gradients } = pass;
  const verdict = graph.inLayer("metrics", () => {
    return finishStep(graph, [pass.loss, ...pass.values], {
      ring: state.ring,
      counters,
      guards: [guard, ...pass.guards],
      gradients,
      scaling: state.scaling,
    });
  });
  graph.inLayer("optimizer", () => {
    optimizerUpdate(graph, verdict, graph.variable(state.schedule), gradients, {
      rule: optimizer.rule,
      parameters: model.arena,
      state: state.optimizer,
    });
    model.constrain(graph, verdict);
  });
  for (const { variable, value } of pass.updates) {
    graph.inLayer(value.layer, () => graph.assign(variable, value, verdict));
  }
  graph.inLayer("metrics", () => {
    for (const [metric, node] of pass.counts) {
      const variable = counts.get(metric);
      if (variable) graph.assign(variable, add(graph, graph.variable(variable), node), verdict);
    }
  });
}

/** The layers that keep 16-bit activations in mixed precision: all of the model. The loss and the optimizer do not. */
export function halfLayers({ model, state }: StepParts): { halfLayers?: ReadonlySet<string> } {
  return state.scaling ? { halfLayers: new Set(model.layers.map(({ name }) => name)) } : {};
}

/** The batch of a data set that a trainer's cursor is at. */
export function fetchedBatch(
  graph: Graph,
  { model, state }: StepParts,
  dataset: Dataset,
  { batch, shuffle, seed, augment }: FetchingOptions,
  tables: DatasetTables,
): Batch {
  const order = orderOf(model, dataset);
  return fetchBatch(graph, dataset, graph.variable(state.cursor), { batch, shuffle, seed, augment, order, tables });
}

/** A training step that fetches its batch from a data set. */
export async function compileTraining(
  backend: Backend,
  parts: StepParts,
  dataset: Dataset,
  options: FetchingOptions,
): Promise<DatasetProgram> {
  const { step, cursor, counts } = parts.state;
  if (options.classWeight || dataset.sampleWeights) rowLosses.want();
  const { microBatches } = parts;
  if (microBatches) await microBatches.choose(backend, (probe) => compileTraining(probe, parts, dataset, options));
  const compile = async (tables: DatasetTables) => {
    await fetchWanted();
    const graph = new Graph();
    const batch = fetchedBatch(graph, parts, dataset, options, tables);
    addTrainingStep(graph, parts, batch, [step, cursor], options, counts);
    return backend.compile(graph, { outputs: {}, ...halfLayers(parts) });
  };
  return orLargestBatch(compileOn(backend, dataset, options, compile, cursor), backend, options.batch, (probe, batch) =>
    compileTraining(probe, parts, dataset, { ...options, batch }),
  );
}

/** The program; where it finds no place, the error says which batch would. */
export async function orLargestBatch<T>(
  compiling: Promise<T>,
  backend: Backend,
  batch: number,
  compile: CompileStep,
): Promise<T> {
  try {
    return await compiling;
  } catch (error) {
    if (!(error instanceof OutOfMemoryError) || backend.checkMemory === undefined) throw error;
    const { withLargestBatch } = await onDemand("search for the largest batch", () => import("./largest_batch.ts"));
    throw await withLargestBatch(error, backend, batch, compile);
  }
}
