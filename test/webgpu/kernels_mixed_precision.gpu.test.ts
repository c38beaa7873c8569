import { describe, expect, it } from "vitest";
import { SCHEDULE_COLUMNS, SCHEDULE_ROWS } from "../../src/core/schedule.ts";
import { cpu } from "../../src/cpu.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/formats/checkpoint.ts";
import type { Backend } from "../../src/graph/backend.ts";
import { newLossScaling } from "../../src/graph/loss_scaling.ts";
import { Arena, Variable } from "../../src/graph/node.ts";
import { stateArenas } from "../../src/graph/update_rule.ts";
import { Graph } from "../../src/graph.ts";
import {
  activation,
  adafactor,
  adam,
  batchNormalization,
  conv2d,
  createTrainer,
  dense,
  dropout,
  flatten,
  gaussianNoise,
  globalAveragePooling2d,
  type Model,
  maxPooling2d,
  type Optimizer,
  sequential,
  sgd,
  spatialDropout2d,
} from "../../src/index.ts";
import { learningRateTable } from "../../src/train/learning_rates.ts";
import { storeHalves } from "../../src/webgpu/half_storage.ts";
import { lowerGraph } from "../../src/webgpu/lower.ts";
import { planMemory } from "../../src/webgpu/memory.ts";
import { byteSize, type Plan } from "../../src/webgpu/plan.ts";
import { deviceOfFile } from "../support/device.ts";
import { referenceNetwork } from "../support/networks.ts";
import { traitsOfEachKind, uniform } from "./kernels_support.ts";

const loss = "sparseCategoricalCrossentropy";
const BATCH = 8;
/** Rounding of a half: half a unit in the last of 11 places. */
const HALF_ROUNDING = 2 ** -11;

const gpu = await deviceOfFile();

/** Convolution, pools with it and alone, batch normalisation and ReLU, small enough to train in a moment. */
function smallNormalizedNetwork(): Model {
  return sequential({ inputShape: [8, 8, 1], seed: 1 }, [
    conv2d({ filters: 8, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 8, kernelSize: 3, padding: "same", useBias: false }),
    batchNormalization(),
    activation("relu"),
    maxPooling2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 3 }),
  ]);
}

function trainerOf(model: Model, backend: Backend, precision: "float32" | "mixed", optimizer: Optimizer) {
  return createTrainer(model, { backend, loss, optimizer, batchSize: BATCH, precision });
}

function batch(model: Model, step: number) {
  const height = model.inputShape[0] as number;
  const images = uniform(BATCH * height * height, 100 + step, 0, 1);
  return { images, labels: Int32Array.from({ length: BATCH }, (_, i) => (i + step) % model.classes) };
}

function scalingOf(checkpoint: Uint8Array) {
  const { tensors } = decodeCheckpoint(checkpoint);
  const [good, skipped] = [...(tensors.get("trainer/lossScaleCounters")?.data ?? [])];
  return { scale: tensors.get("trainer/lossScale")?.data[0], good, skipped };
}

function newRing(): Variable {
  return new Variable({ name: "ring", shape: [3, 1] });
}

/** Relative distance of two updates of the same parameters. */
function distance(before: ArrayLike<number>, a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [apart, moved] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    apart += ((a[i] as number) - (b[i] as number)) ** 2;
    moved += ((a[i] as number) - (before[i] as number)) ** 2;
  }
  return Math.sqrt(apart / moved);
}

it.each([
  ["the reference network", referenceNetwork],
  ["a network with batch normalisation", smallNormalizedNetwork],
])("%s learns in mixed precision as in float32, up to the rounding of halves", async (_, make) => {
  const STEPS = 4;
  const run = async (precision: "float32" | "mixed") => {
    const model = make();
    const trainer = await trainerOf(model, gpu.backend, precision, sgd({ learningRate: 0.005 }));
    for (let step = 0; step < STEPS; step++) {
      const { images, labels } = batch(model, step);
      await trainer.trainOnBatch(images, labels);
    }
    await trainer.syncModel();
    const { dispatchesPerStep } = trainer.stats();
    const scaling = scalingOf(await trainer.checkpoint());
    trainer.dispose();
    return { model, dispatchesPerStep, scaling };
  };
  const [single, mixed] = [await run("float32"), await run("mixed")];
  const start = make().parameters;
  for (const [name, { data }] of single.model.parameters) {
    const other = mixed.model.parameters.get(name)?.data ?? [];
    // Of a pool's windows a share of about the rounding has two values so near that another one wins, and as many ReLUs
    // open or close: their gradients go elsewhere, whole. A share s moves a gradient by √(2 s) of its length.
    const most = Math.sqrt(2 * 2 * HALF_ROUNDING);
    const apart = distance(start.get(name)?.data ?? [], data, other);
    expect(apart, name).toBeLessThan(most);
    expect([...other], name).not.toEqual([...data]);
  }
  // What the loss scale costs: one dispatch that divides the gradients by it.
  expect(mixed.dispatchesPerStep).toBe(single.dispatchesPerStep + 1);
  expect(single.scaling.scale).toBeUndefined();
  expect(mixed.scaling).toEqual({ scale: 2 ** 15, good: STEPS, skipped: 0 });
});

it("skips steps while the scale makes halves overflow, halves it, and then trains on", async () => {
  const model = smallNormalizedNetwork();
  const trainer = await trainerOf(model, gpu.backend, "mixed", adam());
  const { images, labels } = batch(model, 0);
  await trainer.trainOnBatch(images, labels);
  await trainer.syncModel();
  const saved = decodeCheckpoint(await trainer.checkpoint());
  const { config } = saved;
  const tensors = new Map(saved.tensors).set("trainer/lossScale", { shape: [], data: Float32Array.of(2 ** 40) });
  await trainer.restore(encodeCheckpoint({ config, tensors }));
  const optimizerState = async () => {
    const { tensors: held } = decodeCheckpoint(await trainer.checkpoint());
    return [...held].filter(([name]) => name.startsWith("optimizer/")).map(([name, { data }]) => [name, [...data]]);
  };
  const before = [
    model.arena.variables.map((variable) => [...(model.parameters.get(variable.name)?.data ?? [])]),
    await optimizerState(),
  ];
  await trainer.trainOnBatch(images, labels);
  await trainer.syncModel();
  expect([
    model.arena.variables.map((variable) => [...(model.parameters.get(variable.name)?.data ?? [])]),
    await optimizerState(),
  ]).toEqual(before);
  expect(scalingOf(await trainer.checkpoint())).toEqual({ scale: 2 ** 39, good: 0, skipped: 1 });
  const losses: number[] = [];
  for (let step = 0; step < 60; step++) losses.push((await trainer.trainOnBatch(images, labels)).loss);
  const { scale = 0, good = 0, skipped = 0 } = scalingOf(await trainer.checkpoint());
  expect(scale).toBe(2 ** (40 - skipped));
  expect(good).toBe(61 - skipped);
  expect(skipped).toBeGreaterThan(5);
  expect(good).toBeGreaterThan(20);
  expect(losses[59]).toBeLessThan(0.5 * (losses[0] as number));
  trainer.dispose();
});

describe.each(["cpu", "webgpu"] as const)("on %s", (kind) => {
  const backend = () => (kind === "cpu" ? cpu() : gpu.backend);

  it("the scale doubles after good steps, halves where a gradient is not finite, and updates are those without it", async () => {
    const arena = new Arena("parameters", [{ name: "w", shape: [3] }]);
    const velocity = new Arena("velocity", [{ name: "w", shape: [3] }]);
    const scaling = newLossScaling({ initialScale: 8, growthInterval: 2 });
    const step = new Variable({ name: "step", shape: [], dtype: "u32" });
    const schedule = new Variable({
      name: "rate",
      shape: [SCHEDULE_ROWS, SCHEDULE_COLUMNS],
      initial: learningRateTable(0.5),
    });
    const g = new Graph();
    const gradient = g.input("gradient", [3]);
    const verdict = g.finishStep([g.constant(0)], {
      ring: newRing(),
      counters: [step],
      gradients: [gradient],
      scaling,
    });
    g.optimizerUpdate(verdict, g.variable(schedule), [gradient], {
      rule: sgd({ momentum: 0.5 }).rule,
      parameters: arena,
      state: [velocity],
    });
    const program = await backend().compile(g, { outputs: {} });
    const scales: number[] = [];
    for (const value of [8, 8, Number.NaN, 16]) {
      await program.run({ gradient: [value, 0, -value] });
      scales.push((await program.read(scaling.scale)).data[0] as number);
    }
    expect(scales).toEqual([8, 16, 8, 8]);
    // Velocities 1, 1.5, (skipped), 2.75: the last gradient is 16 / 8.
    expect([...(await program.read(arena.variables[0] as Variable)).data].map((x) => x + 0)).toEqual([
      -2.625, 0, 2.625,
    ]);
    program.dispose();
  });

  it("the scale stays from 1 to 2²⁴, and at 1 a step whose gradient is not finite does not count", async () => {
    const run = async (initialScale: number, values: readonly number[]) => {
      const [scaling, ring] = [newLossScaling({ initialScale, growthInterval: 1 }), newRing()];
      const step = new Variable({ name: "step", shape: [], dtype: "u32" });
      const g = new Graph();
      const gradients = [g.input("gradient", [1])];
      const verdict = g.finishStep([g.constant(0)], { ring, counters: [step], gradients, scaling });
      const parameters = new Arena("parameters", [{ name: "w", shape: [1] }]);
      const rates = g.constant(learningRateTable(0.1), [SCHEDULE_ROWS, SCHEDULE_COLUMNS]);
      g.optimizerUpdate(verdict, rates, gradients, { rule: sgd().rule, parameters, state: [] });
      const program = await backend().compile(g, { outputs: {} });
      const seen: number[][] = [];
      for (const value of values) {
        await program.run({ gradient: [value] });
        const read = await program.enqueue({ steps: 0, read: [scaling.scale, step] });
        seen.push(read.map(({ data }) => data[0] as number));
      }
      program.dispose();
      return seen;
    };
    expect(await run(4, [Number.NaN, Number.NaN, Number.NaN, 1])).toEqual([
      [2, 1],
      [1, 2],
      [1, 2],
      [2, 3],
    ]);
    expect(await run(2 ** 23, [1, 1])).toEqual([
      [2 ** 24, 1],
      [2 ** 24, 2],
    ]);
  });

  it("Adafactor's moments stay as they are where a gradient is not finite", async () => {
    const run = async (steps: readonly number[]) => {
      const parameters = new Arena("parameters", [{ name: "w", shape: [2, 3], initial: new Float32Array(6).fill(1) }]);
      const { rule } = adafactor({ learningRate: 0.1 });
      const state = stateArenas(rule, parameters);
      const scaling = newLossScaling({ initialScale: 1 });
      const step = new Variable({ name: "step", shape: [], dtype: "u32" });
      const table = learningRateTable(0.1);
      const schedule = new Variable({ name: "rate", shape: [SCHEDULE_ROWS, SCHEDULE_COLUMNS], initial: table });
      const g = new Graph();
      const gradient = g.input("gradient", [2, 3]);
      const verdict = g.finishStep([g.constant(0)], {
        ring: newRing(),
        counters: [step],
        gradients: [gradient],
        scaling,
      });
      g.optimizerUpdate(verdict, g.variable(schedule), [gradient], { rule, parameters, state });
      const program = await backend().compile(g, { outputs: {} });
      for (const scale of steps) await program.run({ gradient: [1, 2, 3, 4, 5, -6].map((value) => value * scale) });
      const variables = [parameters, ...state].flatMap((arena) => arena.variables);
      const read = await program.enqueue({ steps: 0, read: variables });
      program.dispose();
      return read.map(({ data }) => [...data]);
    };
    const good = await run([1]);
    expect(await run([1, Number.NaN])).toEqual(good);
    expect(good.flat().every(Number.isFinite)).toBe(true);
  });
});

describe.each(traitsOfEachKind)("memory with %s", (_, traits) => {
  const convolution = (activation: "relu" | "gelu") =>
    conv2d({ filters: 16, kernelSize: 3, padding: "same", activation });

  it.each([
    ["convolutions", () => [...Array.from({ length: 8 }, () => convolution("relu")), flatten()]],
    [
      "pointwise functions, dropout, noise and means",
      () => [
        ...Array.from({ length: 3 }, () => [
          convolution("gelu"),
          dropout({ rate: 0.1 }),
          spatialDropout2d({ rate: 0.1 }),
          gaussianNoise({ stddev: 0.1 }),
        ]).flat(),
        globalAveragePooling2d(),
      ],
    ],
  ])("activations of %s take half the bytes", async (_kind, layers) => {
    const model = sequential({ inputShape: [32, 32, 4], seed: 1 }, [...layers(), dense({ units: 3 })]);
    const g = new Graph();
    const random = { seed: 1, step: g.input("step", [], "u32") };
    const logits = model.build(g, g.input("x", [16, 32, 32, 4]), { logits: true, training: true, random });
    const parameters = model.arena.variables.map((variable) => g.variable(variable));
    const gradients = g.gradients(g.softmaxCrossEntropy(logits, g.input("labels", [16], "i32")), parameters);
    const outputs = Object.fromEntries(gradients.map((gradient, index) => [`${index}`, gradient]));
    const whole = await lowerGraph(g, outputs, traits);
    const half = storeHalves(whole, new Set(model.layers.map(({ name }) => name)));
    const activation = 16 * 32 * 32 * 16;
    const sizes = (plan: Plan) => {
      const found = new Set(plan.dispatches.flatMap((dispatch) => dispatch.values));
      return [...found].filter((value) => value.size === activation).map((value) => byteSize(value.size, value.dtype));
    };
    // Outputs, their gradients, and gradients before ReLUs.
    expect(sizes(whole).length).toBeGreaterThan(16);
    expect(new Set(sizes(whole))).toEqual(new Set([4 * activation]));
    expect(new Set(sizes(half))).toEqual(new Set([2 * activation]));
    const bytes = (plan: Plan) => planMemory(plan).reduce((sum, slot) => sum + slot.bytes, 0);
    expect(bytes(half) / bytes(whole)).toBeLessThan(0.6);
  });
});
