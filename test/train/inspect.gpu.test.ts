import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import { sample } from "../../src/data/subset.ts";
import {
  ArgumentError,
  type Backend,
  conv2d,
  createTrainer,
  dense,
  flatten,
  type Inspection,
  type Model,
  maxPooling2d,
  ShapeError,
  sequential,
  sgd,
  type Trainer,
  webgpu,
} from "../../src/index.ts";
import { expectClose, expectExact } from "../support/compare.ts";
import { testDevice } from "../support/gpu.ts";
import { barPictures, residualNetwork, smallNetwork } from "../support/networks.ts";

const pictures = barPictures(24);
const { image } = sample(pictures, 3);

function trainer(model: Model, backend: Backend): Promise<Trainer> {
  const optimizer = sgd({ learningRate: 0.05 });
  return createTrainer(model, { backend, loss: "sparseCategoricalCrossentropy", optimizer, batchSize: 8, seed: 3 });
}

/** Products behind a value of these networks, at most: 9 of the first layer, 36 of the second, 54 or 216 of the dense one, and the way back. */
const SUM_LENGTH = 600;

function expectSameValues(got: Inspection, want: Inspection): void {
  const compare = (a: { data: Float32Array; shape: number[] } | undefined, b: typeof a) => {
    expect(a?.shape).toEqual(b?.shape);
    if (a === undefined || b === undefined) return;
    // Σ|a||b| is not known here; values of one tensor are sums of like terms, the largest tells their size.
    const absSum = 4 * b.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expectClose(a.data, b.data, { k: SUM_LENGTH, absSum });
  };
  expect(got.target).toBe(want.target);
  expect(got.layers.map(({ name, kind }) => `${name} ${kind}`)).toEqual(
    want.layers.map(({ name, kind }) => `${name} ${kind}`),
  );
  compare(got.input, want.input);
  compare(got.inputGradient, want.inputGradient);
  compare(got.logits, want.logits);
  compare(got.probabilities, want.probabilities);
  got.layers.forEach((layer, index) => {
    compare(layer.linear, want.layers[index]?.linear);
    compare(layer.output, want.layers[index]?.output);
    compare(layer.gradient, want.layers[index]?.gradient);
  });
  expect([...(got.parameterGradients?.keys() ?? [])]).toEqual([...(want.parameterGradients?.keys() ?? [])]);
  for (const [name, gradient] of got.parameterGradients ?? []) compare(gradient, want.parameterGradients?.get(name));
}

describe("inspect", () => {
  let backend: Backend;

  beforeAll(async () => {
    backend = await webgpu({ device: await testDevice() });
  });

  afterAll(() => backend.dispose());

  it.each([
    ["a chain of layers", smallNetwork],
    ["a residual network with batch normalisation", residualNetwork],
  ])("%s: WebGPU shows what the CPU reference shows, after some training", async (_, make) => {
    const onGpu = await trainer(make(), backend);
    await onGpu.fit(pictures, { steps: 5 });
    const model = make();
    const reference = await trainer(model, cpu());
    await reference.restore(await onGpu.checkpoint());
    for (const target of [undefined, 0, 2]) {
      // Those of the parameters are on request.
      const options = { target, parameterGradients: target === 2 };
      const seen = await onGpu.inspect(image, options);
      expectSameValues(seen, await reference.inspect(image, options));
      const trained = model.arena.variables.map(({ name }) => name);
      expect([...(seen.parameterGradients?.keys() ?? [])]).toEqual(target === 2 ? trained : []);
    }
    onGpu.dispose();
    reference.dispose();
  });

  it("names the layers, leaves the batch axis out, and hangs together", async () => {
    const network = smallNetwork();
    const one = await trainer(network, backend);
    await one.fit(pictures, { steps: 2 });
    const seen = await one.inspect(image);
    expect(seen.layers.map(({ kind, output }) => [kind, output.shape])).toEqual([
      ["conv2d", [8, 8, 4]],
      ["maxPooling2d", [4, 4, 4]],
      ["conv2d", [2, 2, 6]],
      ["flatten", [24]],
      ["dense", [3]],
    ]);
    const [first, pool] = seen.layers;
    expectExact(
      first?.output.data ?? [],
      Array.from(first?.linear?.data ?? [], (value) => Math.max(0, value)),
    );
    expect(pool?.linear).toBeUndefined();
    expectExact(seen.layers.at(-1)?.output.data ?? [], seen.logits.data);
    await one.syncModel();
    expect([...seen.parameters.keys()]).toEqual([...network.parameters.keys()]);
    for (const [name, { shape, data }] of network.parameters) {
      expect(seen.parameters.get(name)?.shape).toEqual(shape);
      expectExact(seen.parameters.get(name)?.data ?? [], data);
    }
    const { data } = await one.predict(image);
    expectClose(seen.probabilities.data, data, { absSum: 1, k: SUM_LENGTH });
    expect(seen.target).toBe(data.indexOf(Math.max(...data)));
    // The slope of a logit by the logits is 1 at that logit.
    expectExact(
      seen.layers.at(-1)?.gradient.data ?? [],
      [0, 1, 2].map((index) => Number(index === seen.target)),
    );
    one.dispose();
  });

  it("its gradient is the slope of the logit: exact differences of a network without kinks", async () => {
    const model = sequential({ inputShape: [4, 4, 1], seed: 5 }, [
      conv2d({ filters: 3, kernelSize: 3, padding: "same" }),
      flatten(),
      dense({ units: 2 }),
    ]);
    const one = await trainer(model, cpu());
    const start = Float32Array.from({ length: 16 }, (_, index) => index / 16);
    const { inputGradient, logits } = await one.inspect(start, { target: 1 });
    const slopes = await Promise.all(
      Array.from(start, async (value, index) => {
        const moved = start.with(index, value + 1);
        return ((await one.inspect(moved, { target: 1 })).logits.data[1] ?? 0) - (logits.data[1] ?? 0);
      }),
    );
    expectClose(inputGradient.data, slopes, { k: 16 * 9 * 3, absSum: 4 });
    one.dispose();
  });

  it("its parameters' gradients are the slopes of the target's cross-entropy, of those that are trained", async () => {
    const model = sequential({ inputShape: [4, 4, 1], seed: 5 }, [
      conv2d({ filters: 2, kernelSize: 3, padding: "same" }),
      flatten(),
      dense({ units: 3, trainable: false }),
    ]);
    const one = await trainer(model, cpu());
    const start = Float32Array.from({ length: 16 }, (_, index) => index / 16);
    const { parameterGradients, probabilities, logits } = await one.inspect(start, {
      target: 1,
      parameterGradients: true,
    });
    expect([...(parameterGradients?.keys() ?? [])]).toEqual(["conv2d/kernel", "conv2d/bias"]);
    for (const [name, gradient] of parameterGradients ?? []) {
      const before = model.parameters.get(name);
      if (before === undefined) throw new Error(`no ${name}`);
      const want = [];
      for (const [index, value] of Float32Array.from(before.data).entries()) {
        // The logits are straight in each parameter of the only convolution: a step of 1 tells d logit / d parameter.
        const changed = { shape: before.shape, data: before.data.with(index, value + 1) };
        model.setParameters(new Map([[name, changed]]), { partial: true });
        const moved = (await one.inspect(start)).logits.data;
        // d cross-entropy / d logit is the class's probability, less 1 for the target.
        const slopes = moved.map((logit, at) => {
          const toLogit = (probabilities.data[at] ?? 0) - Number(at === 1);
          return toLogit * (logit - (logits.data[at] ?? 0));
        });
        want.push(slopes.reduce((sum, slope) => sum + slope, 0));
      }
      model.setParameters(new Map([[name, before]]), { partial: true });
      // Logits of up to 4 products of 288 terms, three classes.
      expectClose(gradient.data, want, { k: 16 * 9 * 2 * 3, absSum: 8 });
    }
    one.dispose();
  });

  it("raw pixels are normalised, and bad arguments named", async () => {
    const model = sequential({ inputShape: [4, 4, 1] }, [
      maxPooling2d({ poolSize: 2 }),
      flatten(),
      dense({ units: 2 }),
    ]);
    const one = await trainer(model, cpu());
    const bytes = Uint8Array.from({ length: 16 }, (_, index) => 17 * index);
    expectExact(
      (await one.inspect(bytes)).input.data,
      Float32Array.from(bytes, (value) => value / 255),
    );
    await expect(one.inspect(new Float32Array(32))).rejects.toThrow(ShapeError);
    await expect(one.inspect(bytes, { target: 2 })).rejects.toThrow(ArgumentError);
    one.dispose();
    await expect(one.inspect(bytes)).rejects.toThrow(/disposed/);
  });
});
