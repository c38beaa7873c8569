import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import {
  adam,
  type Backend,
  conv2d,
  createTrainer,
  dense,
  dropout,
  flatten,
  gaussianNoise,
  groupNormalization,
  l1l2,
  l2,
  type Model,
  maxNorm,
  sequential,
  sgd,
  spatialDropout2d,
  type Trainer,
  webgpu,
} from "../../src/index.ts";
import { testDevice } from "../support/gpu.ts";
import { barPictures } from "../support/networks.ts";

/** Everything that only training does: two kinds of dropout, noise, penalties, a constraint, a frozen layer. */
function network(seed = 1): Model {
  return sequential({ inputShape: [8, 8, 1], seed }, [
    conv2d({ filters: 4, kernelSize: 3, trainable: false, name: "frozen" }),
    groupNormalization({ groups: 2 }),
    conv2d({ filters: 4, kernelSize: 3, activation: "relu", kernelRegularizer: l1l2({ l1: 0.01, l2: 0.02 }) }),
    spatialDropout2d({ rate: 0.25 }),
    gaussianNoise({ stddev: 0.1 }),
    flatten(),
    dropout({ rate: 0.5 }),
    dense({ units: 3, kernelConstraint: maxNorm({ maxValue: 0.5 }), biasRegularizer: l2(0.1) }),
  ]);
}

const pictures = barPictures(48);

function trainerOf(backend: Backend, seed = 9, model = network()): Promise<Trainer> {
  return createTrainer(model, {
    backend,
    loss: "sparseCategoricalCrossentropy",
    optimizer: adam({ learningRate: 0.01 }),
    batchSize: 16,
    seed,
  });
}

describe("dropout, penalties, constraints and frozen layers in training", () => {
  let gpu: Backend;

  beforeAll(async () => {
    gpu = await webgpu({ device: await testDevice() });
  });
  afterAll(() => gpu.dispose());

  it("give the losses of the CPU reference on WebGPU, step by step, with the same masks", async () => {
    const losses = async (backend: Backend, seed: number) => {
      const trainer = await trainerOf(backend, seed);
      const { stepLosses } = await trainer.fit(pictures, { steps: 4 });
      const batch = await trainer.trainOnBatch(pictures.images.slice(0, 5 * 64) as Uint8Array, [0, 1, 2, 0, 1]);
      trainer.dispose();
      return [...stepLosses, batch.loss];
    };
    const [got, want, other] = [await losses(gpu, 9), await losses(cpu(), 9), await losses(cpu(), 10)];
    // Another mask changes a loss by tenths.
    want.forEach((loss, step) => {
      expect(Math.abs((got[step] ?? 0) - loss), `step ${step}`).toBeLessThan(1e-4);
    });
    expect(other[0]).not.toBe(want[0]);
  });

  it("a run goes on from a checkpoint as if it had not stopped, with the masks of its own seed", async () => {
    const first = await trainerOf(gpu);
    await first.fit(pictures, { steps: 3 });
    const bytes = await first.checkpoint();
    const rest = (await first.fit(pictures, { steps: 3 })).stepLosses;
    first.dispose();
    // Another seed of model and trainer: both are the checkpoint's afterwards.
    const second = await trainerOf(gpu, 77, network(5));
    await expect(second.restore(bytes)).rejects.toThrow(/seed .*this trainer has 77/);
    await second.restore(bytes, { adopt: true });
    expect((await second.fit(pictures, { steps: 3 })).stepLosses).toEqual(rest);
    second.dispose();
  });

  it("are the same when activations are computed once more instead of kept", async () => {
    const options = {
      backend: cpu(),
      loss: "sparseCategoricalCrossentropy",
      optimizer: adam(),
      batchSize: 16,
      seed: 9,
    };
    const losses = [];
    for (const recompute of [false, true]) {
      const trainer = await createTrainer(network(), { ...options, recompute });
      losses.push((await trainer.fit(pictures, { steps: 4 })).stepLosses);
      trainer.dispose();
    }
    expect(losses[1]).toEqual(losses[0]);
  });

  it("are not there in inspection and prediction: dropout hands on what it gets", async () => {
    const trainer = await trainerOf(cpu());
    const image = pictures.images.slice(0, 64) as Uint8Array;
    const { layers, probabilities } = await trainer.inspect(image);
    const valuesOf = (name: string) => layers.find((layer) => layer.name === name)?.output.data;
    expect(valuesOf("dropout")).toEqual(valuesOf("flatten"));
    expect((await trainer.predict(image)).data).toEqual(probabilities.data);
    trainer.dispose();
  });

  it("leave the frozen layer as it is, and hold each unit's weights to their norm", async () => {
    const model = network();
    const before = model.parameters;
    const trainer = await trainerOf(gpu, 9, model);
    await trainer.fit(pictures, { steps: 6 });
    await trainer.syncModel();
    trainer.dispose();
    const after = model.parameters;
    const changed = [...after].filter(([name, { data }]) => String(data) !== String(before.get(name)?.data));
    expect(changed.map(([name]) => name)).toEqual([...after.keys()].filter((name) => !name.startsWith("frozen/")));
    const kernel = after.get("dense/kernel")?.data ?? [];
    for (let unit = 0; unit < 3; unit++) {
      let squares = 0;
      for (let i = unit; i < kernel.length; i += 3) squares += (kernel[i] ?? 0) ** 2;
      expect(Math.sqrt(squares)).toBeLessThanOrEqual(0.5 * (1 + 64 * 2 ** -24));
      // Without the constraint it would be above: Glorot's weights of 64 inputs have a norm of about 1.4.
      expect(Math.sqrt(squares)).toBeGreaterThan(0.48);
    }
  });
});

describe("penalties", () => {
  it("are added to the loss of training and evaluation, and to the gradient, as Keras does", async () => {
    const [factor1, factor2, rate] = [0.03, 0.07, 0.1];
    const build = (penalized: boolean) =>
      sequential({ inputShape: [8, 8, 1], seed: 3 }, [
        flatten(),
        dense({ units: 3, ...(penalized ? { kernelRegularizer: l1l2({ l1: factor1, l2: factor2 }) } : {}) }),
      ]);
    const results = [];
    for (const model of [build(false), build(true)]) {
      const trainer = await createTrainer(model, {
        backend: cpu(),
        loss: "sparseCategoricalCrossentropy",
        optimizer: sgd({ learningRate: rate }),
        batchSize: 48,
      });
      const evaluated = (await trainer.evaluate(pictures)).loss;
      const { loss } = await trainer.trainOnBatch(pictures.images as Uint8Array, pictures.labels);
      await trainer.syncModel();
      trainer.dispose();
      results.push({ evaluated, loss, weights: model.parameters.get("dense/kernel")?.data ?? new Float32Array() });
    }
    const weights = build(false).parameters.get("dense/kernel")?.data ?? new Float32Array();
    const penalty = weights.reduce((sum, w) => sum + factor1 * Math.abs(w) + factor2 * w * w, 0);
    const [plain, penalized] = results as [(typeof results)[number], (typeof results)[number]];
    expect(penalized.loss - plain.loss).toBeCloseTo(penalty, 6);
    expect(penalized.evaluated - plain.evaluated).toBeCloseTo(penalty, 6);
    weights.forEach((w, i) => {
      const moved = (penalized.weights[i] ?? 0) - (plain.weights[i] ?? 0);
      // Both weights are stored as f32.
      expect(moved).toBeCloseTo(-rate * (factor1 * Math.sign(w) + 2 * factor2 * w), 6);
    });
  });

  it("are left out where a layer is frozen", async () => {
    const model = sequential({ inputShape: [8, 8, 1] }, [
      flatten(),
      dense({ units: 4, trainable: false, kernelRegularizer: l2(1) }),
      dense({ units: 3 }),
    ]);
    const trainer = await trainerOf(cpu(), 1, model);
    const [loss] = (await trainer.fit(pictures, { steps: 1, shuffle: false })).stepLosses;
    trainer.dispose();
    const free = sequential({ inputShape: [8, 8, 1] }, [flatten(), dense({ units: 4 }), dense({ units: 3 })]);
    const other = await trainerOf(cpu(), 1, free);
    expect((await other.fit(pictures, { steps: 1, shuffle: false })).stepLosses[0]).toBe(loss);
    other.dispose();
  });
});
