import { defineConfig, type Plugin } from "vite";
import { buildTarget } from "./scripts/browsers/oldest.mjs";
import { visitChunks } from "./scripts/chunks-plugin.mjs";
import { smallFont } from "./scripts/font-plugin.mjs";
import { offlinePage } from "./scripts/offline-plugin.mjs";
import { preloadedPage } from "./scripts/preload-plugin.mjs";
import { smallShaders } from "./scripts/wgsl-plugin.mjs";
import { sharedWorker } from "./scripts/worker-plugin.mjs";

/** Takes the indentation out of the built page's markup. */
const smallMarkup: Plugin = {
  name: "corteza-small-markup",
  apply: "build",
  transformIndexHtml: (html) => html.replaceAll(/\n\s+/g, "\n"),
};

const families = ["training", "rows", "noise"];
const chunks = visitChunks({
  first: ["demo/start.ts"],
  page: ["demo/main.ts"],
  worker: ["demo/trainer_worker.ts"],
  training: [
    ...families.map((name) => `src/webgpu/rules/families/${name}.ts`),
    "src/webgpu/kernels/softmax.ts",
    ...["src/train/requests.ts", "src/train/checkpointing.ts", "src/nn/optimizer_names.ts"],
  ],
});

/** The demo. The library is built by scripts/build.mjs, the tests are configured in vitest.config.ts. */
export default defineConfig({
  base: "./",
  plugins: [
    smallShaders(),
    sharedWorker(),
    chunks,
    smallMarkup,
    smallFont(),
    preloadedPage("demo/main.ts"),
    offlinePage(),
  ],
  build: {
    outDir: "site",
    target: buildTarget(),
    // Code that is imported when it is needed is one chunk, and no part of it is to be asked for by `document`, which
    // the worker lacks. The page's own chunks keep their links.
    rolldownOptions: {
      // A chunk may import no entry (scripts/chunks.mjs says why): what others want of one is a chunk of its own.
      preserveEntrySignatures: "strict",
      // Modules beside those of the same folder compress best, and in the same way whatever else is imported on demand.
      experimental: { chunkModulesOrder: "module-id" },
    },
    modulePreload: { resolveDependencies: (_, chunks, { hostType }) => (hostType === "html" ? chunks : []) },
  },
});
