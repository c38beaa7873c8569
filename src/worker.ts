/** "corteza/worker": a trainer in a Web Worker. */
export { createWorkerTrainer, type WorkerTrainer, type WorkerTrainerOptions } from "./worker/client.ts";
