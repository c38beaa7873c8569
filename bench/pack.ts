/**
 * `npm run bench:pack [-- --out .gpu] [--predict reference:64,…]`: all that a machine with a GPU, without node_modules, runs and measures
 * (`bash .gpu/all.sh`, see pack/all.sh), beside the kit that `shared/gpu/pack.sh` makes: the bench, tests and measurements, each
 * bundled with its shaders into one file, of which only "webgpu" must resolve there; MNIST; `pytorch.py`; and what the model of time
 * expects of the works of `--predict`, for which it needs the tools of `npm run bench:isa`. `--predict none` leaves that out.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build } from "vite";
import { CardCompiler } from "./isa/compile.ts";
import { predict } from "./pack/predictions.ts";
import { worksOf } from "./pack/works.ts";
import { commit, versions } from "./report.ts";

const { values: options } = parseArgs({
  options: {
    out: { type: "string", default: ".gpu" },
    predict: {
      type: "string",
      default:
        "reference:1,reference:16,reference:64,reference:256,reference:1024,vgg64:64,vgg224:8,resnet32:128,reference:4",
    },
  },
});
const root = resolve(import.meta.dirname, "..");
const out = resolve(options.out);
const MNIST = ["train-images.idx3", "train-labels.idx1", "test-images.idx3", "test-labels.idx1"].map(
  (name) => `mnist-${name}-ubyte.gz`,
);

/** Bundles `entry` into one file of the folder. `alias`: other modules in the place of those that it imports. */
async function bundle(entry: string, name: string, alias: Readonly<Record<string, string>> = {}): Promise<void> {
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: "error",
    // What the machine that runs it cannot find out.
    define: {
      "process.env.CORTEZA_COMMIT": JSON.stringify(commit()),
      "process.env.CORTEZA_VERSIONS": JSON.stringify(versions()),
      // Tests ask Vite for what is in the script's environment.
      "import.meta.env": "process.env",
    },
    // Packages' browser builds: their Node builds want files and native modules.
    resolve: {
      alias,
      conditions: ["module", "browser", "import", "default"],
      mainFields: ["module", "browser", "main"],
    },
    ssr: { noExternal: true, external: ["webgpu"], target: "node" },
    build: {
      ssr: resolve(import.meta.dirname, entry),
      outDir: out,
      emptyOutDir: false,
      target: "node20",
      minify: false,
      rolldownOptions: {
        external: ["webgpu", /^node:/],
        output: { entryFileNames: name, format: "es", codeSplitting: false },
      },
    },
  });
  const megabytes = (statSync(join(out, name)).size / 1e6).toFixed(1);
  console.log(`packed ${join(options.out, name)}, ${megabytes} MB`);
}

await bundle("dawn.ts", "bench.mjs");
await bundle("pack/measure.ts", "measure.mjs");
await bundle("pack/tests.ts", "tests.mjs", { vitest: resolve(import.meta.dirname, "pack/vitest.ts") });

// Threads of WebAssembly, which nothing here starts.
rmSync(join(out, "assets"), { recursive: true, force: true });

copyFileSync(resolve(import.meta.dirname, "pack/all.sh"), join(out, "all.sh"));
copyFileSync(resolve(import.meta.dirname, "pytorch.py"), join(out, "pytorch.py"));
const data = resolve(root, "public/data");
if (!MNIST.every((name) => existsSync(join(data, name)))) {
  const { status } = spawnSync(process.execPath, [resolve(root, "scripts/prepare-data.mjs")], { stdio: "inherit" });
  if (status !== 0) throw new Error("bench:pack: scripts/prepare-data.mjs has not made MNIST's files.");
}
mkdirSync(join(out, "mnist"), { recursive: true });
for (const name of MNIST) copyFileSync(join(data, name), join(out, "mnist", name));

if (options.predict !== "none") {
  const folder = mkdtempSync(join(tmpdir(), "corteza-pack-"));
  try {
    const predictions = await predict(worksOf(options.predict), new CardCompiler(folder));
    writeFileSync(join(out, "predictions.json"), `${JSON.stringify(predictions)}\n`);
    console.log(`predicted ${predictions.map(({ work }) => work).join(", ")}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
