/**
 * `npm run build`: dist/ with ES modules, their types, and one self-contained file, corteza.min.js, which a plain page
 * imports without a server or a bundler.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { installPackages } from "./install.mjs";

installPackages();
const { build } = await import("vite");
const { smallShaders } = await import("./wgsl-plugin.mjs");
const root = resolve(import.meta.dirname, "..");
const dist = resolve(root, "dist");
rmSync(dist, { recursive: true, force: true });

const common = { configFile: false, root, logLevel: "warn", publicDir: false, plugins: [smallShaders()] };
await build({
  ...common,
  build: {
    outDir: dist,
    target: "es2022",
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
    rollupOptions: {
      external: /^node:/,
      output: { chunkFileNames: "chunks/[name]-[hash].js", entryFileNames: "[name].js" },
    },
  },
});
await build({
  ...common,
  build: {
    outDir: dist,
    emptyOutDir: false,
    target: "es2022",
    lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "corteza.min.js" },
    // Vite's own `minify` leaves the whitespace of ES libraries in.
    rollupOptions: { output: { codeSplitting: false, minify: true } },
  },
});
const types = spawnSync(
  process.execPath,
  [resolve(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"],
  {
    cwd: root,
    stdio: "inherit",
  },
);
if (types.status !== 0) process.exit(1);
for (const name of readdirSync(dist)) {
  const path = resolve(dist, name);
  if (!statSync(path).isFile() || !name.endsWith(".js")) continue;
  const bytes = readFileSync(path);
  console.log(
    `dist/${name}  ${(bytes.length / 1000).toFixed(1)} kB, ${(gzipSync(bytes, { level: 9 }).length / 1000).toFixed(1)} kB gzipped`,
  );
}
