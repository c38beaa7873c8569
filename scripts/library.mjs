/** Builds the library's modules into a folder, without their types. `npm run build` and tests call it. */
import { resolve } from "node:path";
import { build } from "vite";
import { buildTarget } from "./browsers/oldest.mjs";
import { smallShaders } from "./wgsl-plugin.mjs";

const root = resolve(import.meta.dirname, "..");

/** The ES modules of package.json's `exports`, and what they share in `chunks/`; and all in one file, corteza.min.js. */
export async function buildLibrary(folder) {
  const common = { configFile: false, root, logLevel: "warn", publicDir: false, plugins: [smallShaders()] };
  await build({
    ...common,
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: buildTarget(),
      minify: false,
      lib: {
        entry: {
          index: "src/index.ts",
          graph: "src/graph.ts",
          node: "src/node.ts",
          worker: "src/worker.ts",
          "worker-host": "src/worker/host.ts",
        },
        formats: ["es"],
      },
      rolldownOptions: {
        external: /^node:/,
        // No file may import an entry (scripts/chunks.mjs says why): what others want of one is a chunk of its own.
        preserveEntrySignatures: "strict",
        output: { chunkFileNames: "chunks/[name]-[hash].js", entryFileNames: "[name].js" },
      },
    },
  });
  await build({
    ...common,
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: buildTarget(),
      lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "corteza.min.js" },
      // Vite's own `minify` leaves the whitespace of ES libraries in.
      rolldownOptions: { output: { codeSplitting: false, minify: true } },
    },
  });
}
