import { describe, expect, it } from "vitest";
import {
  adam,
  type Backend,
  batchNormalization,
  createClassifier,
  createTrainer,
  dataset,
  dense,
  loadSafetensors,
  type Model,
  sequential,
  sgd,
  toSafetensors,
} from "../../src/index.ts";
import { backendName, testBackend } from "../support/backend.ts";
import { barPictures, residualNetwork } from "../support/networks.ts";
import { RandomData } from "../support/random.ts";

const LOSS = "sparseCategoricalCrossentropy";
const SEED = 512;

/** Batch normalisation first, so that what it sees is what was fed. */
function normalizedInputs(momentum = 0.75): Model {
  return sequential({ inputShape: [4], seed: 2 }, [batchNormalization({ momentum, name: "bn" }), dense({ units: 3 })]);
}

const named = (model: Model, name: string) => model.parameters.get(name)?.data ?? new Float32Array();
const moving = (model: Model) => [named(model, "bn/moving_mean"), named(model, "bn/moving_variance")] as const;

function expectNear(got: ArrayLike<number>, want: ArrayLike<number>, relative = 2 ** -18): void {
  expect(got.length).toBe(want.length);
  Array.from(want).forEach((value, i) => {
    expect(Math.abs((got[i] as number) - value)).toBeLessThanOrEqual(relative * Math.max(1, Math.abs(value)));
  });
}

/** What training, evaluation, checkpoints and classifiers promise for models with branches and batch normalisation. */
describe(`models with branches and batch normalisation on ${backendName}`, () => {
  async function withTrainer<T>(
    model: Model,
    options: { optimizer?: ReturnType<typeof adam>; batchSize?: number; seed?: number },
    use: (trainer: Awaited<ReturnType<typeof createTrainer>>, backend: Backend) => Promise<T>,
  ): Promise<T> {
    const backend = await testBackend();
    const { optimizer = adam({ learningRate: 0.01 }), batchSize = 16, seed = 1 } = options;
    const trainer = await createTrainer(model, { backend, loss: LOSS, optimizer, batchSize, seed });
    try {
      return await use(trainer, backend);
    } finally {
      trainer.dispose();
      backend.dispose();
    }
  }

  it("a residual network with batch normalisation learns", () =>
    withTrainer(residualNetwork(), {}, async (trainer) => {
      const { stepLosses } = await trainer.fit(barPictures(240), { epochs: 6 });
      const mean = (losses: readonly number[]) => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
      expect(mean(stepLosses.slice(0, 5))).toBeGreaterThan(0.8);
      expect(mean(stepLosses.slice(-15))).toBeLessThan(0.45);
      expect((await trainer.evaluate(barPictures(60, 8))).accuracy).toBeGreaterThan(0.85);
    }));

  it("moving statistics follow the batches as Keras writes it, the variance undivided by n − 1", async () => {
    const model = normalizedInputs();
    await withTrainer(model, { batchSize: 6 }, async (trainer) => {
      const random = new RandomData(SEED);
      const want = [new Float64Array(4), new Float64Array(4).fill(1)];
      for (let step = 0; step < 3; step++) {
        const x = Float32Array.from(random.normals(24), (value) => 3 + 2 * value);
        await trainer.trainOnBatch(x, [0, 1, 2, 0, 1, 2]);
        for (let channel = 0; channel < 4; channel++) {
          const column = Array.from(x).filter((_, i) => i % 4 === channel);
          const mean = column.reduce((sum, value) => sum + value, 0) / 6;
          const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 6;
          [mean, variance].forEach((value, i) => {
            want[i]![channel] = want[i]![channel]! * 0.75 + value * 0.25;
          });
        }
      }
      await trainer.syncModel();
      moving(model).forEach((values, i) => {
        expectNear(values, want[i]!);
      });
    });
  });

  it("a shorter batch counts its own images only, in statistics, gradients and weights", async () => {
    const random = new RandomData(SEED);
    const x = Float32Array.from(random.normals(3 * 64), (value) => Math.abs(value));
    const trained = async (batchSize: number) => {
      const model = residualNetwork();
      await withTrainer(model, { batchSize, optimizer: sgd({ learningRate: 0.5 }) }, async (trainer) => {
        for (let step = 0; step < 2; step++) await trainer.trainOnBatch(x, [0, 1, 2]);
        await trainer.syncModel();
      });
      return model.parameters;
    };
    const [exact, padded] = [await trained(3), await trained(8)];
    for (const [name, { data }] of exact) expectNear(padded.get(name)!.data, data, 2 ** -13);
    const fresh = residualNetwork().parameters;
    for (const [name, { data }] of exact) {
      // Beta's gradient on the shortcut's side and all others: everything has moved.
      const distance = data.reduce((sum, value, i) => sum + Math.abs(value - fresh.get(name)!.data[i]!), 0);
      expect(distance, name).toBeGreaterThan(1e-3);
    }
  });

  it("so does the last batch of an epoch", async () => {
    const model = normalizedInputs();
    const images = Float32Array.from(new RandomData(SEED).normals(20), (value) => 3 + value);
    const pictures = dataset({ images, labels: [0, 1, 2, 0, 1], shape: [4] });
    await withTrainer(model, { batchSize: 4 }, async (trainer) => {
      await trainer.fit(pictures, { shuffle: false });
      await trainer.syncModel();
    });
    const [means, variances] = moving(model);
    for (let channel = 0; channel < 4; channel++) {
      const [a, b, c, d, last] = Array.from(images).filter((_, i) => i % 4 === channel) as number[];
      const first = [a!, b!, c!, d!];
      const mean = first.reduce((sum, value) => sum + value, 0) / 4;
      const variance = first.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4;
      expectNear([means[channel]!], [mean * 0.25 * 0.75 + last! * 0.25]);
      expectNear([variances[channel]!], [(0.75 + variance * 0.25) * 0.75]);
    }
  });

  it("evaluation and prediction use the moving statistics and leave them alone", async () => {
    const model = normalizedInputs();
    model.setParameters(
      new Map([
        ["bn/moving_mean", { shape: [4], data: Float32Array.of(1, 2, 3, 4) }],
        ["bn/moving_variance", { shape: [4], data: Float32Array.of(4, 4, 4, 4) }],
        ["dense/kernel", { shape: [4, 3], data: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0) }],
      ]),
      { partial: true },
    );
    const before = moving(model).map((values) => [...values]);
    const scale = 1 / Math.sqrt(4.001);
    const want = [2, 0, -2].map((value) => Math.exp(value * scale));
    const total = want.reduce((sum, value) => sum + value, 0);
    await withTrainer(model, { batchSize: 2 }, async (trainer, backend) => {
      // One image and more than one go through two programs.
      for (const images of [1, 3]) {
        const x = Float32Array.from({ length: 4 * images }, (_, i) => [3, 2, 1, 100][i % 4]!);
        const { data } = await trainer.predict(x);
        expectNear(
          data.slice(-3),
          want.map((value) => value / total),
        );
      }
      const classifier = await createClassifier(model, { backend });
      expect((await classifier.predict(Float32Array.of(3, 2, 1, 100))).index).toBe(0);
      classifier.dispose();
      await trainer.syncModel();
      expect(moving(model).map((values) => [...values])).toEqual(before);
    });
  });

  it("weight decay does not touch the moving statistics", async () => {
    const model = normalizedInputs(1);
    const optimizer = sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.5 });
    await withTrainer(model, { batchSize: 2, optimizer }, async (trainer) => {
      await trainer.trainOnBatch(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [0, 1]);
      await trainer.syncModel();
    });
    // With momentum 1 they stay where they were.
    expect(moving(model).map((values) => [...values])).toEqual([
      [0, 0, 0, 0],
      [1, 1, 1, 1],
    ]);
    expect(named(model, "bn/gamma")[0]).toBeLessThan(1);
  });

  it("a checkpoint holds the moving statistics, and a run goes on from it as if it had not stopped", async () => {
    const pictures = barPictures(100);
    const whole = residualNetwork(5);
    await withTrainer(whole, { seed: 5 }, async (trainer) => {
      await trainer.fit(pictures, { epochs: 3 });
      await trainer.syncModel();
    });
    const saved = await withTrainer(residualNetwork(5), { seed: 5 }, async (trainer) => {
      await trainer.fit(pictures, { epochs: 3, steps: 10 });
      return trainer.checkpoint();
    });
    const tensors = loadSafetensors(saved);
    expect(tensors.has("batch_normalization_1/moving_variance")).toBe(true);
    expect([...tensors.keys()].filter((name) => /^optimizer.*moving/.test(name))).toEqual([]);
    const resumed = residualNetwork(6);
    const exact = await withTrainer(resumed, { seed: 6 }, async (trainer, backend) => {
      await expect(trainer.restore(saved)).rejects.toThrow(/seed 5, this trainer has 6/);
      await trainer.restore(saved, { adopt: true });
      await trainer.syncModel();
      const restored = resumed.parameters;
      for (const [name, { data }] of restored) expect(data, name).toEqual(tensors.get(name)?.data);
      await trainer.fit(pictures, { steps: 11 });
      await trainer.syncModel();
      return backend.kind === "webgpu";
    });
    for (const [name, { data }] of whole.parameters) {
      // The CPU computes in f64 and saves f32.
      if (exact) expect(resumed.parameters.get(name)?.data, name).toEqual(data);
      else expectNear(resumed.parameters.get(name)!.data, data, 1e-3);
    }
  });

  it("a profile, which takes steps of its own, leaves the moving statistics as they were", async () => {
    const model = residualNetwork();
    await withTrainer(model, {}, async (trainer) => {
      await trainer.fit(barPictures(48));
      await trainer.syncModel();
      const before = model.parameters;
      await trainer.profile(undefined, { steps: 2 });
      await trainer.syncModel();
      expect(model.parameters).toEqual(before);
    });
  });

  it("weights and statistics pass through safetensors into another model unchanged", async () => {
    const model = residualNetwork();
    const pictures = barPictures(48);
    const evaluation = await withTrainer(model, {}, async (trainer) => {
      await trainer.fit(pictures);
      await trainer.syncModel();
      return trainer.evaluate(pictures);
    });
    const other = residualNetwork(99);
    other.setParameters(loadSafetensors(toSafetensors(model.parameters)));
    expect(other.parameters).toEqual(model.parameters);
    const again = await withTrainer(other, {}, (trainer) => trainer.evaluate(pictures));
    expect(again.confusion).toEqual(evaluation.confusion);
    expectNear([again.loss], [evaluation.loss], 1e-5);
  });

  it("gives the same bits from the same seed", async () => {
    const run = async () => {
      const model = residualNetwork(3);
      await withTrainer(model, { seed: 3 }, async (trainer) => {
        await trainer.fit(barPictures(70), { epochs: 2 });
        await trainer.syncModel();
      });
      return [...model.parameters.values()].flatMap(({ data }) => [...new Uint32Array(data.buffer)]);
    };
    expect(await run()).toEqual(await run());
  });
});
