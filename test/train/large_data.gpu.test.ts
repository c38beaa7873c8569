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
    ["binds a ring of half of its batches", 110_000, 94 * 16 * 68],
    ["binds two batches and no more", 64_000, 2 * 16 * 68],
  ])("trains to the same bits on one that %s", async (_, most, bytes) => {
    expect(BYTES).toBeGreaterThan(most);
    const expected = await trained(roomy, smallNetwork, pictures);
    expect(expected).toMatchObject({ residency: "resident", datasetBytes: BYTES + 4 * COUNT });
    const small = await binding(most);
    const got = await trained(small, smallNetwork, pictures);
    expect(got.residency).toBe("streamed");
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
    poor.dispose();
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
    const small = await binding(50_000);
    const got = await trained(small, two, data);
    expect(got.residency).toBe("streamed");
    expect(got.result).toEqual(expected.result);
    small.dispose();
  });

  it("takes no more dispatches a step, and no data set's place on the device", async () => {
    const images = new Uint8Array(4000 * 784);
    const digits = dataset({ images, labels: new Uint8Array(4000), shape: [28, 28, 1], classes: 10 });
    const dispatches = async (backend: WebGpuBackend) => {
      const loss = "sparseCategoricalCrossentropy";
      const trainer = await createTrainer(referenceNetwork(), { backend, loss, optimizer: adam(), batchSize: 4 });
      await trainer.fit(digits, { steps: 1 });
      const { dispatchesPerStep, residency } = trainer.stats();
      trainer.dispose();
      return { dispatchesPerStep, residency };
    };
    const { dispatchesPerStep } = await dispatches(roomy);
    const small = await binding(2_000_000);
    expect(await dispatches(small)).toEqual({ dispatchesPerStep, residency: "streamed" });
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
