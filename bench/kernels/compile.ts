/**
 * How long each kernel of a training step takes to compile, one after the other on a device whose caches are empty:
 *
 *     node scripts/run-ts.mjs bench/kernels/compile.ts [--batch 64] [--rounds 3]
 *
 * Milliseconds of the whole process' processor time, the least of the rounds, and of that the translation to SPIR-V.
 */
import { parseArgs } from "node:util";
import { create, globals } from "webgpu";
import { adam, conv2d, createTrainer, dense, flatten, maxPooling2d, sequential, webgpu } from "../../src/index.ts";

Object.assign(globalThis, globals);
const { values } = parseArgs({
  options: { batch: { type: "string", default: "64" }, rounds: { type: "string", default: "3" } },
});
const gpu = create([]);
Object.assign(globalThis, { keepAlive: gpu });

interface Recorded {
  readonly label: string;
  readonly code: string;
}

async function newDevice(): Promise<GPUDevice> {
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error("no adapter");
  return adapter.requestDevice();
}

const recorded: Recorded[] = [];
const device = await newDevice();
const createShaderModule = device.createShaderModule.bind(device);
device.createShaderModule = (descriptor) => {
  recorded.push({ label: descriptor.label ?? "", code: descriptor.code });
  return createShaderModule(descriptor);
};
const model = sequential({ inputShape: [28, 28, 1], seed: 1 }, [
  conv2d({ filters: 32, kernelSize: 3, padding: "same", activation: "relu" }),
  maxPooling2d({ poolSize: 2 }),
  conv2d({ filters: 64, kernelSize: 3, padding: "same", activation: "relu" }),
  maxPooling2d({ poolSize: 2 }),
  flatten(),
  dense({ units: 10 }),
]);
const batch = Number(values.batch);
const trainer = await createTrainer(model, {
  backend: await webgpu({ device }),
  loss: "sparseCategoricalCrossentropy",
  optimizer: adam(),
  batchSize: batch,
});
await trainer.trainOnBatch(new Float32Array(batch * 784).fill(0.5), new Int32Array(batch));

const milliseconds = (usage: NodeJS.CpuUsage) => (usage.user + usage.system) / 1000;
const best = new Map<Recorded, number>();
for (let round = 0; round < Number(values.rounds); round++) {
  const fresh = await newDevice();
  for (const kernel of recorded) {
    const before = process.cpuUsage();
    const module = fresh.createShaderModule({ code: `${kernel.code}// ${round}\n` });
    await fresh.createComputePipelineAsync({ layout: "auto", compute: { module } });
    const spent = milliseconds(process.cpuUsage(before));
    best.set(kernel, Math.min(best.get(kernel) ?? Number.POSITIVE_INFINITY, spent));
  }
  fresh.destroy();
}
for (const [{ label, code }, spent] of best) {
  console.log(`${label.padEnd(32)} ${spent.toFixed(0).padStart(6)} ms  ${String(code.length).padStart(7)} characters`);
}
console.log(
  `${"all".padEnd(32)} ${[...best.values()]
    .reduce((sum, value) => sum + value, 0)
    .toFixed(0)
    .padStart(6)} ms`,
);
process.exit(0);
