import type { Backend } from "../../src/graph/backend.ts";
import { Arena, Variable } from "../../src/graph/node.ts";
import { stateArenas } from "../../src/graph/update_rule.ts";
import { Graph } from "../../src/graph.ts";
import {
  adadelta,
  adafactor,
  adagrad,
  adam,
  adamax,
  adamw,
  ftrl,
  lamb,
  lion,
  nadam,
  type Optimizer,
  rmsprop,
  sgd,
} from "../../src/nn/optimizers.ts";
import {
  cosineDecayRestarts,
  cyclicLearningRate,
  exponentialDecay,
  multiStepDecay,
  oneCycle,
  polynomialDecay,
  type Schedule,
  stepDecay,
  warmup,
} from "../../src/nn/schedules.ts";
import { learningRateTable } from "../../src/train/learning_rates.ts";
import { expectWithin, OutOfScope, precisionOf, type Report, type Suite } from "./suite.ts";
import { documentedNadam } from "./torch_nadam.ts";

/** The parameter after each step from `start` on, moved by one gradient a step. */
async function trajectory(
  backend: Backend,
  { rule, learningRate }: Optimizer,
  start: readonly number[],
  gradients: readonly (readonly number[])[],
): Promise<ArrayLike<number>[]> {
  const shape = [start.length];
  const parameters = new Arena("parameters", [{ name: "w", shape, initial: Float32Array.from(start) }]);
  const step = new Variable({ name: "step", shape: [], dtype: "u32" });
  const ring = new Variable({ name: "ring", shape: [1, 1] });
  const graph = new Graph();
  const table = learningRateTable(learningRate);
  const schedule = new Variable({ name: "schedule", shape: [16, 8], initial: table });
  graph.optimizerUpdate(graph.variable(step), graph.variable(schedule), [graph.input("gradient", shape)], {
    rule,
    parameters,
    state: stateArenas(rule, parameters),
  });
  graph.recordStep([graph.constant(0)], { ring, counters: [step] });
  const program = await backend.compile(graph, { outputs: {} });
  const moved: ArrayLike<number>[] = [];
  for (const gradient of gradients) {
    await program.run({ gradient: Float32Array.from(gradient) });
    const [now] = await program.enqueue({ steps: 0, read: parameters.variables });
    moved.push(Array.from(now?.data ?? []));
  }
  program.dispose();
  return moved;
}

interface KerasGolden {
  optimizer: string;
  kwargs: Record<string, number | boolean>;
  first_grads_value: number;
  golden_per_step: (number | number[])[];
}

/** Keras' optimizers as ours, in Keras' forms; values are Keras' keyword arguments. */
const KERAS: Readonly<Record<string, (options: Record<string, number | boolean>) => Optimizer>> = {
  Adadelta: adadelta,
  Adafactor: adafactor,
  Adagrad: (options) => adagrad({ ...options, epsilonAs: "keras" }),
  Adam: (options) => adam({ ...options, epsilonAs: "keras" }),
  Adamax: (options) => adamax({ ...options, epsilonAs: "keras" }),
  AdamW: (options) => adamw({ ...options, epsilonAs: "keras" }),
  Ftrl: ftrl,
  Lamb: lamb,
  Lion: lion,
  Nadam: nadam,
  RMSprop: (options) => rmsprop({ ...options, epsilonAs: "keras" }),
  // Keras' test asks for Nesterov's form without momentum, which is plain descent.
  SGD: ({ nesterov: _, ...options }) => sgd(options),
};

const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

async function checkKeras(backend: Backend, golden: KerasGolden): Promise<void> {
  const make = KERAS[golden.optimizer];
  if (make === undefined) throw new OutOfScope(`${golden.optimizer}: no such optimizer here`);
  const options = Object.fromEntries(Object.entries(golden.kwargs).map(([name, value]) => [camelCase(name), value]));
  const later = Array.from({ length: 10 }, (_, i) => (i + 1) / 10);
  const gradients = golden.golden_per_step.map((_, step) =>
    step === 0 ? later.map(() => golden.first_grads_value) : later,
  );
  const got = await trajectory(backend, make(options), new Array(10).fill(1), gradients);
  golden.golden_per_step.forEach((want, step) => {
    // Goldens have four digits. Where one number stands for ten elements it is a rough one, which Keras compares within
    // 5e-4 absolute and 5e-4 relative: LAMB's are Adam's, 6e-4 off.
    const [values, allowed] = typeof want === "number" ? [later.map(() => want), 5e-4 * (1 + want)] : [want, 0.51e-4];
    expectWithin(`step ${step}`, got[step], values, () => allowed);
  });
}

interface TorchRun {
  name: string;
  hyper: Record<string, number | boolean | [number, number]>;
  w0: number[];
  grads: number[][];
  trajectory: number[][];
}

/** PyTorch's optimizers by the name of the run, without its variant. */
function torchOptimizer(name: string, hyper: TorchRun["hyper"]): Optimizer {
  const number = (key: string) => Number(hyper[key] ?? 0);
  const flag = (key: string) => hyper[key] === true;
  const [beta1, beta2] = Array.isArray(hyper["betas"]) ? hyper["betas"] : [0, 0];
  const common = { learningRate: number("lr"), weightDecay: number("weight_decay") };
  const epsilon = number("eps");
  switch (name.split("_")[0]) {
    case "sgd":
      return sgd({
        ...common,
        momentum: number("momentum"),
        dampening: number("dampening"),
        nesterov: flag("nesterov"),
      });
    case "adam":
      return adam({ ...common, beta1, beta2, epsilon, amsgrad: flag("amsgrad") });
    case "adamw":
      return adamw({ ...common, beta1, beta2, epsilon, amsgrad: flag("amsgrad") });
    case "adamax":
      return adamax({ ...common, beta1, beta2, epsilon });
    case "nadam":
      return nadam({ ...common, beta1, beta2, epsilon, momentumDecay: number("momentum_decay") });
    case "rmsprop":
      return rmsprop({
        ...common,
        rho: number("alpha"),
        momentum: number("momentum"),
        epsilon,
        centered: flag("centered"),
      });
    case "adagrad":
      return adagrad({ ...common, epsilon, initialAccumulatorValue: number("initial_accumulator_value") });
    case "adadelta":
      return adadelta({ ...common, rho: number("rho"), epsilon });
  }
  throw new OutOfScope(`${name}: no such optimizer here`);
}

/**
 * Places where f32 cannot come nearer than this many roundings a step: v − a² of a centered RMSprop loses the digits
 * that the two share.
 */
const CANCELLATION: Readonly<Record<string, number>> = { rmsprop_centered: 64 };

async function checkTorch(backend: Backend, run: TorchRun): Promise<void> {
  const optimizer = torchOptimizer(run.name, run.hyper);
  const got = await trajectory(backend, optimizer, run.w0, run.grads);
  const wanted = run.name === "nadam" ? documentedNadam(run) : run.trajectory;
  let moved = 0;
  wanted.forEach((want, step) => {
    const before = step === 0 ? run.w0 : (wanted[step - 1] as number[]);
    moved += Math.max(...want.map((value, i) => Math.abs(value - (before[i] as number))));
    // w0, gradients and rates reach us as f32, on the CPU too: a rounding each of what a step moves, and one of w itself.
    const size = Math.max(1, ...want.map(Math.abs));
    const roundings = 8 * (CANCELLATION[run.name] ?? 1);
    const allowed = 2 ** -24 * (roundings * moved + (precisionOf(backend) === 2 ** -24 ? step + 2 : 1) * size) + 1e-8;
    expectWithin(`step ${step}`, got[step], want, () => allowed);
  });
}

interface TorchSchedule {
  name: string;
  lr: number[];
}

/** The settings that the nine recorded rates show: start 0.1 (one-cycle: top 0.5), one rate a step. */
const SCHEDULES: Readonly<Record<string, Schedule>> = {
  step: stepDecay({ initialLearningRate: 0.1, stepSize: 7, factor: 0.5 }),
  multistep: multiStepDecay({ initialLearningRate: 0.1, milestones: [5, 20, 33] }),
  exponential: exponentialDecay({ initialLearningRate: 0.1, decaySteps: 1, decayRate: 0.93 }),
  // PyTorch's cosine climbs again after its lowest point.
  cosine: cyclicLearningRate({
    baseLearningRate: 0.1,
    maxLearningRate: 1e-4,
    stepSizeUp: 30,
    annealStrategy: "cos",
  }),
  cyclic: cyclicLearningRate({ baseLearningRate: 0.01, maxLearningRate: 0.2, stepSizeUp: 9 }),
  cosine_warm: cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 8, alpha: 1e-4 }),
  linear: warmup(0.1, { steps: 10, from: 0.01 }),
  polynomial: polynomialDecay({ initialLearningRate: 0.1, decaySteps: 25, power: 2 }),
  onecycle: oneCycle({ maxLearningRate: 0.5, totalSteps: 60 }),
};

/** Plain descent along a gradient of 1 moves by the rate: so the backend's own schedule shows, step by step. */
async function checkSchedule(backend: Backend, { name, lr }: TorchSchedule): Promise<void> {
  const learningRate = SCHEDULES[name];
  if (learningRate === undefined) throw new OutOfScope(`${name}: no such schedule here`);
  const moved = await trajectory(
    backend,
    sgd({ learningRate }),
    [0],
    lr.map(() => [1]),
  );
  let sum = 0;
  lr.forEach((rate, step) => {
    sum += rate;
    // Each rate is a few f32 roundings of itself off, and the sum rounds once a step.
    expectWithin(`after step ${step}`, moved[step], [-sum], () => 2 ** -24 * (16 + step) * sum + 1e-9);
  });
}

/** Reads a file of cases and checks each. */
async function over<T>(report: Report, path: string, name: (one: T) => string, check: (one: T) => Promise<void>) {
  const cases = (await report.read(path)) as T[] | undefined;
  if (cases) await report.each(cases, name, check);
}

/** Keras' golden trajectories, PyTorch's 15 runs of 50 steps, and its nine schedules. */
export const optimizerSuites: readonly Suite[] = [
  {
    source: "keras-optimizers",
    expected: { total: 12, inScope: 12 },
    run: (backend, report) =>
      over<KerasGolden>(
        report,
        "keras-optimizers/goldens.json",
        (golden) => golden.optimizer,
        (golden) => checkKeras(backend, golden),
      ),
  },
  {
    source: "torch/optimizers",
    expected: { total: 15, inScope: 15 },
    run: (backend, report) =>
      over<TorchRun>(
        report,
        "torch/optimizers.json",
        (run) => run.name,
        (run) => checkTorch(backend, run),
      ),
  },
  {
    source: "torch/lr_schedulers",
    expected: { total: 9, inScope: 9 },
    run: (backend, report) =>
      over<TorchSchedule>(
        report,
        "torch/lr_schedulers.json",
        (schedule) => schedule.name,
        (schedule) => checkSchedule(backend, schedule),
      ),
  },
];
