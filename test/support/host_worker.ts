import type { NodeThread } from "../../src/worker.ts";
import { inBrowser } from "./gpu.ts";

/** How this environment makes a worker that hosts a trainer, from the sources: a Web Worker, or in Node a thread. */
export async function hostWorkers(): Promise<() => Worker | NodeThread> {
  if (inBrowser) return () => new Worker(new URL("../../src/worker/host.ts", import.meta.url), { type: "module" });
  const { bundleNodeWorker } = await import("./node_worker.ts");
  return bundleNodeWorker();
}
