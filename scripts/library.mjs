/** Builds the library's modules into a folder, without their types. `npm run build` and tests call it. */
import { resolve } from "node:path";
import { build } from "vite";
import { buildTarget } from "./browsers/oldest.mjs";
import { smallShaders } from "./wgsl-plugin.mjs";

const root = resolve(import.meta.dirname, "..");

/** The entries of package.json's `exports`, by the names of their files in dist. */
export const ENTRIES = {
  index: "src/index.ts",
  cpu: "src/cpu.ts",
  graph: "src/graph.ts",
  infer: "src/infer.ts",
  node: "src/node.ts",
  worker: "src/worker.ts",
  "worker/host": "src/worker/host.ts",
};

/**
 * One file a module, where the sources have it, so that a bundler fetches nothing that is not used; and what "corteza"
 * exports in one file, corteza.min.js, for a plain page.
 */
export async function buildLibrary(folder) {
  const common = { configFile: false, root, logLevel: "warn", publicDir: false, plugins: [smallShaders()] };
  await build({
    ...common,
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: buildTarget(),
      minify: false,
      sourcemap: true,
      lib: { entry: ENTRIES, formats: ["es"] },
      rolldownOptions: {
        external: /^node:/,
        preserveEntrySignatures: "strict",
        output: {
          preserveModules: true,
          preserveModulesRoot: resolve(root, "src"),
          // A shader's module lies beside those of src.
          entryFileNames: ({ name }) => `${name.replace(/\.wgsl$/, "_wgsl")}.js`,
        },
      },
    },
  });
  await build({
    ...common,
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: buildTarget(),
      sourcemap: true,
      lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "corteza.min.js" },
      // Vite's own `minify` leaves the whitespace of ES libraries in.
      rolldownOptions: { output: { codeSplitting: false, minify: true } },
    },
  });
}
