/** "corteza/worker": a trainer in a Web Worker, or in a thread of Node. */
export type { PassedOver } from "./best_backend.ts";
export type { NodeThread } from "./worker/channel.ts";
export type { BackendChoice } from "./worker/protocol.ts";
export { createWorkerTrainer, type WorkerTrainer, type WorkerTrainerOptions } from "./worker/remote_trainer.ts";
