import { describe, expect, test } from "vitest";
import { constantTable } from "../../src/core/schedule.ts";
import { scheduleTable } from "../../src/core/schedule_rates.ts";
import { sizeOf } from "../../src/core/shape.ts";
import { cpu } from "../../src/cpu/backend.ts";
import type { Backend } from "../../src/graph/backend.ts";
import { Arena, Variable } from "../../src/graph/node.ts";
import { slotNames, slotsPerArena, stateArenas, type UpdateRule } from "../../src/graph/update_rule.ts";
import { Graph } from "../../src/graph.ts";
import { adafactor, adam, adamw, lamb, nadam, type Optimizer, rmsprop, sgd } from "../../src/nn/optimizers.ts";
import {
  cosineDecay,
  cosineDecayRestarts,
  cyclicLearningRate,
  exponentialDecay,
  inverseTimeDecay,
  learningRateAt,
  oneCycle,
  piecewiseConstantDecay,
  polynomialDecay,
  type Schedule,
  stepDecay,
  warmup,
} from "../../src/nn/schedules.ts";
import { learningRateTable } from "../../src/train/learning_rates.ts";
import { webgpu } from "../../src/webgpu/backend.ts";
import { openDevice } from "../support/device.ts";
import { clipFactors, clipGroups, gradientSquares, optimizerUpdate, ruleTable } from "../support/kernels.ts";
import { optimizersOfEachKind, referenceClip, referenceStep } from "../support/optimizer_rules.ts";
import { runKernel } from "../support/run_kernel.ts";
import { expectNear, traitsOfEachKind, uniform } from "./kernels_support.ts";

const device = await openDevice();

const [[, traits]] = traitsOfEachKind as [(typeof traitsOfEachKind)[number]];

/** Parameters of these sizes behind each other in an arena, with a gradient in so many slices each. */
const layout = [
  { size: 288, slices: 5 },
  { size: 10, slices: 1 },
  { size: 61, slices: 16 },
  { size: 64, slices: 2 },
  { size: 1, slices: 3 },
];

/** The arena of `layout`, its gradients' partial sums and their block table. */
function arrange(aligned: boolean) {
  const table: number[] = [];
  const valid: boolean[] = [];
  let partialsEnd = aligned ? 0 : 3;
  const places: { arena: number; start: number; size: number; slices: number; stride: number }[] = [];
  for (const { size, slices } of layout) {
    const stride = aligned ? Math.ceil(size / 4) * 4 : size;
    places.push({ arena: valid.length, start: partialsEnd, size, slices, stride });
    for (let done = 0; done < size; done += 64) {
      const left = Math.min(64, size - done);
      table.push(partialsEnd + done, slices, stride, left);
      for (let i = 0; i < 64; i++) valid.push(i < left);
    }
    partialsEnd += slices * stride;
  }
  const partials = uniform(partialsEnd, 1);
  const gradients = places.map(({ start, size, slices, stride }) =>
    Float64Array.from({ length: size }, (_, i) => {
      let sum = 0;
      for (let slice = 0; slice < slices; slice++) sum += partials[start + slice * stride + i] as number;
      return sum;
    }),
  );
  return { table, valid, places, partials, gradients, arenaSize: valid.length };
}

const parameterArena = () =>
  new Arena(
    "parameters",
    layout.map(({ size }, i) => ({ name: `${i}`, shape: [size] })),
  );

/** What clips each block's gradient, from the two kernels that measure it; nothing for a rule that does not. */
async function factorsOf(rule: UpdateRule, aligned: boolean): Promise<Float32Array[]> {
  const { clip } = rule;
  if (clip === undefined || clip.by === "value") return [];
  const { partials, table, arenaSize } = arrange(aligned);
  const blocks = arenaSize / 64;
  const measure = gradientSquares({ arenaSize, alignedPartials: aligned }, traits);
  const [squares] = await runKernel(device, measure, [new Float32Array(blocks), partials, Uint32Array.from(table)]);
  const groups = clipGroups(clip.by, parameterArena());
  const [, , factors] = await runKernel(device, clipFactors({ limit: clip.limit, groups }, traits), [
    squares as Float32Array,
    Uint32Array.from(groups.flat()),
    new Float32Array(blocks),
  ]);
  return [factors as Float32Array];
}

describe.each(optimizersOfEachKind)("%s", (_, { rule }) => {
  test.each([
    { step: 0, aligned: true },
    { step: 9, aligned: false },
  ])("update $step, aligned slices $aligned, is the formula's, and leaves padding alone", async ({ step, aligned }) => {
    const rate = 0.01;
    const { table, valid, places, partials, gradients, arenaSize } = arrange(aligned);
    const parameters = uniform(arenaSize, 2);
    const names = slotNames(rule);
    // Squares, maxima and sums of squares are positive; a variance must be above its mean's square.
    const slots = names.map((name, index) =>
      ["v", "vMax", "accumulator", "movement"].includes(name)
        ? uniform(arenaSize, 3 + index, 0.1, 0.3)
        : uniform(arenaSize, 3 + index, -0.1, 0.2),
    );
    const expected = Float64Array.from(parameters);
    const expectedSlots = slots.map((slot) => Float64Array.from(slot));
    const clipped = referenceClip(rule, gradients);
    places.forEach(({ arena, size }, place) => {
      for (let i = 0; i < size; i++) {
        const state = Object.fromEntries(names.map((name, s) => [name, expectedSlots[s]![arena + i]!]));
        expected[arena + i] = referenceStep(rule, expected[arena + i]!, clipped[place]![i]!, state, step, rate);
        names.forEach((name, s) => {
          expectedSlots[s]![arena + i] = state[name]!;
        });
      }
    });

    // Slots lie one behind the other in as many buffers as there are arenas of state.
    const perBuffer = slotsPerArena(rule);
    const buffers: Float32Array<ArrayBuffer>[] = [];
    for (let first = 0; first < slots.length; first += perBuffer) {
      buffers.push(Float32Array.from(slots.slice(first, first + perBuffer).flatMap((slot) => [...slot])));
    }
    const results = await runKernel(device, optimizerUpdate({ rule, arenaSize, alignedPartials: aligned }, traits), [
      parameters,
      partials,
      Uint32Array.from([...table, ...ruleTable(rule)]),
      Uint32Array.of(step),
      Float32Array.from(constantTable(rate)),
      ...buffers,
      ...(await factorsOf(rule, aligned)),
    ]);
    const moved = results[0] as Float32Array;
    const state = results.slice(5, 5 + buffers.length).flatMap((buffer) => [...(buffer as Float32Array)]);
    // Values are below 8, gradients sums of up to 16; a step is a few roundings of those, the rate makes it small.
    expectNear(moved, expected, 1e-6);
    // FTRL divides the difference of two nearly equal roots by the rate.
    const slotTolerance = rule.kind === "ftrl" ? 2e-4 : 2e-6;
    for (const [index, slot] of expectedSlots.entries()) {
      expectNear(
        state.slice(index * arenaSize, (index + 1) * arenaSize),
        slot,
        slot.map((value) => slotTolerance * Math.max(1, Math.abs(value))),
      );
    }
    const padding = valid.flatMap((inside, i) => (inside ? [] : [i]));
    expect(padding.filter((i) => moved[i] !== parameters[i])).toEqual([]);
    expect(slots.flatMap((slot, s) => padding.filter((i) => state[s * arenaSize + i] !== slot[i]))).toEqual([]);
  });
});

test("Adam's first step has the size of the learning rate to six digits, however close β is to 1", async () => {
  const { rule } = adam({ beta2: 0.9999, epsilon: 0 });
  const parameters = new Float32Array(64);
  const [moved] = await runKernel(device, optimizerUpdate({ rule, arenaSize: 64 }, traits), [
    parameters,
    uniform(64, 9, 0.5, 2),
    Uint32Array.of(0, 1, 64, 64),
    Uint32Array.of(0),
    Float32Array.from(constantTable(1)),
    new Float32Array(64),
    new Float32Array(64),
  ]);
  expectNear(moved as Float32Array, new Array(64).fill(-1), 2e-6);
});

/** Three tensors after five steps whose gradients come from the tensors themselves. */
async function fiveSteps(backend: Backend, { rule }: Optimizer, shapes: number[][] = [[70], [5], [300]]) {
  const specs = shapes.map((shape, i) => ({ name: `${i}`, shape, initial: uniform(sizeOf(shape), 11 + i) }));
  const parameters = new Arena("parameters", specs);
  const step = new Variable({ name: "step", shape: [], dtype: "u32" });
  const ring = new Variable({ name: "ring", shape: [1, 1] });
  const schedule = new Variable({ name: "schedule", shape: [16, 8], initial: learningRateTable(0.05) });
  const graph = new Graph();
  const gradients = parameters.variables.map((parameter) => {
    const p = graph.variable(parameter);
    return graph.add(graph.mul(p, p), 0.1);
  });
  const state = stateArenas(rule, parameters);
  graph.optimizerUpdate(graph.variable(step), graph.variable(schedule), gradients, { rule, parameters, state });
  graph.recordStep([graph.constant(0)], { ring, counters: [step] });
  const program = await backend.compile(graph, { outputs: {} });
  const read = await program.enqueue({
    steps: 5,
    read: [...parameters.variables, ...state.flatMap((a) => a.variables)],
  });
  program.dispose();
  return read.map(({ data }) => [...data]);
}

test.each([
  ["weight decay in the ratio", lamb({ weightDecay: 0.1 })],
  [
    "clipped, decoupled, averaged",
    lamb({ globalClipNorm: 1, weightDecay: 0.1, decoupledWeightDecay: true, useEma: true }),
  ],
])("LAMB, %s, is the CPU's, bit for bit the same twice", async (_, optimizer) => {
  const backend = await webgpu({ device });
  const got = await fiveSteps(backend, optimizer);
  expect(await fiveSteps(backend, optimizer)).toEqual(got);
  backend.dispose();
  const want = await fiveSteps(cpu(), optimizer);
  // Values below 2 after five steps of some ten roundings each.
  for (const [index, values] of want.entries()) expectNear(got[index] as number[], values, 5 * 10 * 2 ** -24 * 2);
});

test.each([
  ["plain", adafactor(), [[7, 10], [5], [2, 3, 5, 13], [300, 4], [70]]],
  ["vectors alone, ε₂ large", adafactor({ epsilon2: 2, clipThreshold: 0.5, clipValue: 0.5 }), [[70], [5]]],
  [
    "clipped, decayed, averaged",
    adafactor({ learningRate: 0.1, globalClipNorm: 1, weightDecay: 0.1, useEma: true }),
    [[33, 2], [9]],
  ],
  ["decoupled decay", adafactor({ clipNorm: 1, weightDecay: 0.1, decoupledWeightDecay: true }), [[1, 40], [3, 1], [1]]],
])("Adafactor, %s, is the CPU's, bit for bit the same twice", async (_, optimizer, shapes) => {
  const backend = await webgpu({ device });
  const got = await fiveSteps(backend, optimizer, shapes);
  expect(await fiveSteps(backend, optimizer, shapes)).toEqual(got);
  backend.dispose();
  const want = await fiveSteps(cpu(), optimizer, shapes);
  // Values below 4 after five steps of some twenty roundings each; sums of up to 390 squares.
  for (const [index, values] of want.entries()) expectNear(got[index] as number[], values, 5 * 20 * 2 ** -24 * 4);
});

test.each([
  ["Keras' momentum decay", nadam({ epsilon: 1e-3 })],
  ["slow momentum", nadam({ momentumDecay: 4e-4, epsilon: 1e-3 })],
])("Nadam, %s, takes each step's corrections of the momentum", async (_, optimizer) => {
  const backend = await webgpu({ device });
  const got = await fiveSteps(backend, optimizer);
  backend.dispose();
  const want = await fiveSteps(cpu({ precision: "f64" }), optimizer);
  // Values below 2 after five steps of some ten roundings each.
  for (const [index, values] of want.entries()) expectNear(got[index] as number[], values, 5 * 10 * 2 ** -24 * 2);
});

/** Adam's formula with a β₁ of each step's own: moments decay by it, and what the first one lacks is 1 − β₁^t. */
function adamWithMomentum(
  p: number,
  gradients: readonly number[],
  rates: readonly number[],
  beta1s: readonly number[],
) {
  let [m, v] = [0, 0];
  gradients.forEach((g, i) => {
    const beta1 = beta1s[i]!;
    m = beta1 * m + (1 - beta1) * g;
    v = 0.9 * v + 0.1 * g * g;
    p -= (rates[i]! * m) / (1 - beta1 ** (i + 1)) / (Math.sqrt(v / (1 - 0.9 ** (i + 1))) + 1e-8);
  });
  return p;
}

test.each(["cpu", "webgpu"])("a momentum that a schedule moves below a half is Adam's β₁, on %s", async (kind) => {
  const backend = kind === "cpu" ? cpu() : await webgpu({ device });
  const learningRate = oneCycle({ maxLearningRate: 0.1, totalSteps: 8, baseMomentum: 0.1, maxMomentum: 0.6 });
  const { rule } = adam({ learningRate, beta2: 0.9, epsilon: 1e-8 });
  const parameters = new Arena("parameters", [{ name: "w", shape: [1], initial: Float32Array.of(0.5) }]);
  const step = new Variable({ name: "step", shape: [], dtype: "u32" });
  const ring = new Variable({ name: "ring", shape: [1, 1] });
  const schedule = new Variable({ name: "schedule", shape: [32, 8], initial: learningRateTable(learningRate) });
  const graph = new Graph();
  graph.optimizerUpdate(graph.variable(step), graph.variable(schedule), [graph.input("gradient", [1])], {
    rule,
    parameters,
    state: stateArenas(rule, parameters),
  });
  graph.recordStep([graph.constant(0)], { ring, counters: [step] });
  const program = await backend.compile(graph, { outputs: {} });
  const gradients = [0.3, -0.7, 0.2, 0.9, -0.1, -0.4, 0.8, 0.5];
  const rates = gradients.map((_, i) => learningRateAt(learningRate, i));
  // From 0.6 by half a cosine to 0.1 in the second step (index 1), and back until the last.
  const half = (from: number, to: number, share: number) => to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
  const beta1s = gradients.map((_, i) => (i < 1 ? 0.6 : half(0.1, 0.6, (i - 1) / 6)));
  for (const [i, gradient] of gradients.entries()) {
    await program.run({ gradient: [gradient] });
    const [moved] = await program.enqueue({ steps: 0, read: parameters.variables });
    const want = adamWithMomentum(0.5, gradients.slice(0, i + 1), rates, beta1s);
    // Each step moves by less than 0.3, of some ten roundings, with a logarithm that is good to 2⁻²¹.
    expectNear(moved?.data as Float32Array, [want], (i + 1) * 0.3 * (10 * 2 ** -24 + 2 ** -21) + 2 ** -24);
  }
  program.dispose();
  if (kind === "webgpu") backend.dispose();
});

const cycle = oneCycle({ maxLearningRate: 0.1, totalSteps: 20, cycleMomentum: true });

/** PyTorch 1.13's weights after steps 1, 6 and 20 under OneCycleLR(max_lr=0.1, total_steps=20, pct_start=0.3), in f64. */
describe.each<[string, Optimizer, number[][]]>([
  [
    "sgd, Nesterov",
    sgd({ learningRate: cycle, momentum: 0.9, nesterov: true }),
    [
      [0.49766, -1, 2.00312],
      [-0.025728307, -0.672951835, 2.361188903],
      [-1.607517569, 0.508541612, 2.58256455],
    ],
  ],
  [
    "adam",
    adam({ learningRate: cycle, beta1: 0.7, beta2: 0.9 }),
    [
      [0.496000001, -1, 2.003999999],
      [0.268180124, -0.814733916, 2.209143433],
      [-0.350633952, -0.301455921, 2.420604301],
    ],
  ],
  [
    "adamw",
    adamw({ learningRate: cycle, beta1: 0.7, beta2: 0.9, weightDecay: 0.1 }),
    [
      [0.495800001, -0.9996, 2.003199999],
      [0.255503067, -0.786216518, 2.144857731],
      [-0.363195713, -0.236901924, 2.211514989],
    ],
  ],
  [
    "rmsprop",
    rmsprop({ learningRate: cycle, momentum: 0.5 }),
    [
      [0.487350903, -1, 2.012649101],
      [-2.034563405, 1.020945449, 4.089527909],
      [-7.944468193, 5.957939797, 5.965807185],
    ],
  ],
])("one-cycle moves the momentum of %s as PyTorch's", (_, { rule, learningRate }, want) => {
  test.each(["cpu", "webgpu"])("on %s", async (kind) => {
    const backend = kind === "cpu" ? cpu() : await webgpu({ device });
    const parameters = new Arena("parameters", [{ name: "w", shape: [3], initial: Float32Array.of(0.5, -1, 2) }]);
    const step = new Variable({ name: "step", shape: [], dtype: "u32" });
    const ring = new Variable({ name: "ring", shape: [1, 1] });
    const schedule = new Variable({ name: "schedule", shape: [32, 8], initial: learningRateTable(learningRate) });
    const graph = new Graph();
    graph.optimizerUpdate(graph.variable(step), graph.variable(schedule), [graph.input("gradient", [3])], {
      rule,
      parameters,
      state: stateArenas(rule, parameters),
    });
    graph.recordStep([graph.constant(0)], { ring, counters: [step] });
    const program = await backend.compile(graph, { outputs: {} });
    const got: number[][] = [];
    for (let i = 0; i < 20; i++) {
      await program.run({ gradient: [0.1 * (i % 3) + 0.3, -0.2 * (i % 4), 0.05 * i - 0.4] });
      const [moved] = await program.enqueue({ steps: 0, read: parameters.variables });
      got.push([...(moved?.data ?? [])]);
    }
    program.dispose();
    if (kind === "webgpu") backend.dispose();
    // Twenty steps of some ten roundings each of what they move, below 1, and one of values below 8.
    [0, 5, 19].forEach((after, index) => {
      expectNear(got[after] as number[], want[index] as number[], 20 * 2 ** -24 * (10 + 8));
    });
  });
});

test.each<[string, Schedule]>([
  [
    "polynomial",
    polynomialDecay({ initialLearningRate: 1, decaySteps: 50, holdSteps: 10, power: 2, endLearningRate: 0.1 }),
  ],
  ["cosine after warm-up", warmup(cosineDecay({ initialLearningRate: 0.5, decaySteps: 70 }), { steps: 7 })],
  ["restarts, doubling", cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 7, mMul: 0.5, alpha: 0.01 })],
  ["restarts, even", cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 10, tMul: 1 })],
  ["exponential", exponentialDecay({ initialLearningRate: 1, decaySteps: 30, decayRate: 0.4 })],
  ["stairs", stepDecay({ initialLearningRate: 1, stepSize: 10, factor: 0.5 })],
  ["pieces", piecewiseConstantDecay({ boundaries: [9, 20, 48], values: [1, 0.5, 0.25, 0.1] })],
  ["inverse time", inverseTimeDecay({ initialLearningRate: 1, decaySteps: 10, decayRate: 0.5, staircase: true })],
  ["cyclic", cyclicLearningRate({ baseLearningRate: 0.1, maxLearningRate: 1, stepSizeUp: 9, stepSizeDown: 11 })],
  [
    "cyclic, waves, halving",
    cyclicLearningRate({
      baseLearningRate: 0.1,
      maxLearningRate: 1,
      stepSizeUp: 10,
      mode: "triangular2",
      annealStrategy: "cos",
    }),
  ],
  ["one-cycle", oneCycle({ maxLearningRate: 1, totalSteps: 100 })],
])("the device's %s schedule is the formula's, at its joints too", async (_, schedule) => {
  const { rule } = sgd();
  for (const step of [0, 1, 6, 7, 9, 10, 11, 20, 21, 48, 49, 60, 99, 100, 1000]) {
    // With gradient 1, plain descent moves by the rate.
    const [moved] = await runKernel(device, optimizerUpdate({ rule, arenaSize: 64 }, traits), [
      new Float32Array(64),
      new Float32Array(64).fill(1),
      Uint32Array.of(0, 1, 64, 64),
      Uint32Array.of(step),
      Float32Array.from(scheduleTable(schedule)),
    ]);
    expect(-(moved?.[0] ?? Number.NaN), `step ${step}`).toBeCloseTo(learningRateAt(schedule, step), 5);
  }
});
