// Run by node_worker_entry.test.ts in a process of its own, as a user of the built library in Node. Arguments: the library's
// folder, and the script of a worker of one's own, else the library's. Nothing is disposed of: the process ends all the same.
import { Worker } from "node:worker_threads";

const [folder, script] = process.argv.slice(2);
const { dataset, dense, sequential, sgd } = await import(`${folder}/index.js`);
const { createWorkerTrainer } = await import(`${folder}/worker.js`);

const model = sequential({ inputShape: [2], seed: 1 }, [dense({ units: 1 })]);
const trainer = await createWorkerTrainer(model, {
  loss: "mse",
  optimizer: sgd({ learningRate: 0.1 }),
  batchSize: 2,
  ...(script === undefined ? {} : { worker: () => new Worker(new URL(script)), backend: "webgpu" }),
});
const data = dataset({ images: Float32Array.of(1, 2, 3, 4), targets: Float32Array.of(1, 2), shape: [2] });
const { stepLosses } = await trainer.fit(data, { epochs: 4 });
console.log(JSON.stringify({ kind: trainer.backendKind, why: trainer.why, stepLosses }));
