/** The page's trainer: in a worker, so that the page stays free. */
import workerUrl from "virtual:trainer-worker-url";
import type { Trainer } from "../src/index.ts";
import { createWorkerTrainer } from "../src/worker.ts";
import { type BackendKind, LOSS, type TrainerSetup } from "./setup.ts";

/** A trainer in a worker. Throws what `createWorkerTrainer` throws. */
export function openTrainer(
  { model, optimizer, batchSize, seed }: TrainerSetup,
  backend: BackendKind,
): Promise<Trainer> {
  return createWorkerTrainer(model, {
    worker: () => new Worker(workerUrl, { type: "module" }),
    ...{ backend, loss: LOSS, optimizer, batchSize, seed },
  });
}
