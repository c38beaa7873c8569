import type { AffineRanges } from "../core/affine.ts";
import { constantSchedule, SCHEDULE_COLUMNS, SCHEDULE_ROWS, type Schedule, scheduleTable } from "../core/schedule.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Backend, Program } from "../graph/backend.ts";
import { Graph } from "../graph/graph.ts";
import { Arena, type Node, Variable } from "../graph/node.ts";
import { slotNames } from "../graph/ops/optimizer_update.ts";
import { lossByName } from "../nn/losses.ts";
import type { Model } from "../nn/model.ts";
import type { Optimizer } from "../nn/optimizers.ts";
import { fetchBatch } from "./dataset_variables.ts";
import { recomputedNodes } from "./recompute.ts";

/** Steps whose loss and accuracy the GPU keeps until they are read. */
export const RING_STEPS = 1024;
/** Values of a step in the ring: loss, right answers, rows. */
export const RING_VALUES = 3;

/** Everything a run changes: what a checkpoint holds beside the model's parameters. */
export interface TrainingState {
  /** Moments and velocities, laid out like the parameters. */
  readonly slots: readonly Arena[];
  /** Finished updates. */
  readonly step: Variable;
  /** Batches fetched from the current data set. */
  readonly cursor: Variable;
  /** f32 [SCHEDULE_ROWS, SCHEDULE_COLUMNS]: the learning rate's schedule (core/schedule.ts). */
  readonly schedule: Variable;
  /** f32 [RING_STEPS, RING_VALUES] */
  readonly ring: Variable;
}

/** A learning rate or its schedule as the device reads it. */
export function learningRateTable(learningRate: number | Schedule): Float32Array {
  return Float32Array.from(
    scheduleTable(typeof learningRate === "number" ? constantSchedule(learningRate) : learningRate),
  );
}

export function newTrainingState(model: Model, optimizer: Optimizer): TrainingState {
  const specs = model.arena.variables.map(({ name, shape }) => ({ name, shape }));
  return {
    slots: slotNames(optimizer.rule).map((slot) => new Arena(`optimizer/${slot}`, specs)),
    step: new Variable({ name: "step", shape: [], dtype: "u32" }),
    cursor: new Variable({ name: "cursor", shape: [], dtype: "u32" }),
    schedule: new Variable({
      name: "learning rate",
      shape: [SCHEDULE_ROWS, SCHEDULE_COLUMNS],
      initial: learningRateTable(optimizer.learningRate),
    }),
    ring: new Variable({ name: "metrics ring", shape: [RING_STEPS, RING_VALUES] }),
  };
}

/** What all training steps have in common. */
export interface StepParts {
  readonly model: Model;
  readonly loss: string;
  readonly optimizer: Optimizer;
  readonly state: TrainingState;
  /** Compute activations once more in the backward pass instead of keeping them. */
  readonly recompute?: boolean;
}

/**
 * Forward, loss, backward, update, record: from images and labels on. `padded`: some images may only fill up the batch.
 * `seed`: of the random numbers that layers draw.
 */
function addTrainingStep(
  graph: Graph,
  parts: StepParts,
  images: Node,
  labels: Node,
  counters: readonly Variable[],
  { padded, seed }: { padded: boolean; seed: number },
): { loss: Node; counts: Node } {
  const { model, optimizer, state } = parts;
  const random = { seed, step: graph.variable(state.step) };
  const logits = model.build(graph, images, { logits: true, training: true, random, ...(padded ? { labels } : {}) });
  const { loss, counts } = graph.inLayer("loss", () => ({
    loss: withPenalty(graph, model, lossByName(parts.loss).build(graph, logits, labels)),
    counts: graph.countCorrect(logits, labels),
  }));
  const parameters = model.arena.variables.map((variable) => graph.variable(variable));
  const options = parts.recompute ? { recompute: recomputedNodes(graph, model) } : {};
  const gradients = graph.gradients(loss, parameters, undefined, options);
  graph.inLayer("optimizer", () => {
    graph.optimizerUpdate(graph.variable(state.step), graph.variable(state.schedule), gradients, {
      rule: optimizer.rule,
      parameters: model.arena,
      slots: state.slots,
    });
    model.constrain(graph);
    graph.recordStep([loss, counts], { ring: state.ring, counters });
  });
  return { loss, counts };
}

/** The loss with what the model's regularizers add, as Keras counts it in training and in evaluation. */
function withPenalty(graph: Graph, model: Model, loss: Node): Node {
  const penalty = model.penalty(graph);
  return penalty === undefined ? loss : graph.add(loss, penalty);
}

/** A training step that fetches its batch from a data set on the device. */
export function compileTraining(
  backend: Backend,
  parts: StepParts,
  dataset: Dataset,
  options: { batch: number; shuffle: boolean; seed: number; augment?: AffineRanges | undefined },
): Promise<Program> {
  const graph = new Graph();
  const { images, labels } = fetchBatch(graph, dataset, graph.variable(parts.state.cursor), options);
  const padded = dataset.count % options.batch !== 0;
  addTrainingStep(graph, parts, images, labels, [parts.state.step, parts.state.cursor], { padded, seed: options.seed });
  return backend.compile(graph, { outputs: {} });
}

/** A training step on fed inputs `images` [batch, …] and `labels` i32 [batch]; gives `loss` and `counts`. */
export function compileFedTraining(backend: Backend, parts: StepParts, batch: number, seed: number): Promise<Program> {
  const graph = new Graph();
  const images = graph.input("images", [batch, ...parts.model.inputShape]);
  const labels = graph.input("labels", [batch], "i32");
  const outputs = addTrainingStep(graph, parts, images, labels, [parts.state.step], { padded: true, seed });
  return backend.compile(graph, { outputs });
}

/** What one evaluation leaves on the device. */
export interface EvaluationProgram {
  readonly program: Program;
  readonly steps: number;
  readonly cursor: Variable;
  /** f32 [steps, RING_VALUES] */
  readonly ring: Variable;
  /** f32 [classes, classes] */
  readonly confusion: Variable;
}

/** A pass over a data set in order, batch by batch, that only measures. */
export async function compileEvaluation(
  backend: Backend,
  model: Model,
  loss: string,
  dataset: Dataset,
  batch: number,
): Promise<EvaluationProgram> {
  const steps = Math.ceil(dataset.count / batch);
  const { classes } = model;
  const cursor = new Variable({ name: "evaluation cursor", shape: [], dtype: "u32" });
  const ring = new Variable({ name: "evaluation ring", shape: [steps, RING_VALUES] });
  const confusion = new Variable({ name: "confusion matrix", shape: [classes, classes] });
  const graph = new Graph();
  const { images, labels } = fetchBatch(graph, dataset, graph.variable(cursor), { batch, shuffle: false, seed: 0 });
  const logits = model.build(graph, images, { logits: true });
  const lossNode = withPenalty(graph, model, lossByName(loss).build(graph, logits, labels));
  const counted = graph.confusionMatrix(labels, graph.argmax(logits), classes);
  graph.assign(confusion, graph.add(graph.variable(confusion), counted));
  graph.recordStep([lossNode, graph.countCorrect(logits, labels)], { ring, counters: [cursor] });
  return { program: await backend.compile(graph, { outputs: {} }), steps, cursor, ring, confusion };
}

/** Probabilities [batch, classes] of fed `images` [batch, …inputShape]. */
export function compilePrediction(backend: Backend, model: Model, batch: number): Promise<Program> {
  const graph = new Graph();
  const images = graph.input("images", [batch, ...model.inputShape]);
  const probabilities = graph.softmax(model.build(graph, images, { logits: true }));
  return backend.compile(graph, { outputs: { probabilities } });
}

/** A program without a step, which keeps the variables alive and reads and writes them. */
export function compileKeeper(backend: Backend, variables: readonly Variable[]): Promise<Program> {
  const graph = new Graph();
  const outputs = Object.fromEntries(variables.map((variable, index) => [`${index}`, graph.variable(variable)]));
  return backend.compile(graph, { outputs });
}
