import { defineConfig } from "vite";
import { smallShaders } from "./scripts/wgsl-plugin.mjs";

/** The demo. The library is built by scripts/build.mjs, the tests are configured in vitest.config.ts. */
export default defineConfig({
  base: "./",
  plugins: [smallShaders()],
  worker: { format: "es", plugins: () => [smallShaders()] },
  build: { outDir: "site", target: "es2022" },
});
