/** Data sets in memory that are larger than the device binds, or than its budget takes: streamed, without a word. */
import { afterAll, describe, expect, it } from "vitest";
import {
  adam,
  createTrainer,
  type Dataset,
  dataset,
  dense,
  flatten,
  input,
  type Model,
  model,
  multiDataset,
  OutOfMemoryError,
  sequential,
  webgpu,
} from "../../src/index.ts";
import { concatenate } from "../../src/nn/layers/merge.ts";
import type { WebGpuBackend } from "../../src/webgpu/backend.ts";
import { openDevice } from "../support/device.ts";
import { testDevice, testGpu } from "../support/gpu.ts";
import { barPictures, referenceNetwork, smallNetwork } from "../support/networks.ts";

const COUNT = 3003;
const pictures = barPictures(COUNT);
const BYTES = COUNT * 64;

/** A backend on a device that says it binds at most so many bytes, and would refuse nothing. */
async function binding(bytes: number): Promise<WebGpuBackend> {
  const device = await testDevice();
  const limits = new Proxy(device.limits, {
    get: (target, name) =>
      name === "maxStorageBufferBindingSize" ? bytes : (Reflect.get(target, name, target) as number),
  });
  Object.defineProperty(device, "limits", { value: limits, configurable: true });
  return webgpu({ device, quickStart: false });
}

async function trained(backend: WebGpuBackend, make: () => Model, data: Dataset, validation = data) {
  const network = make();
  const loss = "sparseCategoricalCrossentropy";
  const trainer = await createTrainer(network, { backend, loss, optimizer: adam(), batchSize: 16, seed: 5 });
  const { epochs } = await trainer.fit(data, { epochs: 1, validationData: validation });
  const { residency, datasetBytes } = trainer.stats();
  const weights = [...network.parameters.values()].flatMap(({ data }) => [...new Uint32Array(data.slice().buffer)]);
  trainer.dispose();
  return { residency, datasetBytes, result: { weights, epochs: epochs.map(({ seconds, ...rest }) => rest) } };
}

describe("a data set that is larger than the device takes", async () => {
  const device = await openDevice();
  const roomy = await webgpu({ device, quickStart: false });
  afterAll(() => roomy.dispose());

  it.each([
    ["binds more than half of it: in two parts", 110_000, BYTES + 4 * COUNT, "split"],
    ["binds a seventh of it: in seven parts, the last one small", 28_000, BYTES + 4 * COUNT, "split"],
    ["binds two batches and no more, and would want ten parts", 28_000, 2 * 16 * 68, "streamed"],
  ] as const)("trains to the same bits on one that %s", async (_, most, bytes, residency) => {
    const data = residency === "split" ? pictures : barPictures(4003);
    expect(data.images.byteLength).toBeGreaterThan(most);
    const expected = await trained(roomy, smallNetwork, data);
    expect(expected).toMatchObject({ residency: "resident", datasetBytes: data.images.byteLength + 4 * data.count });
    const small = await binding(most);
    const got = await trained(small, smallNetwork, data);
    expect(got.residency).toBe(residency);
    expect(got.datasetBytes).toBe(bytes);
    expect(got.result).toEqual(expected.result);
    small.dispose();
  });

  it("trains to the same bits where the memory budget does not take it", async () => {
    const expected = await trained(roomy, smallNetwork, pictures);
    const poor = await webgpu({ gpu: await testGpu(), quickStart: false, memoryBudget: 230_000 });
    const got = await trained(poor, smallNetwork, pictures);
    expect(got.result).toEqual(expected.result);
    expect(got.residency).toBe("streamed");
    // Half of its batches.
    expect(got.datasetBytes).toBe(94 * 16 * 68);
    poor.dispose();
  });

  it("augments, weighs and looks into it alike where it is split", async () => {
    const { images, labels, shape } = barPictures(603);
    // Rows of 63 floats, of which none is whole in fours.
    const floats = Float32Array.from({ length: 603 * 63 }, (_, place) => (images[place] ?? 0) / 99 - 1);
    const weights = Float32Array.from(labels, (label) => 1 + label);
    const options = { epochs: 2, augment: { shift: 1, flip: "horizontal", noise: 0.1 } } as const;
    const run = async (backend: WebGpuBackend, data: Dataset, network: Model) => {
      const loss = "sparseCategoricalCrossentropy";
      const trainer = await createTrainer(network, { backend, loss, optimizer: adam(), batchSize: 16, seed: 2 });
      const { stepLosses } = await trainer.fit(data, options);
      const { loss: held, confusion } = await trainer.evaluate(data);
      const { residency } = trainer.stats();
      trainer.dispose();
      return { residency, result: { stepLosses, held, confusion } };
    };
    const small = await binding(28_000);
    // And of 63 bytes, so that parts begin and end within a word.
    const bytes = images.slice(0, 603 * 63);
    for (const [data, make] of [
      [dataset({ images, labels, shape, sampleWeights: weights }), () => smallNetwork(2)],
      [
        dataset({ images: bytes, labels, shape: [7, 9, 1] }),
        () => sequential({ inputShape: [7, 9, 1], seed: 2 }, [flatten(), dense({ units: 3 })]),
      ],
      [
        dataset({ images: floats, labels, shape: [7, 9, 1] }),
        () => sequential({ inputShape: [7, 9, 1], seed: 2 }, [flatten(), dense({ units: 3 })]),
      ],
    ] as const) {
      const [expected, got] = [await run(roomy, data, make()), await run(small, data, make())];
      expect(got.residency).toBe("split");
      expect(got.result).toEqual(expected.result);
    }
    small.dispose();
  });

  it("trains on several inputs", async () => {
    const two = () => {
      const [a, b] = [input([8, 8, 1]), input([8, 8, 1])];
      const joined = concatenate()(flatten()(a), flatten()(b));
      return model({ inputs: [a, b], outputs: dense({ units: 3 })(joined), seed: 3 });
    };
    const { images, labels, shape } = pictures;
    const floats = Float32Array.from(images, (value) => value / 100);
    const data = multiDataset({
      inputs: [
        { images, shape },
        { images: floats, shape },
      ],
      outputs: [{ labels }],
    });
    const expected = await trained(roomy, two, data);
    for (const [most, residency] of [
      // Of the first input two parts, of the second seven.
      [110_000, "split"],
      [50_000, "streamed"],
    ] as const) {
      const small = await binding(most);
      const got = await trained(small, two, data);
      expect(got.residency).toBe(residency);
      expect(got.result).toEqual(expected.result);
      small.dispose();
    }
  });

  it("takes no more dispatches a step, and no data set's place on the device", async () => {
    const digits = (count: number) =>
      dataset({ images: new Uint8Array(count * 784), labels: new Uint8Array(count), shape: [28, 28, 1], classes: 10 });
    const dispatches = async (backend: WebGpuBackend, count: number) => {
      const loss = "sparseCategoricalCrossentropy";
      const trainer = await createTrainer(referenceNetwork(), { backend, loss, optimizer: adam(), batchSize: 4 });
      await trainer.fit(digits(count), { steps: 1 });
      const { dispatchesPerStep, residency } = trainer.stats();
      trainer.dispose();
      return { dispatchesPerStep, residency };
    };
    const { dispatchesPerStep } = await dispatches(roomy, 4000);
    const small = await binding(2_000_000);
    expect(await dispatches(small, 24_000)).toEqual({ dispatchesPerStep, residency: "streamed" });
    // Each part is fetched by itself, and so are row numbers and labels; one kernel more looks for numbers that are not finite.
    expect(await dispatches(small, 4000)).toEqual({ dispatchesPerStep: dispatchesPerStep + 4, residency: "split" });
    small.dispose();
  });

  it("is refused where not even two batches fit, with what to do", async () => {
    const network = sequential({ inputShape: [8, 8, 1] }, [flatten(), dense({ units: 3 })]);
    const loss = "sparseCategoricalCrossentropy";
    const tight = await binding(20_000);
    const wide = await createTrainer(network, { backend: tight, loss, optimizer: adam(), batchSize: 200 });
    const error = await wide.fit(pictures).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OutOfMemoryError);
    expect(String(error)).toMatch(/Lower the batch size/);
    wide.dispose();
    tight.dispose();
  });

  it("goes on to the same bits on a fresh device, and a snapshot holds none of it", async () => {
    const run = async (disturb: boolean) => {
      const backend = await webgpu({ gpu: await testGpu(), quickStart: false, memoryBudget: 230_000 });
      const network = smallNetwork(3);
      const loss = "sparseCategoricalCrossentropy";
      const trainer = await createTrainer(network, { backend, loss, optimizer: adam(), batchSize: 16 });
      await trainer.fit(pictures, { steps: 70 });
      expect(trainer.stats().residency).toBe("streamed");
      if (disturb) {
        const snapshot = await backend.snapshot();
        const names = [...snapshot.keys()].map(({ name }) => name);
        expect(names.filter((name) => name.startsWith("batches/"))).toEqual([]);
        backend.device.destroy();
        await backend.lost;
        await backend.reopen(snapshot);
      }
      await trainer.fit(pictures, { steps: 70 });
      trainer.dispose();
      backend.dispose();
      return [...network.parameters.values()].map(({ data }) => [...data]);
    };
    expect(await run(true)).toEqual(await run(false));
  });
});
