import { describe, expect, it } from "vitest";
import { convGeometry, type Pair } from "../../src/core/window_geometry.ts";
import { dataset } from "../../src/data/dataset.ts";
import { adam, createTrainer, webgpu } from "../../src/index.ts";
import type { KernelSpec } from "../../src/webgpu/kernel.ts";
import { matmul } from "../../src/webgpu/kernels/matmul.ts";
import { quickVariant } from "../../src/webgpu/variants.ts";
import {
  conv2dFilterGradient,
  conv2dForward,
  conv2dInputGradient,
  conv2dPoolForward,
  filterGradientSlices,
} from "../support/convolutions.ts";
import { watchDevice } from "../support/counting_device.ts";
import { openDevice } from "../support/device.ts";
import { referenceNetwork } from "../support/networks.ts";
import { runKernel } from "../support/run_kernel.ts";
import { uniform } from "./kernels_support.ts";

const SOFTWARE = { maxWorkgroupSize: 256, maxWorkgroupStorage: 16384, software: true };

const device = await openDevice();

describe("kernels that compile quickly compute the same bits as those that they stand in for", () => {
  const conv = (batch: number, size: Pair, inChannels: number, outChannels: number) =>
    convGeometry("test", [batch, ...size, inChannels], [3, 3, inChannels, outChannels], {
      strides: [1, 1],
      padding: "same",
      dilations: [1, 1],
      groups: 1,
    });
  // Above the 200 million operations from which tiles are the largest, and below.
  const inner = conv(32, [14, 14], 32, 64);
  const odd = conv(16, [13, 15], 20, 36);
  const filterGradient = (geometry: typeof inner, unpool: boolean) => {
    const slices = filterGradientSlices(geometry, unpool, SOFTWARE);
    return conv2dFilterGradient({ geometry, unpool, bias: true, slices }, SOFTWARE);
  };
  const kernels: readonly [string, KernelSpec][] = [
    ["forward", conv2dForward({ geometry: odd, bias: true, relu: true }, SOFTWARE)],
    ["forward and pool", conv2dPoolForward({ geometry: inner, bias: true, relu: true }, SOFTWARE)],
    ["input gradient", conv2dInputGradient({ geometry: odd, unpool: false }, SOFTWARE)],
    ["input gradient behind a pool", conv2dInputGradient({ geometry: inner, unpool: true }, SOFTWARE)],
    ["filter gradient", filterGradient(odd, false)],
    ["filter gradient behind a pool", filterGradient(inner, true)],
    ["product", matmul({ m: 122, n: 66, k: 1301, transposeA: false, transposeB: false }, SOFTWARE)],
    ["product, left side transposed", matmul({ m: 300, n: 64, k: 530, transposeA: true, transposeB: false }, SOFTWARE)],
    [
      "product, right side transposed",
      matmul({ m: 300, n: 64, k: 530, transposeA: false, transposeB: true }, SOFTWARE),
    ],
  ];

  it.each(kernels)("%s", async (name, spec) => {
    const quick = quickVariant(spec);
    if (quick === undefined) throw new Error(`${name}: no quick kernel, so the test shows nothing`);
    expect(quick.bindings).toEqual(spec.bindings);
    expect(quick.variant).not.toBe(spec.variant);
    // Every buffer is large enough for any of the operands; unread values do no harm.
    const size = name.startsWith("product") ? 160_000 : 32 * 14 * 14 * 64;
    const bindings = Object.entries(spec.bindings);
    const buffers = bindings.map(([binding, access], index) => {
      if (access !== "read") return new Float32Array(size);
      if (binding !== "winners") return uniform(size, 7 + index);
      return Uint32Array.from(uniform(size, 99, 0, 2 ** 32), (bits) => (bits & 0x03030303) >>> 0);
    });
    const [full, small] = [await runKernel(device, spec, buffers), await runKernel(device, quick, buffers)];
    bindings.forEach(([, access], index) => {
      if (access === "read") return;
      const [wanted, found] = [full[index], small[index]].map((data) => data && new Uint32Array(data.buffer));
      expect(wanted?.some((bits) => bits !== 0)).toBe(true);
      expect(found?.length).toBe(wanted?.length);
      // Comparing half a million numbers by `toEqual` takes longer than computing them.
      expect(wanted?.findIndex((bits, place) => bits !== found?.[place])).toBe(-1);
    });
  });
});

describe("training that begins on quick kernels", () => {
  const pictures = dataset({
    images: new Uint8Array(128 * 784).map((_, i) => (i * 37 + (i >> 5)) % 256),
    labels: new Uint8Array(128).map((_, i) => i % 10),
    shape: [28, 28, 1],
  });
  const start = async (quickStart: boolean) => {
    const backend = await webgpu({ device, quickStart });
    const model = referenceNetwork();
    const options = { loss: "sparseCategoricalCrossentropy" as const, optimizer: adam(), batchSize: 32, seed: 3 };
    return { backend, model, trainer: await createTrainer(model, { backend, ...options }) };
  };

  it("goes over to the kernels of the plan and gives the same weights, bit for bit", async () => {
    const weights = [];
    for (const quickStart of [true, false]) {
      const { backend, model, trainer } = await start(quickStart);
      const watch = watchDevice(device);
      await trainer.fit(pictures, { epochs: 1 });
      await trainer.settled();
      const { pipelines } = watch.take();
      // The second convolution's three kernels have large tiles; each was replaced by a second one.
      expect(pipelines - trainer.stats().pipelines).toBe(quickStart ? 3 : 0);
      await trainer.fit(pictures, { epochs: 1 });
      expect(watch.take().pipelines).toBe(0);
      await trainer.syncModel();
      weights.push([...model.parameters.values()].flatMap((tensor) => [...new Uint32Array(tensor.data.buffer)]));
      trainer.dispose();
      backend.dispose();
    }
    expect(weights[0]).toEqual(weights[1]);
  });

  it("compiles nothing more once it was disposed of", async () => {
    const { backend, trainer } = await start(true);
    const watch = watchDevice(device);
    await trainer.fit(pictures, { steps: 1 });
    trainer.dispose();
    const { pipelines } = watch.take();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(pipelines).toBeGreaterThan(0);
    expect(watch.take().pipelines).toBeLessThanOrEqual(1);
    backend.dispose();
  });
});
