/**
 * Times the convolution kernels one by one:
 *
 *     node scripts/run-ts.mjs bench/kernels/conv.ts [--only forward] [--batch 64] [--rounds 5] [--sweep | --tiles '[{"width":4}]']
 *
 * Kernels take turns; least and median of each are printed. On a software adapter the figure is the processor time of
 * SwiftShader's two worker threads, divided by two: the main thread, which asks without pause whether the work is done,
 * and other programs on the machine disturb it less than the clock on the wall. On other adapters it is that clock.
 * `--sweep` and `--tiles` also try tiles other than the chosen ones.
 */
import { readdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { create, globals } from "webgpu";
import { convGeometry } from "../../src/core/window_geometry.ts";
import { acquireDevice } from "../../src/webgpu/device.ts";
import type { KernelSpec } from "../../src/webgpu/kernel.ts";
import { kernelSource } from "../../src/webgpu/kernel_source.ts";
import type { FilterGradientTile } from "../../src/webgpu/kernels/filter_gradient_tiles.ts";
import { matmul, matmulBias } from "../../src/webgpu/kernels/matmul.ts";
import {
  conv2dFilterGradient,
  conv2dForward,
  conv2dInputGradient,
  conv2dPoolForward,
  filterGradientSlices,
} from "../../test/support/convolutions.ts";

Object.assign(globalThis, globals);
const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    batch: { type: "string", default: "64" },
    rounds: { type: "string", default: "5" },
    sweep: { type: "boolean", default: false },
    tiles: { type: "string" },
    gpuTiles: { type: "boolean", default: false },
  },
});
const batch = Number(values.batch);
const gpu = create([]);
// The interface must outlive the device: nothing else refers to it.
Object.assign(globalThis, { keepAlive: gpu });
const { device, traits: found, description } = await acquireDevice({ gpu });
const traits = values.gpuTiles ? { ...found, software: false } : found;
console.log(`${description}, batch ${batch}`);

const conv = (size: number, channels: number, filters: number, kernel = 3) =>
  convGeometry("bench", [batch, size, size, channels], [kernel, kernel, channels, filters], {
    strides: [1, 1],
    padding: "same",
    dilations: [1, 1],
    groups: 1,
  });
const [first, second] = [conv(28, 1, 32), conv(14, 32, 64)];

/** As MobileNets have them: a quarter of the batch of images of 56 × 56 × 64, 3 × 3, with `stride`. */
const depthwise = (stride: number) =>
  convGeometry("bench", [Math.ceil(batch / 4), 56, 56, 64], [3, 3, 1, 64], {
    strides: [stride, stride],
    padding: "same",
    dilations: [1, 1],
    groups: 64,
  });

/** Names of cases → kernels of a tile. */
const cases: Record<string, (choice: Partial<FilterGradientTile>) => KernelSpec> = {
  "conv1 pool forward": (choice) => conv2dPoolForward({ geometry: first, bias: true, relu: true }, traits, choice),
  "conv2 pool forward": (choice) => conv2dPoolForward({ geometry: second, bias: true, relu: true }, traits, choice),
  "conv2 forward": (choice) => conv2dForward({ geometry: second, bias: true, relu: true }, traits, choice),
  "conv2 input gradient, unpool": (choice) => conv2dInputGradient({ geometry: second, unpool: true }, traits, choice),
  "conv2 input gradient": (choice) => conv2dInputGradient({ geometry: second, unpool: false }, traits, choice),
  "conv2 filter gradient, unpool": (choice) => filterGradient(second, true, choice),
  "conv2 filter gradient": (choice) => filterGradient(second, false, choice),
  "conv1 filter gradient, unpool": (choice) => filterGradient(first, true, choice),
};

const strided = convGeometry("bench", [batch, 28, 28, 32], [3, 3, 32, 64], {
  strides: [2, 2],
  padding: "same",
  dilations: [1, 1],
  groups: 1,
});
cases["strided input gradient"] = (choice) => conv2dInputGradient({ geometry: strided, unpool: false }, traits, choice);
// A 1 × 1 convolution, and the matrix product that it is.
const pointwise = conv(14, 64, 128, 1);
cases["1 × 1 forward"] = (choice) => conv2dForward({ geometry: pointwise, bias: true, relu: true }, traits, choice);
cases["1 × 1 input gradient"] = (choice) => conv2dInputGradient({ geometry: pointwise, unpool: false }, traits, choice);
const pixels = batch * 14 * 14;
cases["1 × 1 forward as matrix product"] = () =>
  matmulBias({ m: pixels, n: 128, k: 64, transposeA: false, transposeB: false, relu: true }, traits);
cases["1 × 1 input gradient as matrix product"] = () =>
  matmul({ m: pixels, n: 64, k: 128, transposeA: false, transposeB: true }, traits);

for (const stride of [1, 2]) {
  const geometry = depthwise(stride);
  const name = `depthwise, stride ${stride},`;
  cases[`${name} forward`] = (choice) => conv2dForward({ geometry, bias: true, relu: true }, traits, choice);
  cases[`${name} input gradient`] = (choice) => conv2dInputGradient({ geometry, unpool: false }, traits, choice);
  cases[`${name} filter gradient`] = (choice) => filterGradient(geometry, false, choice);
}

/** The yardstick: how fast the machine is just now shows in this one. */
const reference = (): KernelSpec => matmul({ m: 1024, n: 64, k: 288, transposeA: false, transposeB: false }, traits);

function filterGradient(geometry: typeof first, unpool: boolean, choice: Partial<FilterGradientTile>): KernelSpec {
  const slices = filterGradientSlices(geometry, unpool, traits, choice);
  return conv2dFilterGradient({ geometry, unpool, bias: true, slices }, traits, choice);
}

const SWEEPS: Record<string, readonly Partial<FilterGradientTile>[]> = {
  forward: [2, 4, 8, 14].flatMap((width) => [1, 2].map((vectors) => ({ width, vectors }))),
  "input gradient": [2, 4, 8, 14].flatMap((width) => [1, 4].map((unit) => ({ width, unit: unit as 1 | 4 }))),
  "filter gradient": [2, 4].flatMap((width) => [
    { width, vectors: 1, unit: 1 },
    { width, vectors: 2, unit: 1 },
    { width, vectors: 1, unit: 4 },
    { width, vectors: 1, unit: 4, tapRows: 1 },
    { width, vectors: 2, unit: 4, tapRows: 1 },
  ]),
};

interface Entry {
  spec: KernelSpec;
  run(): Promise<void>;
  compile: number;
  readonly times: number[];
}

/** Processor time, in ms, of this process's threads that are called so; all but the main thread without a name. */
function threadMs(name?: string): number {
  let sum = 0;
  for (const task of readdirSync("/proc/self/task")) {
    try {
      if (name ? !readFileSync(`/proc/self/task/${task}/comm`, "utf8").startsWith(name) : task === `${process.pid}`)
        continue;
      sum += Number(readFileSync(`/proc/self/task/${task}/schedstat`, "utf8").split(" ")[0]) / 1e6;
    } catch {
      // The thread has just ended.
    }
  }
  return sum;
}
const WORKERS = 2;
const clock = (): number => (traits.software ? threadMs("Thread<") / WORKERS : performance.now());
const compileClock = (): number => (traits.software ? threadMs() : performance.now());

/** Every buffer is as large as the largest tensor of the case, full of values that no loop can take a short cut on. */
async function prepare(spec: KernelSpec): Promise<Entry> {
  const started = compileClock();
  const module = device.createShaderModule({ code: kernelSource(spec) });
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  const size = batch * 28 * 28 * 64 * 4;
  const buffers = Object.keys(spec.bindings).map((name) => {
    const buffer = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
    const data =
      name === "winners"
        ? new Uint8Array(size).map((_, i) => ((i * 7919) >> 5) % 5)
        : new Float32Array(size / 4).map((_, i) => ((i * 7919) % 1000) / 1000 - 0.3);
    device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const run = async (): Promise<void> => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...spec.workgroups);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  };
  // The first run of a pipeline on SwiftShader may end its compilation.
  await run();
  return { spec, run, compile: compileClock() - started, times: [] };
}

const entries: [string, Entry][] = [["matrix product, for comparison", await prepare(reference())]];
for (const [name, make] of Object.entries(cases)) {
  if (!new RegExp(values.only).test(name)) continue;
  entries.push([`${name}`, await prepare(make({}))]);
  const [, sweep] = Object.entries(SWEEPS).find(([kind]) => name.includes(kind)) ?? ["", []];
  const choices =
    values.tiles === undefined
      ? values.sweep
        ? sweep
        : []
      : (JSON.parse(values.tiles) as Partial<FilterGradientTile>[]);
  for (const choice of choices) entries.push([`${name} ${JSON.stringify(choice)}`, await prepare(make(choice))]);
}
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [, entry] of entries) {
    const started = clock();
    await entry.run();
    entry.times.push(clock() - started);
  }
}
for (const [name, { spec, compile, times }] of entries) {
  times.sort((a, b) => a - b);
  const [least, median] = [times[0] ?? 0, times[times.length >> 1] ?? 0];
  console.log(
    `${name.padEnd(64)} ${least.toFixed(2).padStart(8)} ms (median ${median.toFixed(2)}) ` +
      `${(spec.flops / least / 1e6).toFixed(2).padStart(6)} GFLOP/s   compile ${compile.toFixed(0)} ms   ${spec.variant}`,
  );
}
process.exit(0);
