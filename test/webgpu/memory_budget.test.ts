/** Memory on phones is planned from a budget, since a browser there ends a page that takes more, without an error. */
import { describe, expect, it } from "vitest";
import { OutOfMemoryError } from "../../src/core/errors.ts";
import { Graph } from "../../src/graph.ts";
import { adam, webgpu } from "../../src/index.ts";
import { memoryBudget } from "../../src/webgpu/memory_budget.ts";
import { createWorkerTrainer } from "../../src/worker.ts";
import { watchDevice } from "../support/counting_device.ts";
import { testDevice } from "../support/gpu.ts";
import { smallNetwork } from "../support/networks.ts";
import { bundleNodeWorker } from "../support/node_worker.ts";

const GIB = 2 ** 30;
const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15";

describe("the default budget", () => {
  it.each([
    ["an iPhone", { platform: "iPhone", maxTouchPoints: 5 }, 0.75 * GIB],
    ["a worker on an iPhone, which knows no fingers", { platform: "iPhone" }, 0.75 * GIB],
    ["an iPad, which says that it is a Mac", { platform: "MacIntel", maxTouchPoints: 5, userAgent: MAC }, 0.75 * GIB],
    ["a phone that tells 4 GB", { userAgentData: { mobile: true }, deviceMemory: 4 }, GIB],
    ["a tablet with Android that tells 8 GB", { userAgent: "Linux; Android 15", deviceMemory: 8 }, 2 * GIB],
    ["Firefox on Android, which tells no memory", { userAgent: "Android 15; Mobile; rv:145.0" }, 0.75 * GIB],
    ["a Mac", { platform: "MacIntel", maxTouchPoints: 0, userAgent: MAC }, Number.POSITIVE_INFINITY],
    [
      "a PC with a screen that feels fingers",
      { platform: "Win32", maxTouchPoints: 10, deviceMemory: 8, userAgentData: { mobile: false } },
      Number.POSITIVE_INFINITY,
    ],
    ["Node", {}, Number.POSITIVE_INFINITY],
  ])("of %s", (_, hints, bytes) => {
    expect(memoryBudget(hints)).toBe(bytes);
  });
});

/** x · w of so many rows: rows × 100 fed, 100 × 100 a constant, rows × 100 as output, in f32. */
function product(rows: number): { graph: Graph; y: ReturnType<Graph["matmul"]> } {
  const graph = new Graph();
  const x = graph.input("x", [rows, 100]);
  const w = graph.constant(new Float32Array(1e4), [100, 100]);
  return { graph, y: graph.matmul(x, w) };
}

describe("a backend with a budget", () => {
  it("refuses a program that takes more, before anything is allocated, with what to do", async () => {
    const device = await testDevice();
    const backend = await webgpu({ device, memoryBudget: 20e6 });
    const watch = watchDevice(device);
    watch.take();
    const { graph, y } = product(30_000);
    const refused = await backend.compile(graph, { outputs: { y } }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OutOfMemoryError);
    // 12 MB fed, 0.04 MB constant, 12 MB of output.
    expect((refused as OutOfMemoryError).bytes).toBe(24.04e6);
    expect(String(refused)).toMatch(/takes 24.0 MB .* the budget here is 20.0 MB\. Lower the batch size.*memoryBudget/);
    expect(watch.take().buffers).toBe(0);
    expect(backend.bytes).toBe(0);
    backend.dispose();
    device.destroy();
  });

  it("counts what it holds already, and has room again when that is gone", async () => {
    const device = await testDevice();
    const backend = await webgpu({ device, memoryBudget: 20e6 });
    const { graph, y } = product(10_000);
    const first = await backend.compile(graph, { outputs: { y } });
    expect(backend.bytes).toBe(8.04e6);
    const other = product(9_999);
    await expect(backend.compile(other.graph, { outputs: { y: other.y } })).resolves.toBeDefined();
    const third = product(14_000);
    await expect(backend.compile(third.graph, { outputs: { y: third.y } })).rejects.toThrow(/beside the .* holds/);
    first.dispose();
    await expect(backend.compile(third.graph, { outputs: { y: third.y } })).resolves.toBeDefined();
    backend.dispose();
    device.destroy();
  });

  it.each([0, -1, Number.NaN])("of %s bytes is refused", async (budget) => {
    await expect(webgpu({ memoryBudget: budget })).rejects.toThrow(/^webgpu: memoryBudget must be .* above 0/);
  });

  it("has none of it on this machine by default", async () => {
    const device = await testDevice();
    const backend = await webgpu({ device });
    expect(backend.context.memoryBudget).toBe(Number.POSITIVE_INFINITY);
    backend.dispose();
    device.destroy();
  });
});

describe("a trainer in a worker", () => {
  it("is held to the budget that its page gives, by the same error", async () => {
    const start = await bundleNodeWorker();
    const options = { loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize: 4 } as const;
    const made = createWorkerTrainer(smallNetwork(), {
      ...options,
      worker: start,
      backend: "webgpu",
      memoryBudget: 1000,
    });
    await expect(made).rejects.toThrow(/the budget here is 1\.00 kB/);
    await expect(made).rejects.toBeInstanceOf(OutOfMemoryError);
  });
});

describe("a device of one's own that does not say what it is, as in Safari 26.0", () => {
  it("is taken and computes", async () => {
    const device = await testDevice();
    Object.defineProperty(device, "adapterInfo", { value: undefined });
    const backend = await webgpu({ device });
    expect(backend.description).toBe("WebGPU · unnamed adapter");
    const graph = new Graph();
    const program = await backend.compile(graph, { outputs: { y: graph.relu(graph.input("x", [3])) } });
    expect([...(await program.run({ x: Float32Array.of(-1, 0, 2) }))["y"]!.data]).toEqual([0, 0, 2]);
    backend.dispose();
    device.destroy();
  });
});
