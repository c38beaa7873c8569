/**
 * `npm run bench:pack [-- OUT.mjs]`: bundles `bench/dawn.ts`, shaders and peers included, into one file for a machine
 * without node_modules; only "webgpu" must resolve there. By default it goes beside the kit that `shared/gpu/pack.sh`
 * makes: `.gpu/bench.mjs`.
 */
import { basename, dirname, resolve } from "node:path";
import { build } from "vite";
import { commit, versions } from "./report.ts";

const out = resolve(process.argv[2] ?? ".gpu/bench.mjs");
await build({
  root: resolve(import.meta.dirname, ".."),
  configFile: false,
  publicDir: false,
  logLevel: "error",
  // What the machine that runs it cannot find out.
  define: {
    "process.env.CORTEZA_COMMIT": JSON.stringify(commit()),
    "process.env.CORTEZA_VERSIONS": JSON.stringify(versions()),
  },
  // Packages' browser builds: their Node builds want files and native modules.
  resolve: { conditions: ["module", "browser", "import", "default"], mainFields: ["module", "browser", "main"] },
  ssr: { noExternal: true, external: ["webgpu"], target: "node" },
  build: {
    ssr: resolve(import.meta.dirname, "dawn.ts"),
    outDir: dirname(out),
    emptyOutDir: false,
    target: "node20",
    minify: false,
    rolldownOptions: {
      external: ["webgpu", /^node:/],
      output: { entryFileNames: basename(out), format: "es", codeSplitting: false },
    },
  },
});
console.log(`packed ${process.argv[2] ?? ".gpu/bench.mjs"}`);
