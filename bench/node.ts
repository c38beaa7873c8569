/**
 * A quick look at our own training step of the reference network, without peers, in Node: on Dawn on this machine's
 * adapter, or on WebAssembly:
 *
 *     npm run bench:node [-- --batches 16,61,64 --steps 8 --backend webgpu|wasm --profile --processor]
 *
 * `--processor`: time of the processor in place of the clock's, which counts other programs' too on a busy machine; only for what
 * runs on one thread.
 *
 * Prints the recorded step as a table, then one line a batch size: median and range of milliseconds a step. On a shared
 * machine only ratios within one run mean something.
 */
import { parseArgs } from "node:util";
import { Profile } from "../src/graph/profile.ts";
import { adam, conv2d, dataset, dense, flatten, maxPooling2d, sequential, webgpu } from "../src/index.ts";
import { resolveHeads } from "../src/train/heads.ts";
import { rightLabels } from "../src/train/measures.ts";
import { newStepParts } from "../src/train/training_state.ts";
import { compileTraining } from "../src/train/training_step.ts";
import { openWasm } from "../src/wasm/backend.ts";

const { values: options } = parseArgs({
  options: {
    batches: { type: "string", default: "16,61,64" },
    steps: { type: "string", default: "8" },
    backend: { type: "string", default: "webgpu" },
    profile: { type: "boolean", default: false },
    processor: { type: "boolean", default: false },
  },
});
if (options.processor) {
  performance.now = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
}
const onGpu = options.backend === "webgpu";
const { create, globals } = onGpu ? await import("webgpu") : { create: undefined, globals: {} };
Object.assign(globalThis, globals);
// Dawn's instance must not be collected while the device lives.
const gpu = create?.([]);
const backend = gpu ? await webgpu({ gpu }) : await openWasm();
const digits = dataset({
  images: Uint8Array.from({ length: 1024 * 784 }, (_, i) => Math.imul(i, 2654435761) >>> 24),
  labels: Uint8Array.from({ length: 1024 }, (_, i) => i % 10),
  shape: [28, 28, 1],
});
console.log(backend.description);

const optimizer = adam();
for (const batch of options.batches.split(",").map(Number)) {
  const model = sequential({ inputShape: [28, 28, 1] }, [
    conv2d({ filters: 32, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 64, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 10 }),
  ]);
  const heads = await resolveHeads(model, "sparseCategoricalCrossentropy");
  const parts = newStepParts({ model, heads, metrics: [], measures: rightLabels, optimizer });
  const started = performance.now();
  const { program } = await compileTraining(backend, parts, digits, { batch, shuffle: true, seed: 1 });
  await program.enqueue();
  const first = performance.now() - started;
  await program.enqueue();
  const times: number[] = [];
  for (let step = 0; step < Number(options.steps); step++) {
    const before = performance.now();
    await program.enqueue();
    times.push(performance.now() - before);
  }
  times.sort((a, b) => a - b);
  const median = times[times.length >> 1] ?? 0;
  if (batch === 64) console.log(`\n${options.profile ? new Profile(await program.profile()) : program}\n`);
  const { dispatches, flops, scratchBytes } = program.stats;
  console.log(
    `batch ${batch}: ${median.toFixed(1)} ms a step (${times[0]?.toFixed(1)}–${times[times.length - 1]?.toFixed(1)}), ` +
      `${(median / batch).toFixed(2)} ms an image, ${(flops / median / 1e6).toFixed(2)} GFLOP/s, ${dispatches} dispatches, ` +
      `${(scratchBytes / 1e6).toFixed(1)} MB scratch, first step after ${first.toFixed(0)} ms`,
  );
  program.dispose();
}
backend.dispose();
process.exit(0);
