import type { Backend } from "../../../src/graph/backend.ts";
import type { Node } from "../../../src/graph/node.ts";
import { Graph } from "../../../src/graph.ts";
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamw,
  createTrainer,
  type Dataset,
  type Model,
  modelFromConfig,
  multiDataset,
  nadam,
  type Optimizer,
  rmsprop,
  type Schedule,
  sgd,
} from "../../../src/index.ts";
import { rowLosses } from "../../../src/nn/late_parts.ts";
import { batchLoss, type Loss, resolveLoss } from "../../../src/nn/losses.ts";
import { expectWithin, OutOfScope } from "../suite.ts";
import {
  type Answered,
  type Finals,
  floats32,
  floats64,
  type Goal,
  type Judged,
  type OptimizerName,
  type Question,
} from "./question.ts";
import { rateOf } from "./schedules.ts";

type OptimizerMaker = (options: { learningRate: number | Schedule }) => Optimizer;

const OPTIMIZERS: Readonly<Record<OptimizerName, OptimizerMaker>> = {
  ...{ sgd, adam, adamw, nadam, adamax, rmsprop, adagrad, adadelta },
};

/** A tolerance above this share of the largest value would judge nothing. */
const BLUNT = 0.02;
/** A gradient that cancels out is small beside those it is made of, the network's others: this share of them will do. */
const CANCELLED = 0.01;

const largest = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Compares with one tolerance for the whole tensor, whose values are of size `scale` at least. */
function compare(what: string, got: ArrayLike<number> | undefined, data: string, tolerance: number, scale = 0): void {
  const want = floats64(data);
  if (tolerance > BLUNT * Math.max(scale, largest(want))) {
    throw new OutOfScope("rounding alone moves a tensor by more than 2 % of its largest value");
  }
  // What is 0 may come as a number too small for f32.
  expectWithin(what, got, want, () => tolerance + 2 ** -120);
}

function modelOf({ model: config, parameters }: Question): Model {
  const model = modelFromConfig(config);
  model.setParameters(
    new Map(Object.entries(parameters).map(([name, { shape, data }]) => [name, { shape, data: floats32(data) }])),
  );
  return model;
}

/** Values of rows `first` … `last` − 1. */
function part(text: string, shape: readonly number[], first: number, last: number): Float32Array {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return floats32(text).slice(first * size, last * size);
}

/** What each input is fed with, of these rows. */
function inputsOf({ sources }: Question, model: Model, first: number, last: number): Float32Array[] {
  return sources.map(({ images }, index) => part(images, model.inputShapes[index] ?? [], first, last));
}

/** What an output is to give, of these rows. */
function targetsOf(
  { labels, targets, targetShape = [] }: Goal,
  first: number,
  last: number,
): Int32Array | Float32Array {
  return labels ? Int32Array.from(labels.slice(first, last)) : part(targets ?? "", targetShape, first, last);
}

/** What each row of the first batch counts, with `fit`. */
function weightsOf({ sampleWeights, classWeight, goals, batch }: Question): number[] | undefined {
  if (sampleWeights) return sampleWeights.slice(0, batch);
  return classWeight && goals[0]?.labels?.slice(0, batch).map((label) => classWeight[label] as number);
}

/** Outputs by moving statistics; outputs by the batch's, the loss, and all gradients. */
async function firstBatch(backend: Backend, question: Question) {
  const model = modelOf(question);
  await rowLosses.fetched();
  const { batch, goals } = question;
  const feeds = Object.fromEntries(
    inputsOf(question, model, 0, batch).map((values, index) => [
      `input ${index}`,
      question.sources[index]?.bytes ? Float64Array.from(values, (value) => value / 255) : values,
    ]),
  );
  const fed = (graph: Graph) =>
    model.inputShapes.map((shape, index) => graph.input(`input ${index}`, [batch, ...shape]));
  const numbered = (what: string, nodes: readonly Node[]) =>
    Object.fromEntries(nodes.map((node, index) => [`${what} ${index}`, node]));

  const inference = new Graph();
  const predict = await backend.compile(inference, {
    outputs: numbered("output", model.build(inference, fed(inference))),
  });
  const predicted = await predict.run(feeds);
  predict.dispose();

  const graph = new Graph();
  const xs = fed(graph);
  const losses = goals.map(({ loss }) => resolveLoss(loss));
  const outputs = model.build(graph, xs, {
    training: true,
    logits: losses.map(({ folded }) => folded ?? false),
    // The seed of a dropout whose rate is 0.
    random: { seed: 0, step: graph.constant(0, [], "u32") },
  });
  const weights = weightsOf(question);
  const rowWeights = weights && graph.constant(weights);
  const parts = goals.map((goal, index) => {
    const { labels, targetShape = [], weight } = goal;
    const wanted = graph.constant(targetsOf(goal, 0, batch), [batch, ...targetShape], labels ? "i32" : "f32");
    const value = batchLoss(graph, losses[index] as Loss, outputs[index] as Node, wanted, { weights: rowWeights });
    return goals.length === 1 ? value : graph.mul(value, weight);
  });
  const value = parts.reduce((sum, one) => graph.add(sum, one));
  const { variables } = model.arena;
  const gradients = graph.gradients(value, [...xs, ...variables.map((variable) => graph.variable(variable))]);
  const byName = Object.fromEntries(
    [...xs.map((_, index) => `input ${index}`), ...variables.map(({ name }) => name)].map((name, index) => [
      `d ${name}`,
      gradients[index] as Node,
    ]),
  );
  const program = await backend.compile(graph, {
    outputs: { ...numbered("output", outputs), loss: value, ...byName },
  });
  const results = await program.run(feeds);
  program.dispose();
  return { predicted, results };
}

/** All rows, for `fit`. */
function wholeDataset(question: Question, model: Model): Dataset {
  const { sources, goals, rows, sampleWeights } = question;
  const inputs = inputsOf(question, model, 0, rows).map((values, index) => ({
    images: sources[index]?.bytes ? Uint8Array.from(values) : values,
    shape: model.inputShapes[index] ?? [],
  }));
  const outputs = goals.map((goal, index) => {
    const targets = targetsOf(goal, 0, rows);
    return targets instanceof Int32Array
      ? { labels: targets, classes: model.outputShapes[index]?.[0] ?? 0 }
      : { targets, targetShape: goal.targetShape ?? [] };
  });
  return multiDataset({ inputs, outputs, ...(sampleWeights ? { sampleWeights } : {}) });
}

/** Losses of so many steps, and the weights after them. */
async function train(backend: Backend, question: Question, steps: number) {
  const model = modelOf(question);
  const { batch, rows, optimizer, goals, feed, classWeight } = question;
  // Holds the weights in the backend's own precision until they are read.
  const graph = new Graph();
  const keeper = await backend.compile(graph, {
    outputs: Object.fromEntries(model.variables.map((variable) => [variable.name, graph.variable(variable)])),
  });
  const trainer = await createTrainer(model, {
    backend,
    loss: goals.map(({ loss }) => loss),
    lossWeights: goals.map(({ weight }) => (goals.length === 1 ? 1 : weight)),
    optimizer: OPTIMIZERS[optimizer.name]({ ...optimizer.options, learningRate: rateOf(optimizer.rate) }),
    batchSize: batch,
    recompute: question.recompute ?? false,
  });
  const losses: number[] = [];
  if (feed === "fit") {
    const { stepLosses } = await trainer.fit(wholeDataset(question, model), {
      epochs: steps,
      steps,
      shuffle: false,
      ...(classWeight ? { classWeight } : {}),
    });
    losses.push(...stepLosses);
  } else {
    const perEpoch = Math.ceil(rows / batch);
    for (let step = 0; step < steps; step++) {
      const first = (step % perEpoch) * batch;
      const last = Math.min(rows, first + batch);
      const images = inputsOf(question, model, first, last);
      const targets = goals.map((goal) => targetsOf(goal, first, last));
      losses.push((await trainer.trainOnBatch(images, targets)).loss);
    }
  }
  if (optimizer.options["useEma"]) await trainer.swapEma();
  const weights = await keeper.run();
  trainer.dispose();
  keeper.dispose();
  return { losses, weights };
}

/** WebAssembly sums in f32, as WebGPU does. */
const toleranceOf = ({ kind }: Backend) => (kind === "wasm" ? "webgpu" : kind);

/**
 * Holds a network against PyTorch's answer: outputs, gradients, losses of its training and the weights after it. Throws
 * `OutOfScope` where f32 cannot say, and an Error where something is further off than the answer allows.
 */
export async function checkNetwork(backend: Backend, { question, answer }: Answered): Promise<void> {
  const judge = (what: string, got: ArrayLike<number> | undefined, judged: Judged, scale = 0) =>
    compare(what, got, judged.data, judged[toleranceOf(backend)], scale);
  const { predicted, results } = await firstBatch(backend, question);
  answer.inference.forEach((judged, index) => {
    judge(`output ${index} by moving statistics`, predicted[`output ${index}`]?.data, judged);
  });
  answer.outputs.forEach((judged, index) => {
    judge(`output ${index}`, results[`output ${index}`]?.data, judged);
  });
  judge("loss", results["loss"]?.data, answer.loss);
  const exact = backend.kind === "cpu";
  if (!exact && !answer.gradientsIn32) throw new OutOfScope("a value of the first step lies within rounding of a kink");
  const scale = CANCELLED * Math.max(...Object.values(answer.gradients).map(({ data }) => largest(floats64(data))));
  for (const [name, gradient] of Object.entries(answer.gradients)) {
    judge(`gradient by ${name}`, results[`d ${name}`]?.data, gradient, scale);
  }

  const steps = exact ? question.steps : answer.steps32;
  if (steps === 0) throw new OutOfScope("a value of the first step lies within rounding of a kink");
  const { losses, weights } = await train(backend, question, steps);
  const tolerances = answer.losses[toleranceOf(backend)];
  expectWithin("loss of step", losses, answer.losses.values.slice(0, steps), (step) => tolerances[step] as number);
  const finals: Finals | null = exact ? answer.final64 : answer.final32;
  for (const [name, { data, tolerance }] of Object.entries(finals ?? {})) {
    compare(`${name} after ${steps} steps`, weights[name]?.data, data, tolerance);
  }
}
