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
  dataset,
  type Model,
  modelFromConfig,
  type Optimizer,
  rmsprop,
  sgd,
} from "../../../src/index.ts";
import { batchLoss, resolveLoss } from "../../../src/nn/losses.ts";
import { expectWithin, OutOfScope } from "../suite.ts";
import {
  type Answered,
  type Finals,
  floats32,
  floats64,
  type Judged,
  type OptimizerName,
  type OptimizerOptions,
  type Question,
} from "./question.ts";

const OPTIMIZERS: Readonly<Record<OptimizerName, (options: OptimizerOptions) => Optimizer>> = {
  ...{ sgd, adam, adamw, adamax, rmsprop, adagrad, adadelta },
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

/** Images and targets of rows `first` … `last` − 1. */
function rowsOf(question: Question, model: Model, first: number, last: number) {
  const part = (values: Float32Array, shape: readonly number[]) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    return values.slice(first * size, last * size);
  };
  const { labels, targets, targetShape = [] } = question;
  return {
    images: part(floats32(question.images), model.inputShape),
    targets: labels ? Int32Array.from(labels.slice(first, last)) : part(floats32(targets ?? ""), targetShape),
  };
}

/** What each row of the first batch counts, with `fit`. */
function weightsOf({ sampleWeights, classWeight, labels, batch }: Question): number[] | undefined {
  if (sampleWeights) return sampleWeights.slice(0, batch);
  return classWeight && labels?.slice(0, batch).map((label) => classWeight[label] as number);
}

/** Outputs by moving statistics; outputs by the batch's, the loss, and all gradients. */
async function firstBatch(backend: Backend, question: Question) {
  const model = modelOf(question);
  const { batch } = question;
  const { images: given, targets } = rowsOf(question, model, 0, batch);
  const images = question.bytes ? Float64Array.from(given, (value) => value / 255) : given;

  const inference = new Graph();
  const predict = await backend.compile(inference, {
    outputs: { inference: model.build(inference, inference.input("x", [batch, ...model.inputShape])) },
  });
  const { inference: predicted } = await predict.run({ x: images });
  predict.dispose();

  const graph = new Graph();
  const x = graph.input("x", [batch, ...model.inputShape]);
  const loss = resolveLoss(question.loss);
  const outputs = model.build(graph, x, {
    training: true,
    logits: loss.folded ?? false,
    // The seed of a dropout whose rate is 0.
    random: { seed: 0, step: graph.constant(0, [], "u32") },
  });
  const wanted = graph.constant(targets, [batch, ...(question.targetShape ?? [])], question.labels ? "i32" : "f32");
  const weights = weightsOf(question);
  const value = batchLoss(graph, loss, outputs, wanted, { weights: weights && graph.constant(weights) });
  const { variables } = model.arena;
  const gradients = graph.gradients(value, [x, ...variables.map((variable) => graph.variable(variable))]);
  const byName = Object.fromEntries(
    ["input", ...variables.map(({ name }) => name)].map((name, index) => [`d ${name}`, gradients[index] as Node]),
  );
  const program = await backend.compile(graph, { outputs: { outputs, loss: value, ...byName } });
  const results = await program.run({ x: images });
  program.dispose();
  return { predicted, results };
}

/** Losses of so many steps, and the weights after them. */
async function train(backend: Backend, question: Question, steps: number) {
  const model = modelOf(question);
  const { batch, rows, optimizer, loss, feed, labels, sampleWeights, classWeight } = question;
  // Holds the weights in the backend's own precision until they are read.
  const graph = new Graph();
  const keeper = await backend.compile(graph, {
    outputs: Object.fromEntries(model.variables.map((variable) => [variable.name, graph.variable(variable)])),
  });
  const trainer = await createTrainer(model, {
    backend,
    loss,
    optimizer: OPTIMIZERS[optimizer.name](optimizer.options),
    batchSize: batch,
    recompute: question.recompute ?? false,
  });
  const losses: number[] = [];
  if (feed === "fit") {
    const { images, targets } = rowsOf(question, model, 0, rows);
    const data = dataset({
      images: question.bytes ? Uint8Array.from(images) : images,
      shape: model.inputShape,
      ...(targets instanceof Int32Array
        ? { labels: targets, classes: model.classes }
        : { targets, targetShape: question.targetShape ?? [] }),
      ...(sampleWeights ? { sampleWeights } : {}),
    });
    const { stepLosses } = await trainer.fit(data, {
      epochs: steps,
      steps,
      shuffle: false,
      ...(classWeight && labels ? { classWeight } : {}),
    });
    losses.push(...stepLosses);
  } else {
    const perEpoch = Math.ceil(rows / batch);
    for (let step = 0; step < steps; step++) {
      const first = (step % perEpoch) * batch;
      const { images, targets } = rowsOf(question, model, first, Math.min(rows, first + batch));
      losses.push((await trainer.trainOnBatch(images, targets)).loss);
    }
  }
  const weights = await keeper.run();
  trainer.dispose();
  keeper.dispose();
  return { losses, weights };
}

/**
 * Holds a network against PyTorch's answer: outputs, gradients, losses of its training and the weights after it. Throws
 * `OutOfScope` where f32 cannot say, and an Error where something is further off than the answer allows.
 */
export async function checkNetwork(backend: Backend, { question, answer }: Answered): Promise<void> {
  const judge = (what: string, got: ArrayLike<number> | undefined, judged: Judged, scale = 0) =>
    compare(what, got, judged.data, judged[backend.kind], scale);
  const { predicted, results } = await firstBatch(backend, question);
  judge("output by moving statistics", predicted?.data, answer.inference);
  judge("output", results["outputs"]?.data, answer.outputs);
  judge("loss", results["loss"]?.data, answer.loss);
  const exact = backend.kind === "cpu";
  if (!exact && !answer.gradientsIn32) throw new OutOfScope("a value of the first step lies within rounding of a kink");
  const scale = CANCELLED * Math.max(...Object.values(answer.gradients).map(({ data }) => largest(floats64(data))));
  for (const [name, gradient] of Object.entries(answer.gradients)) {
    judge(`gradient by ${name}`, results[`d ${name}`]?.data, gradient, scale);
  }

  const steps = exact ? question.steps : answer.steps32;
  const { losses, weights } = await train(backend, question, steps);
  const tolerances = answer.losses[backend.kind];
  expectWithin("loss of step", losses, answer.losses.values.slice(0, steps), (step) => tolerances[step] as number);
  const finals: Finals | null = exact ? answer.final64 : answer.final32;
  for (const [name, { data, tolerance }] of Object.entries(finals ?? {})) {
    compare(`${name} after ${steps} steps`, weights[name]?.data, data, tolerance);
  }
}
