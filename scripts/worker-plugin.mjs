/**
 * Lets a page's worker share code with the page. Vite bundles each worker by itself, so that a library which both use
 * is in the build, and on the line, twice. With this plugin a build makes `demo/trainer_worker.ts` one more entry of
 * the page's own bundle; what both import becomes a chunk of its own, and so does what chunks want of the worker's file.
 *
 *     import workerUrl from "virtual:trainer-worker-url";
 *     new Worker(workerUrl, { type: "module" });
 */
import { resolve } from "node:path";

const NAME = "virtual:trainer-worker-url";
const FILE = resolve(import.meta.dirname, "../demo/trainer_worker.ts");

export function sharedWorker() {
  let building = false;
  let base = "/";
  return {
    name: "corteza-shared-worker",
    configResolved(config) {
      building = config.command === "build";
      base = config.base;
    },
    resolveId(id) {
      return id === NAME ? `\0${NAME}` : undefined;
    },
    load(id) {
      if (id !== `\0${NAME}`) return undefined;
      if (!building) return `export default ${JSON.stringify(`${base}demo/trainer_worker.ts`)};`;
      const reference = this.emitFile({ type: "chunk", id: FILE, name: "trainer_worker", preserveSignature: "strict" });
      return `export default import.meta.ROLLUP_FILE_URL_${reference};`;
    },
  };
}
