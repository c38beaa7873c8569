// Run by node_entry.test.ts in a process of its own: trains as the documentation words it, with everything that nobody
// holds collected at every step. Argument: the built library.
import { create, globals } from "webgpu";

const { createTrainer, dense, sequential, sgd, webgpu } = await import(process.argv[2]);
const { cpu } = await import(new URL("cpu.js", process.argv[2]));

async function collectGarbage() {
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function losses(backend) {
  const model = sequential({ inputShape: [2], seed: 1 }, [dense({ units: 1 })]);
  const optimizer = sgd({ learningRate: 0.1 });
  const trainer = await createTrainer(model, { backend, loss: "mse", optimizer, batchSize: 2 });
  const found = [];
  for (let step = 0; step < 4; step++) {
    await collectGarbage();
    found.push((await trainer.trainOnBatch(Float32Array.of(1, 2, 3, 4), Float32Array.of(1, 2))).loss);
  }
  trainer.dispose();
  await collectGarbage();
  return found;
}

Object.assign(globalThis, globals);
const backend = await webgpu({ gpu: create([]) });
const found = await losses(backend);
backend.dispose();
await collectGarbage();

// A second one, of which nothing is held when the work is done.
found.push(...(await losses(await webgpu({ gpu: create([]) }))));
await collectGarbage();
console.log(JSON.stringify({ gpu: found, cpu: await losses(cpu()) }));
