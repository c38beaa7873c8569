import { describe, expect, it } from "vitest";
import { decodeCheckpoint } from "../../src/formats/checkpoint.ts";
import {
  adafactor,
  adam,
  batchNormalization,
  conv2d,
  createTrainer,
  type Dataset,
  DivergedError,
  dataset,
  dense,
  flatten,
  lamb,
  type Model,
  maxNorm,
  type Optimizer,
  sequential,
  sgd,
  type Trainer,
  type TrainerOptions,
} from "../../src/index.ts";
import { backendName, testBackend } from "../support/backend.ts";
import { RandomData } from "../support/random.ts";

const BATCH = 4;
const COUNT = 24;
const SEED = 20261130;
const labels = Array.from({ length: COUNT }, (_, index) => index % 3);
const good = Float32Array.from(new RandomData(SEED).normals(COUNT * 16));

/** Two convolutions, the second normalised and held to a norm, and a dense layer. */
function network(seed = 1): Model {
  return sequential({ inputShape: [4, 4, 1], seed }, [
    conv2d({ filters: 2, kernelSize: 3, padding: "same", activation: "relu" }),
    conv2d({ filters: 3, kernelSize: 3, kernelConstraint: maxNorm({ maxValue: 2 }) }),
    batchNormalization({ momentum: 0.5 }),
    flatten(),
    dense({ units: 3 }),
  ]);
}

/** Three layers in a row, each with a kernel and without anything that would hide a large number. */
function chain(units = 3): Model {
  return sequential({ inputShape: [4, 4, 1], seed: 2 }, [
    conv2d({ filters: 2, kernelSize: 3 }),
    conv2d({ filters: 2, kernelSize: 2 }),
    flatten(),
    dense({ units }),
  ]);
}

function pictures(images: Float32Array): Dataset {
  return dataset({ images, labels, shape: [4, 4, 1] });
}

/** Everything that training moves, as bits, but for where it stands. */
async function stateOf(trainer: Trainer): Promise<[string, number[]][]> {
  const { tensors } = decodeCheckpoint(await trainer.checkpoint());
  return [...tensors].map(([name, { data }]) => [
    name,
    [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
  ]);
}

async function divergence(promise: Promise<unknown>): Promise<DivergedError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DivergedError);
  return error as DivergedError;
}

/** A step that is not finite is not applied, and told with the place where it began. */
describe(`divergence on ${backendName} (seed ${SEED})`, () => {
  type Options = Partial<Omit<TrainerOptions, "backend">>;
  async function withTrainer<T>(model: Model, options: Options, use: (trainer: Trainer) => Promise<T>): Promise<T> {
    const backend = await testBackend();
    const trainer = await createTrainer(model, {
      loss: "sparseCategoricalCrossentropy",
      optimizer: sgd({ learningRate: 0.1 }),
      batchSize: BATCH,
      ...options,
      backend,
    });
    try {
      return await use(trainer);
    } finally {
      trainer.dispose();
      backend.dispose();
    }
  }

  const optimizers: [string, Optimizer][] = [
    ["adam with averages", adam({ useEma: true })],
    ["sgd with momentum, clipped", sgd({ learningRate: 0.1, momentum: 0.9, globalClipNorm: 1 })],
    ["adafactor", adafactor()],
    ["lamb", lamb()],
  ];
  it.each(optimizers)(
    "one NaN among the images leaves all bits as they were before its step: %s",
    async (_, optimizer) => {
      // Image 13 is in the fourth batch.
      const bad = pictures(good.with(13 * 16 + 5, Number.NaN));
      const run = (data: Dataset, steps?: number) =>
        withTrainer(network(), { optimizer, metrics: ["precision"] }, async (trainer) => {
          const fit = trainer.fit(data, { shuffle: false, ...(steps ? { steps } : { epochs: 2 }) });
          const error = steps ? await fit.then(() => undefined) : await divergence(fit);
          return { error, steps: trainer.stats().steps, state: await stateOf(trainer) };
        });
      const { error, steps, state } = await run(bad);
      expect(error?.step).toBe(3);
      expect(steps).toBe(3);
      expect(error?.message).toMatch(/step 3, which was not applied\. Image 13 of the data set holds NaN/);
      expect(error?.layer).toBeUndefined();
      expect(state).toEqual((await run(pictures(good), 3)).state);
    },
  );

  it("training goes on afterwards, with the bits of a run that met no NaN", async () => {
    const run = (meets: boolean) =>
      withTrainer(network(), { optimizer: adam() }, async (trainer) => {
        if (meets) await divergence(trainer.fit(pictures(good.with(0, Number.NaN)), { shuffle: false }));
        await trainer.fit(pictures(good), { epochs: 2 });
        return stateOf(trainer);
      });
    expect(await run(true)).toEqual(await run(false));
  });

  it("a batch of one's own that is not finite is refused by its image, and changes nothing", async () => {
    await withTrainer(network(), { optimizer: adam() }, async (trainer) => {
      await trainer.trainOnBatch(good.subarray(0, 64), [0, 1, 2, 0]);
      const before = await stateOf(trainer);
      const spoilt = good.slice(0, 64).with(37, Number.POSITIVE_INFINITY);
      const error = await divergence(trainer.trainOnBatch(spoilt, [0, 1, 2, 0]));
      expect(error.message).toContain("Image 2 of the batch holds Infinity");
      expect(error.step).toBe(1);
      expect(await stateOf(trainer)).toEqual(before);
      expect((await trainer.trainOnBatch(good.subarray(0, 64), [0, 1, 2, 0])).loss).toBeGreaterThan(0);
      expect(trainer.stats().steps).toBe(2);
    });
  });

  it("in mixed precision too, where the scale alone does not help", async () => {
    await withTrainer(network(), { optimizer: adam(), precision: "mixed" }, async (trainer) => {
      await trainer.fit(pictures(good), { epochs: 1 });
      const before = await stateOf(trainer);
      const error = await divergence(trainer.trainOnBatch(good.slice(0, 16).with(3, Number.NaN), [1]));
      expect(error.message).toContain("Image 0 of the batch holds NaN");
      expect(await stateOf(trainer)).toEqual(before);
    });
  });

  it("a target that is not finite is named", async () => {
    const targets = Float32Array.from({ length: COUNT * 3 }, (_, index) => index % 2).with(7 * 3 + 1, Number.NaN);
    const data = dataset({ images: good, targets, shape: [4, 4, 1] });
    await withTrainer(network(), { loss: "mse" }, async (trainer) => {
      const error = await divergence(trainer.fit(data, { shuffle: false }));
      expect(error.message).toContain("The target of image 7 of the data set has NaN");
      expect(error.step).toBe(1);
    });
  });

  it.each([["conv2d"], ["conv2d_1"], ["dense"]])(
    "the layer whose values overflow first is named: %s",
    async (layer) => {
      const model = chain();
      const parameters = model.parameters;
      const kernel = parameters.get(`${layer}/kernel`)!;
      // Sums of products of this with images, or with what the layers before make of them, pass 3.4e38.
      kernel.data.fill(3e38);
      // Equal logits would cancel in the loss that the CPU computes in f64.
      if (layer === "dense") kernel.data.set(kernel.data.map((value, index) => (index % 3 === 0 ? value : -value)));
      // So that what comes into the layer is neither 0 nor of both signs.
      const images = Float32Array.from(good, (value) => 1 + Math.abs(value));
      for (const [name, { data }] of parameters) if (data !== kernel.data && name.endsWith("kernel")) data.fill(1);
      model.setParameters(parameters);
      await withTrainer(model, {}, async (trainer) => {
        const error = await divergence(trainer.fit(pictures(images), { epochs: 1 }));
        expect(error.layer, error.message).toBe(layer);
        expect(error.step).toBe(0);
        await trainer.syncModel();
        for (const [name, { data }] of model.parameters) expect(data, name).toEqual(parameters.get(name)?.data);
      });
    },
  );

  it("else the layer whose gradient overflows first, from the end on", async () => {
    const model = chain(1);
    const parameters = model.parameters;
    // Forward 1e-36 · 1e24 · 1e20; backward 1e20, and then 1e44 at the output of the first layer.
    const scales = { conv2d: 1e-36, conv2d_1: 1e24, dense: 1e20 };
    for (const [layer, scale] of Object.entries(scales)) parameters.get(`${layer}/kernel`)!.data.fill(scale);
    model.setParameters(parameters);
    const images = Float32Array.from(good, Math.abs);
    const data = dataset({ images, targets: new Float32Array(COUNT).fill(-1), shape: [4, 4, 1] });
    await withTrainer(model, { loss: "mae" }, async (trainer) => {
      const error = await divergence(trainer.fit(data));
      expect(error.message).toMatch(/gradient of .*"conv2d"? /);
      expect(error.layer).toBe("conv2d");
    });
  });

  it("a rate that makes infinite parameters of finite gradients is told at the next step, with what to do", async () => {
    const targets = new Float32Array(COUNT).fill(-1000);
    const optimizer = sgd({ learningRate: 3e38 });
    await withTrainer(chain(1), { loss: "mse", optimizer }, async (trainer) => {
      const error = await divergence(trainer.fit(dataset({ images: good, targets, shape: [4, 4, 1] })));
      expect(error.step).toBe(1);
      expect(error.parameter).toBe("conv2d/kernel");
      expect(error.message).toMatch(/restore a checkpoint/);
    });
  });

  it("a batch whose variance overflows is told by its layer, and its statistics stay", async () => {
    const model = sequential({ inputShape: [4, 4, 1], seed: 1 }, [
      batchNormalization(),
      flatten(),
      dense({ units: 3 }),
    ]);
    await withTrainer(model, {}, async (trainer) => {
      const error = await divergence(trainer.fit(pictures(Float32Array.from(good, (value) => value * 1e30))));
      expect(error.layer).toBe("batch_normalization");
      await trainer.syncModel();
      expect([...model.parameters.get("batch_normalization/moving_variance")!.data]).toEqual([1]);
    });
  });

  it("a moving statistic that is not finite is found, and named", async () => {
    const model = network();
    const statistic = model.variables.find(({ name }) => name.endsWith("moving_variance"))!;
    statistic.reset(Float32Array.of(1, Number.NaN, 1));
    await withTrainer(model, {}, async (trainer) => {
      const error = await divergence(trainer.fit(pictures(good)));
      expect(error.parameter).toBe("batch_normalization/moving_variance");
    });
  });
});
