/** "corteza/worker-host": loading this file in a worker of a page, or in a thread of Node, makes it a host of trainers. */
import { scheduleRates } from "../core/schedule_part.ts";
import * as rates from "../core/schedule_rates.ts";
import { serve } from "./serve.ts";

let given: GPU | Promise<GPU> | undefined;

/**
 * Tells this worker where WebGPU's adapters come from, as `webgpu({ gpu })` does; by default from `navigator.gpu`, which Node
 * lacks. A thread of Node with WebGPU is a file of one's own:
 *
 *     import { create, globals } from "webgpu";
 *     import { setGpu } from "corteza/worker-host";
 *     Object.assign(globalThis, globals);
 *     setGpu(create([]));
 *
 * which the other side starts: `createWorkerTrainer(model, { worker: () => new Worker(new URL("./my_worker.js", import.meta.url)), … })`
 * with the `Worker` of "node:worker_threads".
 */
export function setGpu(gpu: GPU | Promise<GPU>): void {
  given = gpu;
}

// Schedules come as plain data.
scheduleRates.provide(rates);
serve({ cpu: async () => (await import("../cpu/backend.ts")).cpu(), gpu: () => given });
