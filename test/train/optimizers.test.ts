import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import { decodeCheckpoint } from "../../src/formats/checkpoint.ts";
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
  createTrainer,
  FormatError,
  ftrl,
  lamb,
  lion,
  nadam,
  type Optimizer,
  reduceOnPlateau,
  rmsprop,
  sgd,
  stepDecay,
  type Trainer,
} from "../../src/index.ts";
import { learningRateTable } from "../../src/train/learning_rates.ts";
import { barPictures, smallNetwork } from "../support/networks.ts";

const LOSS = "sparseCategoricalCrossentropy";

async function trained(optimizer: Optimizer, options: { clipNorm?: number; epochs?: number } = {}) {
  const { epochs = 2, ...rest } = options;
  const model = smallNetwork(5);
  const trainer = await createTrainer(model, {
    backend: cpu(),
    loss: LOSS,
    optimizer,
    batchSize: 16,
    seed: 5,
    ...rest,
  });
  const history = epochs === 0 ? undefined : await trainer.fit(barPictures(64), { epochs });
  return { model, trainer, history };
}

async function weights({ model, trainer }: { model: ReturnType<typeof smallNetwork>; trainer: Trainer }) {
  await trainer.syncModel();
  return [...model.parameters.values()].flatMap(({ data }) => [...data]);
}

const every: [string, Optimizer][] = [
  ["sgd", sgd({ learningRate: 0.1, momentum: 0.5, useEma: true })],
  ["adam", adam({ learningRate: 0.01, amsgrad: true, useEma: true })],
  ["adamw", adamw({ learningRate: 0.01, globalClipNorm: 1 })],
  ["nadam", nadam({ learningRate: 0.01 })],
  ["adamax", adamax({ learningRate: 0.01 })],
  ["rmsprop", rmsprop({ learningRate: 0.003, centered: true, momentum: 0.5 })],
  ["adagrad", adagrad({ learningRate: 0.05 })],
  ["adadelta", adadelta({ learningRate: 3 })],
  ["lamb", lamb({ learningRate: 0.02, weightDecay: 0.01 })],
  ["adafactor", adafactor({ learningRate: 0.05, useEma: true })],
  ["lion", lion({ learningRate: 0.003 })],
  ["ftrl", ftrl({ learningRate: 0.1 })],
];

describe("every optimizer", () => {
  it.each(every)("%s keeps as many bytes as the model's summary says", async (_, optimizer) => {
    const { model, trainer } = await trained(optimizer, { epochs: 0 });
    let kept = 0;
    for (const [name, { data }] of decodeCheckpoint(await trainer.checkpoint()).tensors) {
      if (name.startsWith("optimizer/")) kept += data.byteLength;
    }
    expect(model.summary({ optimizer }).bytes.optimizer).toBe(kept);
  });

  it("keeps two numbers a parameter where it is Adam, one with momentum, none in plain descent", () => {
    const model = smallNetwork(5);
    const { parameters } = model.summary();
    const kept = (optimizer: Optimizer) => model.summary({ optimizer }).bytes.optimizer;
    expect(model.summary().bytes.optimizer).toBe(8 * parameters);
    expect([adam(), sgd({ momentum: 0.9 }), sgd()].map(kept)).toEqual([8 * parameters, 4 * parameters, 0]);
  });

  it.each(every)("%s learns, and goes on from a checkpoint where it was", async (name, optimizer) => {
    const whole = await trained(optimizer, { epochs: 6 });
    const losses = whole.history?.epochs.map(({ loss }) => loss) ?? [];
    // FTRL begins at zero whatever the weights were, where a network with ReLUs learns little.
    if (name !== "ftrl") expect(losses[5]).toBeLessThan(0.9 * losses[0]!);
    const first = await trained(optimizer, { epochs: 4 });
    const second = await trained(optimizer, { epochs: 0 });
    await second.trainer.restore(await first.trainer.checkpoint());
    await second.trainer.fit(barPictures(64), { epochs: 2 });
    // Checkpoints hold f32, the CPU computes in f64.
    const [got, want] = [await weights(second), await weights(whole)];
    expect(Math.max(...got.map((value, i) => Math.abs(value - want[i]!)))).toBeLessThan(2e-3);
  });

  it("refuses the checkpoint of another rule, and of the same rule with other state", async () => {
    const saved = await (await trained(adam(), { epochs: 1 })).trainer.checkpoint();
    const other = await trained(rmsprop(), { epochs: 0 });
    await expect(other.trainer.restore(saved)).rejects.toThrow(FormatError);
    await expect(other.trainer.restore(saved)).rejects.toThrow(
      /made with optimizer "adam", this trainer has "rmsprop"/,
    );
    // Moments of the one would drift under the decay of the other.
    const decoupled = await trained(adamw(), { epochs: 0 });
    await expect(decoupled.trainer.restore(saved)).rejects.toThrow(/with optimizer "adam", this trainer has "adamw"/);
    const savedDecoupled = await (await trained(adamw(), { epochs: 1 })).trainer.checkpoint();
    await decoupled.trainer.restore(savedDecoupled);
    const plain = await trained(adam(), { epochs: 0 });
    await expect(plain.trainer.restore(savedDecoupled)).rejects.toThrow(
      /with optimizer "adamw", this trainer has "adam"/,
    );
    const averaging = await trained(adam({ useEma: true }), { epochs: 0 });
    await expect(averaging.trainer.restore(saved)).rejects.toThrow(
      /the checkpoint's optimizer has ema none, this trainer's .*adopt: true/,
    );
    await expect(averaging.trainer.restore(saved, { adopt: true })).rejects.toThrow(
      /keeps .*, this trainer's .*average/,
    );
  });
});

it("Adafactor's factored moments are those of a gradient that is a product, and its state is small", async () => {
  const { rule } = adafactor({ learningRate: 0.5, epsilon2: 2 });
  const parameters = new Arena("parameters", [{ name: "w", shape: [2, 3, 4] }]);
  const state = stateArenas(rule, parameters);
  expect(state.flatMap(({ variables }) => variables.map(({ name, shape }) => [name, ...shape]))).toEqual([
    ["optimizer/r/w", 2, 3],
    ["optimizer/c/w", 2, 4],
  ]);
  const graph = new Graph();
  const constant = (shape: number[], values: number[]) => graph.constant(values, shape);
  // Each of the two matrices is a column times a row: v = g² exactly, so that u is the gradient's sign.
  const columns = constant([2, 3, 1], [1, -2, 3, 0.1, 5, -7]);
  const rows = constant([2, 1, 4], [3, -1, 0.5, 2, -20, 4, 1, -1]);
  const step = graph.variable(new Variable({ name: "step", shape: [], dtype: "u32" }));
  const table = learningRateTable(0.5);
  const schedule = graph.variable(new Variable({ name: "rate", shape: [16, 8], initial: table }));
  graph.optimizerUpdate(step, schedule, [graph.mul(columns, rows)], { rule, parameters, state });
  const program = await cpu().compile(graph, { outputs: {} });
  await program.enqueue({ steps: 1 });
  const { data } = await program.read(parameters.variables[0] as Variable);
  const signs = [1, -1, 1, 1, 1, -1].flatMap((a, i) => (i < 3 ? [1, -1, 1, 1] : [-1, 1, 1, -1]).map((b) => a * b));
  // Rate 0.5 times ε₂, since the weights are 0; u has a root mean square of 1.
  signs.forEach((sign, i) => {
    expect(data[i]).toBeCloseTo(-sign, 12);
  });
});

describe("clipping", () => {
  it("by the trainer's clipNorm is the optimizer's globalClipNorm, and not that of each tensor", async () => {
    const limit = 0.05;
    const byTrainer = await weights(await trained(sgd({ learningRate: 0.1 }), { clipNorm: limit }));
    expect(byTrainer).toEqual(await weights(await trained(sgd({ learningRate: 0.1, globalClipNorm: limit }))));
    expect(byTrainer).not.toEqual(await weights(await trained(sgd({ learningRate: 0.1, clipNorm: limit }))));
    expect(byTrainer).not.toEqual(await weights(await trained(sgd({ learningRate: 0.1 }))));
  });

  it("lets a step of plain descent move no further than rate · limit", async () => {
    const before = await weights(await trained(sgd(), { epochs: 0 }));
    const run = await trained(sgd({ learningRate: 0.5 }), { clipNorm: 0.01, epochs: 0 });
    await run.trainer.fit(barPictures(64), { steps: 1 });
    const after = await weights(run);
    expect(Math.hypot(...after.map((value, i) => value - before[i]!))).toBeCloseTo(0.5 * 0.01, 6);
  });

  it("is asked for once", async () => {
    expect(() => adam({ clipValue: 1, clipNorm: 1 })).toThrow(/only one of clipValue, clipNorm and globalClipNorm/);
    await expect(trained(adam({ clipValue: 1 }), { clipNorm: 1 })).rejects.toThrow(/the optimizer clips too/);
    expect(() => adam({ clipNorm: 0 })).toThrow(/clipNorm must be a number above 0/);
  });
});

describe("averages of the weights", () => {
  const optimizer = sgd({ learningRate: 0.1, useEma: true, emaMomentum: 0.5 });

  it("are the mean of what the weights were, and change places with them and back", async () => {
    const run = await trained(optimizer, { epochs: 0 });
    const seen: number[][] = [];
    for (let step = 0; step < 3; step++) {
      await run.trainer.fit(barPictures(64), { steps: 1 });
      seen.push(await weights(run));
    }
    const plain = await run.trainer.checkpoint();
    await run.trainer.swapEma();
    const averaged = await weights(run);
    averaged.forEach((value, i) => {
      expect(value).toBeCloseTo(0.25 * seen[0]![i]! + 0.25 * seen[1]![i]! + 0.5 * seen[2]![i]!, 6);
    });
    expect(await run.trainer.checkpoint()).toEqual(plain);
    await run.trainer.swapEma();
    expect(await weights(run)).toEqual(seen[2]);
  });

  it("leave training alone, whenever they are looked at", async () => {
    const looked = await trained(optimizer);
    await looked.trainer.swapEma();
    await looked.trainer.fit(barPictures(64));
    const alone = await trained(optimizer);
    await alone.trainer.fit(barPictures(64));
    expect(await weights(looked)).toEqual(await weights(alone));
  });

  it("are refused where there are none", async () => {
    await expect((await trained(sgd())).trainer.swapEma()).rejects.toThrow(/useEma: true/);
    await expect((await trained(optimizer, { epochs: 0 })).trainer.swapEma()).rejects.toThrow(/before the first step/);
    expect(() => adam({ emaMomentum: 0.9 })).toThrow(/want useEma: true/);
    expect(() => adam({ useEma: true, emaMomentum: 1 })).toThrow(/emaMomentum must be a number in \[0, 1\)/);
  });

  it("overwrite the weights every emaOverwriteFrequency steps", async () => {
    const run = await trained(sgd({ learningRate: 0.1, useEma: true, emaOverwriteFrequency: 3 }), { epochs: 0 });
    await run.trainer.fit(barPictures(64), { steps: 3 });
    const after = await weights(run);
    await run.trainer.swapEma();
    expect(await weights(run)).toEqual(after);
  });
});

describe("reduceOnPlateau", () => {
  const rates = async (optimizer: Optimizer, options: Parameters<typeof reduceOnPlateau>[0], epochs = 6) => {
    const { trainer } = await trained(optimizer, { epochs: 0 });
    const plateau = reduceOnPlateau({ monitor: "loss", ...options });
    const { epochs: events } = await trainer.fit(barPictures(32), { epochs, reduceOnPlateau: plateau });
    return events.map(({ learningRate }) => learningRate);
  };

  it("lowers the rate after `patience` epochs that are no better, and rests for `cooldown`", async () => {
    // Nothing gains 100: after the first epoch none is better.
    const got = await rates(sgd({ learningRate: 0.25 }), { factor: 0.5, patience: 2, minDelta: 100 });
    expect(got).toEqual([0.25, 0.25, 0.25, 0.125, 0.125, 0.0625]);
    const rested = await rates(sgd({ learningRate: 0.25 }), { factor: 0.5, patience: 1, minDelta: 100, cooldown: 2 });
    expect(rested).toEqual([0.25, 0.25, 0.125, 0.125, 0.0625, 0.0625]);
  });

  it("stops at minLr, and leaves the rate alone while things become better", async () => {
    const got = await rates(sgd({ learningRate: 0.25 }), { factor: 0.1, patience: 1, minDelta: 100, minLr: 0.125 }, 4);
    expect(got).toEqual([0.25, 0.25, 0.125, 0.125]);
    expect(await rates(sgd({ learningRate: 0.0625 }), { patience: 1, minDelta: 0 }, 3)).toEqual([
      0.0625, 0.0625, 0.0625,
    ]);
  });

  it("lowers a whole schedule", async () => {
    const optimizer = sgd({ learningRate: stepDecay({ initialLearningRate: 0.5, stepSize: 6, factor: 0.5 }) });
    // Two steps an epoch: the schedule halves after three epochs, the plateau after the second and the third.
    expect(await rates(optimizer, { factor: 0.5, patience: 1, minDelta: 100 }, 4)).toEqual([0.5, 0.5, 0.125, 0.0625]);
  });

  it("says what it does not know", async () => {
    await expect(rates(sgd(), { monitor: "val_loss" })).rejects.toThrow(/reduceOnPlateau: there is no "val_loss"/);
    expect(() => reduceOnPlateau({ factor: 1 })).toThrow(/factor must be between 0 and 1/);
    expect(() => reduceOnPlateau({ patience: -1 })).toThrow(/patience must be a whole number/);
  });
});
