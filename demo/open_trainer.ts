/** The page's trainer: in a worker, so that the page stays free. */
import workerUrl from "virtual:trainer-worker-url";
import { type BackendChoice, createWorkerTrainer, type WorkerTrainer } from "../src/worker.ts";
import { LOSS, type TrainerSetup } from "./setup.ts";

/** A trainer in a worker. Throws what `createWorkerTrainer` throws. */
export function openTrainer(
  { model, optimizer, batchSize, seed, onRecovered }: TrainerSetup,
  backend: BackendChoice,
): Promise<WorkerTrainer> {
  return createWorkerTrainer(model, {
    worker: () => new Worker(workerUrl, { type: "module" }),
    ...{ backend, loss: LOSS, optimizer, batchSize, seed },
    onRecovered: (recovered) => onRecovered?.(recovered),
  });
}
