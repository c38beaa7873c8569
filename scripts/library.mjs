/** Builds the library's modules into a folder, without their types. `npm run build` and tests call it. */
import { posix, resolve } from "node:path";
import { build } from "vite";
import { buildTarget } from "./browsers/oldest.mjs";
import { buildProduction } from "./production.mjs";
import { smallShaders } from "./wgsl-plugin.mjs";

const root = resolve(import.meta.dirname, "..");

/** The entries of package.json's `exports`, by the names of their files in dist. */
export const ENTRIES = {
  index: "src/index.ts",
  cpu: "src/cpu.ts",
  diagram: "src/diagram.ts",
  digit_pad: "src/digit_pad.ts",
  errors: "src/errors.ts",
  graph: "src/graph.ts",
  infer: "src/infer.ts",
  keras: "src/keras.ts",
  node: "src/node.ts",
  onnx: "src/onnx.ts",
  standalone: "src/standalone.ts",
  pytorch: "src/pytorch.ts",
  tfjs: "src/tfjs.ts",
  typescript: "src/typescript.ts",
  vis: "src/vis.ts",
  worker: "src/worker.ts",
  "data/pictures/host": "src/data/pictures/host.ts",
  "worker/host": "src/worker/host.ts",
};

/** What the build itself adds to modules. */
const ADDED = { "core/numbered": "src/core/numbered.ts" };
/** The command `corteza` (package.json, "bin"). */
const PROGRAMS = { "cli/main": "src/cli/main.ts" };
/** Entries that a page may import from its production build; "corteza/node" is for Node alone. */
const PAGE_ENTRIES = Object.keys(ENTRIES).filter((name) => name !== "node");

/** In one file, workers' scripts no longer lie beside the module that starts them: they lie where the modules of dist are. */
function workersOfModules() {
  return {
    name: "corteza-workers-of-modules",
    transform(code, id) {
      const folder = posix.dirname(id.replaceAll("\\", "/").split("/src/").at(-1) ?? "");
      const moved = code.replaceAll(/(new URL\([^"()]*)"\.\/(\w+\.js)"/g, `$1"./${folder}/$2"`);
      return moved === code ? null : { code: moved, map: null };
    },
  };
}

/**
 * One file a module, where the sources have it, for development and for Node; the same for a page's production build, in
 * `production`; and what "corteza" exports in one file, corteza.min.js, for a plain page.
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
      lib: { entry: { ...ENTRIES, ...ADDED, ...PROGRAMS }, formats: ["es"] },
      rolldownOptions: {
        external: [/^node:/, "sharp"],
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
  await buildProduction(folder, PAGE_ENTRIES);
  await build({
    ...common,
    plugins: [...common.plugins, workersOfModules()],
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
