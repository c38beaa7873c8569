import type { AffineRanges } from "../core/affine.ts";
import { ArgumentError } from "../core/errors.ts";
import { SCHEDULE_COLUMNS } from "../core/schedule.ts";
import { type Shape, sizeOf } from "../core/shape.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Backend, Program } from "../graph/backend.ts";
import { Graph } from "../graph/graph.ts";
import { type LossScaling, newLossScaling } from "../graph/loss_scaling.ts";
import { type Arena, type Node, Variable } from "../graph/node.ts";
import { at } from "../graph/op.ts";
import { stateArenas } from "../graph/update_rule.ts";
import { batchLoss, type Loss } from "../nn/losses.ts";
import { BatchResults } from "../nn/metrics/batch_results.ts";
import { type Metric, recordedCounts, sumCount } from "../nn/metrics.ts";
import type { FoldedActivation, Model } from "../nn/model.ts";
import type { Optimizer } from "../nn/optimizers.ts";
import { type Batch, fetchBatch } from "./dataset_variables.ts";
import { fedNames } from "./fed_batch.ts";
import type { Head } from "./heads.ts";
import { learningRateTable } from "./learning_rates.ts";
import { recomputedNodes } from "./recompute.ts";
import { orderOf } from "./targets.ts";

/** Steps whose loss and accuracy the GPU keeps until they are read. */
export const RING_STEPS = 1024;
/** Values of a step in the ring before those of metrics: loss, right answers, rows. */
export const RING_VALUES = 3;

/** Everything a run changes: what a checkpoint holds beside the model's parameters. */
export interface TrainingState {
  /** Moments, velocities and averages (`stateArenas`). */
  readonly optimizer: readonly Arena[];
  /** Finished updates. */
  readonly step: Variable;
  /** Batches fetched from the current data set. */
  readonly cursor: Variable;
  /** f32 [SCHEDULE_ROWS, SCHEDULE_COLUMNS]: the learning rate's schedule, and one behind it of the momentum's (core/schedule.ts). */
  readonly schedule: Variable;
  /** f32 [RING_STEPS, RING_VALUES + sums of metrics + counts of those that a step records] */
  readonly ring: Variable;
  /** f32 [size] for each metric that counts: its totals since they were last set to zero. */
  readonly counts: ReadonlyMap<Metric, Variable>;
  /** Only in mixed precision. */
  readonly scaling?: LossScaling | undefined;
}

/** Where the device adds up what metrics count. */
function countsOf(metrics: readonly Metric[], model: Model, where: string): Map<Metric, Variable> {
  const counting = metrics.filter(({ totals }) => totals === "counts");
  return new Map(
    counting.map((metric) => [
      metric,
      new Variable({ name: `${where}/${metric.name}`, shape: [metric.size(model.outputShape)] }),
    ]),
  );
}

/** Values that a training step records of metrics that count. */
function recordedSize(metrics: readonly Metric[], { outputShape }: Model): number {
  return recordedCounts(metrics, outputShape).reduce((size, metric) => size + metric.size(outputShape), 0);
}

export function newTrainingState(
  model: Model,
  optimizer: Optimizer,
  metrics: readonly Metric[] = [],
  { mixed = false } = {},
): TrainingState {
  const schedule = learningRateTable(optimizer.learningRate);
  return {
    optimizer: stateArenas(optimizer.rule, model.arena),
    step: new Variable({ name: "step", shape: [], dtype: "u32" }),
    cursor: new Variable({ name: "cursor", shape: [], dtype: "u32" }),
    schedule: new Variable({
      name: "learning rate",
      shape: [schedule.length / SCHEDULE_COLUMNS, SCHEDULE_COLUMNS],
      initial: schedule,
    }),
    ring: new Variable({
      name: "metrics ring",
      shape: [RING_STEPS, RING_VALUES + sumCount(metrics, model.outputShape) + recordedSize(metrics, model)],
    }),
    counts: countsOf(metrics, model, "training metrics"),
    scaling: mixed ? newLossScaling() : undefined,
  };
}

/** What all training steps have in common. */
export interface StepParts {
  readonly model: Model;
  /** The loss of each of the model's outputs. */
  readonly heads: readonly Head[];
  /** Measured beside loss and accuracy; default none. */
  readonly metrics?: readonly Metric[];
  readonly optimizer: Optimizer;
  readonly state: TrainingState;
  /** Compute activations once more in the backward pass instead of keeping them. */
  readonly recompute?: boolean;
}

/** What a step or an evaluation records of a batch: the right answers and the rows, then the metrics' sums. */
function measure(
  all: readonly BatchResults[],
  metrics: readonly Metric[],
): { counts: readonly Node[]; sums: readonly Node[]; totals: ReadonlyMap<Metric, Node> } {
  const results = at(all, 0);
  const { graph, loss, outputs, targets } = results;
  const direct = targets.dtype === "i32" && outputs.shape.length === 2 && loss.decision?.kind !== "threshold";
  const counts = () => {
    if (all.length > 1) return [graph.constant(0), results.rowCount()];
    if (direct) return [graph.countCorrect(outputs, targets)];
    const correct = results.correct();
    return [correct ? results.sumOfRows(correct) : graph.constant(0), results.rowCount()];
  };
  const of = (wanted: Metric["totals"]) => metrics.filter(({ totals }) => totals === wanted);
  return {
    counts: counts(),
    sums: of("sum").map((metric) => metric.build(at(all, metric.head ?? 0))),
    totals: new Map(of("counts").map((metric) => [metric, metric.build(at(all, metric.head ?? 0))])),
  };
}

/** Records a step; the metrics' sums, and `rest` behind them, go as one value, since a kernel has only so many bindings. */
function recordMeasures(
  graph: Graph,
  loss: Node,
  { counts, sums, totals }: ReturnType<typeof measure>,
  variables: ReadonlyMap<Metric, Variable>,
  { rest = [], ...attributes }: { ring: Variable; counters: readonly Variable[]; guard: Node; rest?: readonly Node[] },
): void {
  for (const [metric, node] of totals) {
    const variable = variables.get(metric);
    if (variable) graph.assign(variable, graph.add(graph.variable(variable), node));
  }
  const values = [...sums, ...rest].map((value) => graph.reshape(value, [sizeOf(value.shape)]));
  graph.recordStep([loss, ...counts, ...(values.length > 0 ? [graph.concat(values, 0)] : [])], attributes);
}

/**
 * 0 unless a parameter or a number of the input is not finite: a GPU's ReLU and maximum make numbers of NaN again, so that
 * the loss alone would not tell.
 */
function guardOf(graph: Graph, model: Model, images: readonly Node[]): Node {
  const parameters = model.arena.variables.map((variable) => graph.variable(variable));
  return graph.nonFinite([...images, ...parameters]);
}

/** The weight of each row: its sample's times its class's. */
function rowWeights(results: BatchResults, batch: Batch, classWeight: readonly number[] | undefined): Node | undefined {
  if (classWeight === undefined) return batch.weights;
  const { graph, loss } = results;
  const classes = results.rowClass();
  if (classes === undefined) {
    throw new ArgumentError(`fit: classWeight wants rows of one class each; loss "${loss.name}" has none here.`);
  }
  // A row that does not count has class −1, and the weight 0.
  const own = graph.gatherRows(graph.constant(classWeight, [classWeight.length]), classes);
  return batch.weights ? graph.mul(batch.weights, own) : own;
}

/**
 * Forward, loss, backward, update, record: from images and targets on. `seed`: of the random numbers that layers draw.
 */
function addTrainingStep(
  graph: Graph,
  parts: StepParts,
  batch: Batch,
  counters: readonly Variable[],
  { seed, classWeight }: { seed: number; classWeight?: readonly number[] | undefined },
): { loss: Node; counts: readonly Node[]; guard: Node } {
  const { model, heads, optimizer, state, metrics = [] } = parts;
  const { mask } = batch;
  const guard = graph.inLayer("input", () => guardOf(graph, model, batch.floats));
  const random = { seed, step: graph.variable(state.step) };
  const options = { logits: foldedOf(heads), training: true, random, ...(mask ? { labels: mask } : {}) };
  const outputs = model.build(graph, batch.inputs, options);
  const { value, measures } = graph.inLayer("loss", () => {
    const results = resultsOf(graph, heads, outputs, batch);
    const weights = rowWeights(at(results, 0), batch, classWeight);
    return {
      value: withPenalty(graph, model, totalLoss(graph, heads, results, { mask, weights })),
      measures: measure(results, metrics),
    };
  });
  const parameters = model.arena.variables.map((variable) => graph.variable(variable));
  const recompute = parts.recompute ? { recompute: recomputedNodes(graph, model) } : {};
  const scale = state.scaling && graph.variable(state.scaling.scale);
  const gradients = graph.gradients(value, parameters, scale, recompute);
  graph.inLayer("optimizer", () => {
    graph.optimizerUpdate(graph.variable(state.step), graph.variable(state.schedule), gradients, {
      rule: optimizer.rule,
      parameters: model.arena,
      state: state.optimizer,
      scaling: state.scaling,
    });
    model.constrain(graph);
  });
  graph.inLayer("metrics", () => {
    const rest = recordedCounts(metrics, model.outputShape).flatMap((metric) => measures.totals.get(metric) ?? []);
    recordMeasures(graph, value, measures, state.counts, { ring: state.ring, counters, guard, rest });
  });
  return { loss: value, counts: measures.counts, guard };
}

/** The activations that the outputs' losses contain. */
function foldedOf(heads: readonly Head[]): FoldedActivation[] {
  return heads.map(({ loss }) => loss.folded ?? false);
}

/** What each output gives, beside what it is to give. */
function resultsOf(
  graph: Graph,
  heads: readonly Head[],
  outputs: readonly Node[],
  { targets, mask }: Pick<Batch, "targets" | "mask">,
): BatchResults[] {
  return heads.map(({ loss }, index) => new BatchResults(graph, loss, at(outputs, index), at(targets, index), mask));
}

/** The sum of the outputs' losses, each times its weight. */
function totalLoss(
  graph: Graph,
  heads: readonly Head[],
  results: readonly BatchResults[],
  rows: Parameters<typeof batchLoss>[4],
): Node {
  const losses = heads.map(({ loss, weight }, index) => {
    const one = at(results, index);
    const value = batchLoss(graph, loss, one.outputs, one.targets, rows);
    one.setLossValue(value);
    return weight === 1 ? value : graph.mul(value, weight);
  });
  return losses.reduce((sum, loss) => graph.add(sum, loss));
}

/** The loss with what the model's regularizers add, as Keras counts it in training and in evaluation. */
function withPenalty(graph: Graph, model: Model, loss: Node): Node {
  const penalty = model.penalty(graph);
  return penalty === undefined ? loss : graph.add(loss, penalty);
}

/** The layers that keep 16-bit activations in mixed precision: all of the model. The loss and the optimizer do not. */
function halfLayers({ model, state }: StepParts): { halfLayers?: ReadonlySet<string> } {
  return state.scaling ? { halfLayers: new Set(model.layers.map(({ name }) => name)) } : {};
}

/** A training step that fetches its batch from a data set on the device. */
export function compileTraining(
  backend: Backend,
  parts: StepParts,
  dataset: Dataset,
  options: {
    batch: number;
    shuffle: boolean;
    seed: number;
    augment?: AffineRanges | undefined;
    classWeight?: readonly number[] | undefined;
  },
): Promise<Program> {
  const { classWeight, ...fetching } = options;
  const graph = new Graph();
  const order = orderOf(parts.model, dataset);
  const batch = fetchBatch(graph, dataset, graph.variable(parts.state.cursor), { ...fetching, order });
  addTrainingStep(graph, parts, batch, [parts.state.step, parts.state.cursor], {
    seed: options.seed,
    classWeight,
  });
  return backend.compile(graph, { outputs: {}, ...halfLayers(parts) });
}

/**
 * A training step on what `fedBatch` feeds: images [batch, …] of each input, and of each output class labels, i32 [batch],
 * or targets, f32 [batch, …]; without labels also `mask`, i32 [batch], negative in rows that do not count. Gives `loss`,
 * `counts` [right answers, rows] and `guard`, not 0 where an image or a parameter holds a number that is not finite.
 */
export function compileFedTraining(
  backend: Backend,
  parts: StepParts,
  batch: number,
  { targetShapes, seed }: { targetShapes: readonly (Shape | undefined)[]; seed: number },
): Promise<Program> {
  const graph = new Graph();
  const inputs = parts.model.inputShapes.map((shape, i) => graph.input(fedNames(i).images, [batch, ...shape]));
  const targets = targetShapes.map((shape, i) => {
    const { targets: name } = fedNames(i);
    return shape ? graph.input(name, [batch, ...shape]) : graph.input(name, [batch], "i32");
  });
  const mask = targets.find(({ dtype }) => dtype === "i32") ?? graph.input("mask", [batch], "i32");
  const { loss, counts, guard } = addTrainingStep(
    graph,
    parts,
    { inputs, floats: inputs, targets, mask, weights: undefined },
    [parts.state.step],
    { seed },
  );
  const [first, second] = counts;
  const both = second
    ? graph.concat(
        [first as Node, second].map((one) => graph.reshape(one, [1])),
        0,
      )
    : first;
  return backend.compile(graph, { outputs: { loss, counts: both as Node, guard }, ...halfLayers(parts) });
}

/** What one evaluation leaves on the device. */
export interface EvaluationProgram {
  readonly program: Program;
  readonly steps: number;
  readonly cursor: Variable;
  /** f32 [steps, RING_VALUES + sums of metrics + values of a batch of outputs, where these are kept] */
  readonly ring: Variable;
  /** Values that the metrics' sums have in a record; the outputs come behind them. */
  readonly sums: number;
  /** Whether the ring keeps the outputs. */
  readonly outputs: boolean;
  /** f32 [classes, classes]; none where rows are not of one class each. */
  readonly confusion: Variable | undefined;
  /** f32 [size] for each metric that counts. */
  readonly counts: ReadonlyMap<Metric, Variable>;
}

/** A pass over a data set in order, batch by batch, that only measures; with `keepOutputs` it keeps each image's outputs. */
export async function compileEvaluation(
  backend: Backend,
  { model, heads, metrics = [] }: Pick<StepParts, "model" | "heads" | "metrics">,
  dataset: Dataset,
  { batch, keepOutputs }: { batch: number; keepOutputs: boolean },
): Promise<EvaluationProgram> {
  const steps = Math.ceil(dataset.count / batch);
  const cursor = new Variable({ name: "evaluation cursor", shape: [], dtype: "u32" });
  const sums = sumCount(metrics, model.outputShape);
  const kept = keepOutputs ? batch * model.outputShapes.reduce((size, shape) => size + sizeOf(shape), 0) : 0;
  const ring = new Variable({ name: "evaluation ring", shape: [steps, RING_VALUES + sums + kept] });
  const counts = countsOf(metrics, model, "evaluation");
  const graph = new Graph();
  const order = orderOf(model, dataset);
  const fetched = fetchBatch(graph, dataset, graph.variable(cursor), { batch, shuffle: false, seed: 0, order });
  const { inputs, mask, weights } = fetched;
  const outputs = model.build(graph, inputs, { logits: foldedOf(heads) });
  const guard = guardOf(graph, model, fetched.floats);
  const results = resultsOf(graph, heads, outputs, fetched);
  const value = withPenalty(graph, model, totalLoss(graph, heads, results, { mask, weights }));
  const counted = heads.length === 1 ? at(results, 0).confusion() : undefined;
  const confusion = counted && new Variable({ name: "confusion matrix", shape: counted.shape });
  if (confusion) graph.assign(confusion, graph.add(graph.variable(confusion), counted));
  recordMeasures(graph, value, measure(results, metrics), counts, {
    ...{ ring, counters: [cursor], guard },
    rest: keepOutputs ? outputs : [],
  });
  const program = await backend.compile(graph, { outputs: {} });
  return { program, steps, cursor, ring, sums, outputs: keepOutputs, confusion, counts };
}

/** What `predict` gives of outputs: those that a loss folds an activation of become probabilities. */
export type PredictionKind = Loss["folded"];

/** Outputs with the activation that their loss folds. */
export function unfolded(graph: Graph, outputs: Node, folded: PredictionKind): Node {
  if (folded === undefined) return outputs;
  return folded === "softmax" ? graph.softmax(outputs) : graph.sigmoid(outputs);
}

/**
 * The model's outputs [batch, …outputShape] of fed images [batch, …inputShape], named by their places: "0", "1", … `folded`:
 * of each output the activation that makes probabilities of it; one at the model's end is not applied twice.
 */
export function compilePrediction(
  backend: Backend,
  model: Model,
  batch: number,
  folded: readonly PredictionKind[],
): Promise<Program> {
  const graph = new Graph();
  const images = model.inputShapes.map((shape, index) => graph.input(String(index), [batch, ...shape]));
  const outputs = model.build(graph, images, { logits: model.outputShapes.map((_, index) => folded[index] ?? false) });
  return backend.compile(graph, {
    outputs: Object.fromEntries(outputs.map((y, index) => [String(index), unfolded(graph, y, folded[index])])),
  });
}

/** A program without a step, which keeps the variables alive and reads and writes them. */
export function compileKeeper(backend: Backend, variables: readonly Variable[]): Promise<Program> {
  const graph = new Graph();
  const outputs = Object.fromEntries(variables.map((variable, index) => [`${index}`, graph.variable(variable)]));
  return backend.compile(graph, { outputs });
}
