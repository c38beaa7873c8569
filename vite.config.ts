import { defineConfig } from "vite";
import { offlinePage } from "./scripts/offline-plugin.mjs";
import { smallShaders } from "./scripts/wgsl-plugin.mjs";
import { sharedWorker } from "./scripts/worker-plugin.mjs";

/** The demo. The library is built by scripts/build.mjs, the tests are configured in vitest.config.ts. */
export default defineConfig({
  base: "./",
  plugins: [smallShaders(), sharedWorker(), offlinePage()],
  build: { outDir: "site", target: "es2022" },
});
