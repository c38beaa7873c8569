/** Modules of networks on WebGPU, against the library: the same kernels give the same bits. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, createClassifier, createPredictor, type Model } from "../../src/index.ts";
import { toStandaloneModule } from "../../src/standalone.ts";
import { webgpu } from "../../src/webgpu/backend.ts";
import { inBrowser, testDevice, testGpu } from "../support/gpu.ts";
import { referenceNetwork, residualNetwork } from "../support/networks.ts";
import { importedNetwork } from "../support/operations.ts";
import { RandomData } from "../support/random.ts";
import { randomNetwork } from "../support/random_networks.ts";
import { importModule, type StandaloneModule } from "../support/standalone.ts";

/** What modules open devices with: the last device, and whether there are any. */
const watched: { device: GPUDevice | undefined; isGone: boolean; opened: number } = {
  ...{ device: undefined, isGone: false, opened: 0 },
};
const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
const faults: string[] = [];

beforeAll(async () => {
  const gpu = await testGpu();
  const watching = {
    async requestAdapter() {
      const adapter = watched.isGone ? null : await gpu.requestAdapter();
      return (
        adapter && {
          async requestDevice(descriptor: GPUDeviceDescriptor) {
            const device = await adapter.requestDevice(descriptor);
            device.addEventListener("uncapturederror", ({ error }) => faults.push(error.message));
            watched.device = device;
            watched.opened++;
            return device;
          },
        }
      );
    },
  };
  // A page's own navigator stays: its other properties work with it alone.
  if (inBrowser) Object.defineProperty(navigator, "gpu", { value: watching, configurable: true });
  else Object.defineProperty(globalThis, "navigator", { value: { gpu: watching }, configurable: true });
});

afterAll(() => {
  if (inBrowser) Reflect.deleteProperty(navigator, "gpu");
  else if (before) Object.defineProperty(globalThis, "navigator", before);
  else Reflect.deleteProperty(globalThis, "navigator");
  expect(faults).toEqual([]);
});

const feedsOf = ({ inputShapes }: Model, seed: number) => {
  const random = new RandomData(seed);
  return inputShapes.map((shape) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.uniform()),
  );
};

/** What the library gives on a device without optional features, and what a module gives. */
async function answersOf(model: Model, backend: Backend, made: StandaloneModule, feeds: readonly Float32Array[]) {
  const given = feeds.length === 1 ? (feeds[0] as Float32Array) : feeds;
  const answer = await made.predict(given);
  if (made.labels === undefined) {
    const predictor = await createPredictor(model, { backend, batchSize: 1 });
    const outputs = await predictor.predict(given);
    predictor.dispose();
    return { got: answer.map(({ data }) => data), wanted: outputs.map(({ data }) => data) };
  }
  const classifier = await createClassifier(model, { backend });
  const { probabilities } = await classifier.predict(given);
  classifier.dispose();
  return { got: [answer.probabilities], wanted: [probabilities] };
}

/** Equal where the library has the module's kernels, on software adapters; else up to the order of sums. */
function expectEqual(got: readonly Float32Array[], wanted: readonly Float32Array[], isSame: boolean): void {
  if (isSame) expect(got).toEqual(wanted);
  wanted.forEach((values, output) => {
    values.forEach((value, place) => {
      expect(Math.abs((got[output]?.[place] ?? Number.NaN) - value)).toBeLessThanOrEqual(
        1e-5 * Math.max(1, Math.abs(value)),
      );
    });
  });
}

describe("a module on WebGPU", () => {
  const networks: readonly (readonly [string, Model])[] = [
    ["the reference network", referenceNetwork()],
    ["a residual network with batch normalisation", residualNetwork()],
    ["ops, parts and constants", importedNetwork()],
    ...[1, 2, 3, 5].map((seed) => [`network ${seed} drawn at random`, randomNetwork(seed)] as const),
  ];

  it.each(networks)("answers as the library does, with the same bits from the same kernels: %s", async (_, model) => {
    const backend = await webgpu({ device: await testDevice() });
    const made = await importModule(await toStandaloneModule(model));
    expect(await made.load()).toBe("webgpu");
    for (const seed of [3, 4]) {
      const { got, wanted } = await answersOf(model, backend, made, feedsOf(model, seed));
      expectEqual(got, wanted, backend.isSoftware);
    }
    await made.close();
    backend.dispose();
    backend.device.destroy();
  });

  it("goes on with a new device where one is lost, and without any where none comes", async () => {
    const model = residualNetwork();
    const [feed] = feedsOf(model, 3) as [Float32Array];
    const made = await importModule(await toStandaloneModule(model));
    const { probabilities } = await made.predict(feed);
    const before = watched.opened;
    // Lost while a prediction is under way, and while there is none.
    const underWay = made.predict(feed);
    await Promise.resolve();
    watched.device?.destroy();
    expect((await underWay).probabilities).toEqual(probabilities);
    watched.device?.destroy();
    await watched.device?.lost;
    expect((await made.predict(feed)).probabilities).toEqual(probabilities);
    expect(watched.opened).toBeGreaterThan(before);
    expect(await made.load()).toBe("webgpu");

    watched.isGone = true;
    watched.device?.destroy();
    await watched.device?.lost;
    const plain = await made.predict(feed);
    watched.isGone = false;
    expect(await made.load()).toBe("javascript");
    expectEqual([plain.probabilities], [probabilities], false);
  });

  it("is opened once, however many predictions are asked for at once", async () => {
    const model = residualNetwork();
    const feeds = [1, 2, 3, 4].map((seed) => feedsOf(model, seed)[0] as Float32Array);
    const made = await importModule(await toStandaloneModule(model));
    const before = watched.opened;
    const together = await Promise.all(feeds.map((feed) => made.predict(feed)));
    expect(watched.opened).toBe(before + 1);
    for (const [index, feed] of feeds.entries()) {
      expect((await made.predict(feed)).probabilities).toEqual(together[index]?.probabilities);
    }
    await made.close();
  });
});
