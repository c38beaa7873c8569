/** For tests in Node: a thread that hosts a trainer, from the sources as they are, without `npm run build` before. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { build } from "vite";
import type { NodeThread } from "../../src/worker.ts";

const root = resolve(import.meta.dirname, "../..");

/** Bundles a host's script, which takes about a second; the function that comes back starts threads on it. */
export async function bundleNodeWorker(entry = "test/support/node_host.ts"): Promise<() => NodeThread> {
  // A folder a process: test files may run side by side.
  const outDir = resolve(root, `node_modules/.cache/corteza-test/worker-${process.pid}`);
  await build({
    ...{ root, configFile: false, logLevel: "warn", publicDir: false },
    build: {
      ...{ outDir, emptyOutDir: true, target: "es2022", minify: false },
      lib: { entry: resolve(root, entry), formats: ["es"], fileName: () => "worker.mjs" },
      rollupOptions: { external: ["webgpu", /^node:/], output: { codeSplitting: false } },
    },
  });
  const script = pathToFileURL(resolve(outDir, "worker.mjs"));
  return () => new Worker(script);
}
