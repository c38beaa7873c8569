/**
 * `npm run bytes`: what pages fetch of the packed library for a few jobs, by four bundlers, in bytes compressed by gzip; and,
 * with `--modules NAME`, where a job's bytes are. test/package/bytes.test.ts holds the figures.
 *
 * A bundle is run in Chromium and what it asks for is summed up: code that is imported on demand counts where the job needs
 * it, and only there.
 */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { SourceMap } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright";
import { chromiumFlags, ensureChromium } from "./chromium.mjs";
import { buildLibrary } from "./library.mjs";

const root = resolve(import.meta.dirname, "..");

export async function installPacked(folder) {
  const staged = join(folder, "staged");
  mkdirSync(staged, { recursive: true });
  for (const name of ["package.json", "README.md", "LICENSE", "custom-elements.json"])
    copyFileSync(join(root, name), join(staged, name));
  await buildLibrary(join(staged, "dist"));
  const shell = process.platform === "win32";
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent"], { cwd: staged, shell });
  const tarball = readdirSync(staged).find((name) => name.endsWith(".tgz"));
  const modules = join(folder, "node_modules");
  mkdirSync(modules, { recursive: true });
  execFileSync("tar", ["-xzf", join(staged, tarball), "-C", modules]);
  // A tarball's only folder is called "package".
  execFileSync(process.execPath, ["-e", "fs.renameSync('package', 'corteza')"], { cwd: modules });
  rmSync(staged, { recursive: true });
}

const NETWORK = `sequential({ inputShape: [28, 28, 1] }, [
    conv2d({ filters: 32, kernelSize: 3, padding: "same", activation: "relu" }), maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 64, kernelSize: 3, padding: "same", activation: "relu" }), maxPooling2d({ poolSize: 2 }),
    flatten(), dense({ units: 10 }),
  ])`;
export const JOBS = {
  "train the reference network": `
    import { adam, conv2d, createTrainer, dataset, dense, flatten, maxPooling2d, sequential, webgpu } from "corteza";
    const digits = dataset({ images: new Uint8Array(64 * 784), labels: new Uint8Array(64), shape: [28, 28, 1] });
    const trainer = await createTrainer(${NETWORK}, {
      backend: await webgpu(), loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize: 32,
    });
    await trainer.fit(digits, { epochs: 1 });
    globalThis.done = true;`,
  "classify with a loaded model": `
    import { createClassifier, openModel, webgpu } from "corteza/infer";
    const model = await openModel("./model.safetensors");
    const classifier = await createClassifier(model, { backend: await webgpu() });
    await classifier.predict(new Float32Array(784));
    globalThis.done = true;`,
  "read with <digit-pad>": `
    import "corteza/digit-pad";
    import { webgpu } from "corteza/infer";
    const pad = document.createElement("digit-pad");
    pad.backend = await webgpu();
    pad.src = "./model.safetensors";
    pad.addEventListener("prediction", () => { globalThis.done = true; });
    pad.addEventListener("error", ({ error }) => { throw error; });
    document.body.append(pad);
    await pad.show(new Float32Array(784).fill(0.5));`,
  dataset: `
    import { dataset } from "corteza";
    dataset({ images: new Uint8Array(784), labels: new Uint8Array(1), shape: [28, 28, 1] });
    globalThis.done = true;`,
  loadSafetensors: `
    import { loadSafetensors } from "corteza";
    try { loadSafetensors(new Uint8Array(8)); } catch {}
    globalThis.done = true;`,
  "the import alone": `
    import "corteza";
    globalThis.done = true;`,
};

/** Vite's own bundler, Rolldown, by Vite's defaults. */
async function viteBundle(folder, source, out, { plugins = [], sourcemap = false } = {}) {
  const { build } = await import("vite");
  const environment = process.env.NODE_ENV;
  // Vitest's is "test", for which Vite builds what is for development.
  process.env.NODE_ENV = "production";
  try {
    await build({
      ...{ configFile: false, root: folder, logLevel: "error", publicDir: false, plugins },
      build: { outDir: out, sourcemap, rolldownOptions: { input: source, output: { entryFileNames: "main.js" } } },
    });
  } finally {
    if (environment === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = environment;
  }
}

/** Whether a path is named by a pattern in which * stands for a part of a name. */
function matchesGlob(path, pattern) {
  const parts = pattern.split("*").map((part) => part.replace(/[.\\+?^${}()|[\]]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^/]*")}$`).test(path);
}

/** The file that an entry of the package is for a program of `conditions`, as package.json's `exports` say. */
function exported({ exports }, entry, conditions) {
  const targets = Object.entries(exports[entry]);
  return targets.find(([condition]) => conditions.includes(condition))[1];
}

/** Rollup minifies nothing: esbuild does, as plugins of Rollup would have it. */
async function rollupBundle(folder, source, out) {
  const [{ rollup }, { transform }] = await Promise.all([import("rollup"), import("esbuild")]);
  const installed = join(folder, "node_modules/corteza");
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const resolver = {
    name: "node-resolution",
    async resolveId(id, importer) {
      // The conditions of @rollup/plugin-node-resolve.
      const isEntry = /^corteza(\/|$)/.test(id);
      const entry = isEntry && exported(manifest, id.replace("corteza", "."), ["default", "module", "import"]);
      const path = entry ? resolve(installed, entry) : importer && resolve(importer, "..", id);
      if (path === undefined) return null;
      const name = `./${path.slice(installed.length + 1).replaceAll("\\", "/")}`;
      const isPure = !manifest.sideEffects.some((pattern) => matchesGlob(name, pattern));
      return { id: path, moduleSideEffects: !path.startsWith(installed) || !isPure };
    },
  };
  const minifier = {
    name: "minifier",
    renderChunk: async (code) => ({ code: (await transform(code, { minify: true, format: "esm" })).code, map: null }),
  };
  const bundle = await rollup({ input: source, plugins: [resolver, minifier], logLevel: "silent" });
  await bundle.write({ dir: out, format: "es", entryFileNames: "main.js" });
  await bundle.close();
}

async function esbuildBundle(folder, source, out) {
  const { build } = await import("esbuild");
  await build({
    ...{ entryPoints: { main: source }, outdir: out, absWorkingDir: folder, logLevel: "error" },
    ...{ bundle: true, minify: true, splitting: true, format: "esm", target: "es2022" },
  });
}

async function webpackBundle(folder, source, out) {
  const { default: webpack } = await import("webpack");
  const stats = await new Promise((done, failed) =>
    webpack(
      {
        ...{ mode: "production", context: folder, entry: { main: source }, devtool: false },
        output: { path: out, filename: "[name].js", chunkFilename: "[id].js", module: true },
        experiments: { outputModule: true },
        performance: { hints: false },
      },
      (error, result) => (error ? failed(error) : done(result)),
    ),
  );
  if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
}

export const BUNDLERS = {
  vite: viteBundle,
  rollup: rollupBundle,
  esbuild: esbuildBundle,
  webpack: webpackBundle,
};

const PAGE = '<!doctype html><meta charset="utf-8"><script type="module" src="./main.js"></script>';

export class Pages {
  #browser;
  #server;
  #folder = "";
  #asked = new Set();

  static async open() {
    const pages = new Pages();
    pages.#server = createServer((request, response) => pages.#answer(request, response));
    await new Promise((ready) => pages.#server.listen(0, "127.0.0.1", ready));
    pages.#browser = await chromium.launch({ executablePath: ensureChromium(), args: chromiumFlags({ webgpu: true }) });
    return pages;
  }

  #answer(request, response) {
    const name = new URL(request.url, "http://localhost").pathname.slice(1);
    if (name === "") {
      response.writeHead(200, { "Content-Type": "text/html" }).end(PAGE);
      return;
    }
    const path = join(this.#folder, name);
    if (name === "favicon.ico" || !existsSync(path)) {
      response.writeHead(name === "favicon.ico" ? 204 : 404).end();
      return;
    }
    if (name.endsWith(".js")) this.#asked.add(name);
    response
      .writeHead(200, { "Content-Type": name.endsWith(".js") ? "text/javascript" : "application/octet-stream" })
      .end(readFileSync(path));
  }

  async fetched(folder) {
    this.#folder = folder;
    this.#asked.clear();
    const page = await this.#browser.newPage();
    const failures = [];
    let result;
    page.on("pageerror", (error) => failures.push(String(error)));
    page.on("response", (response) => response.ok() || failures.push(`no ${response.url()}`));
    try {
      await page.goto(`http://127.0.0.1:${this.#server.address().port}/`);
      const end = Date.now() + 120_000;
      while (!(await page.evaluate(() => globalThis.done === true))) {
        if (failures.length > 0) throw new Error(`${folder}: ${failures.join("; ")}`);
        if (Date.now() > end) throw new Error(`${folder}: its program did not end within two minutes`);
        await page.waitForTimeout(20);
      }
      result = await page.evaluate(() => globalThis.result);
    } finally {
      await page.close();
    }
    const texts = [...this.#asked].map((name) => readFileSync(join(folder, name)));
    const bytes = texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
    return { bytes, names: [...this.#asked], text: texts.join("\n"), result };
  }

  async close() {
    await this.#browser.close();
    await new Promise((done) => {
      this.#server.close(done);
      this.#server.closeAllConnections();
    });
  }
}

/** Writes a job's source, and the weights that it may ask for beside its bundle. */
export async function bundleJob(folder, bundler, job) {
  const name = `${bundler}-${Object.keys(JOBS).indexOf(job)}`;
  const source = join(folder, `${name}.mjs`);
  writeFileSync(source, JOBS[job]);
  const out = join(folder, name);
  await BUNDLERS[bundler](folder, source, out);
  if (JOBS[job].includes("model.safetensors"))
    writeFileSync(join(out, "model.safetensors"), await referenceNetwork(folder));
  return out;
}

async function referenceNetwork(folder) {
  const library = await import(pathToFileURL(join(folder, "node_modules/corteza/dist/index.js")).href);
  const { conv2d, dense, flatten, maxPooling2d, sequential, toSafetensors } = library;
  const conv = (filters) => conv2d({ filters, kernelSize: 3, padding: "same", activation: "relu" });
  const pool = () => maxPooling2d({ poolSize: 2 });
  const layers = [conv(32), pool(), conv(64), pool(), flatten(), dense({ units: 10, activation: "softmax" })];
  const model = sequential({ inputShape: [28, 28, 1] }, layers);
  return toSafetensors(model.parameters, { config: JSON.stringify(model) });
}

/** Modules of the package with their source maps, which Vite does not look for. */
const mapped = {
  name: "corteza-mapped",
  load(id) {
    if (!id.includes("node_modules/corteza/dist/") || !existsSync(`${id}.map`)) return null;
    return { code: readFileSync(id, "utf8"), map: JSON.parse(readFileSync(`${id}.map`, "utf8")) };
  },
};

/** The text of a bundled file, by the modules of `src` and `shaders` that it comes from. */
function textsBySource(path) {
  const code = readFileSync(path, "utf8");
  const sources = new SourceMap(JSON.parse(readFileSync(`${path}.map`, "utf8")));
  const texts = new Map();
  code.split("\n").forEach((line, row) => {
    for (let column = 0; column < line.length; column++) {
      const source =
        sources
          .findEntry(row, column)
          .originalSource?.split(/\/(?=src\/|shaders\/)/)
          .at(-1) ?? "(bundler)";
      texts.set(source, (texts.get(source) ?? "") + line[column]);
    }
  });
  return texts;
}

/**
 * Where a job's bytes are: of each module that a page fetches, the size of what is left of it, compressed alone, scaled so that
 * all make the whole.
 */
export async function modulesOf(folder, job, pages) {
  const source = join(folder, "modules.mjs");
  writeFileSync(source, JOBS[job]);
  const out = join(folder, "modules");
  await viteBundle(folder, source, out, { plugins: [mapped], sourcemap: "hidden" });
  if (JOBS[job].includes("model.safetensors"))
    writeFileSync(join(out, "model.safetensors"), await referenceNetwork(folder));
  const { bytes, names } = await pages.fetched(out);
  const rows = [];
  // A file without a map only names what another has.
  for (const name of names.filter((one) => existsSync(join(out, `${one}.map`)))) {
    for (const [module, text] of textsBySource(join(out, name)))
      rows.push({ module, bytes: gzipSync(text, { level: 9 }).length });
  }
  const sum = rows.reduce((all, row) => all + row.bytes, 0);
  return rows
    .map((row) => ({ ...row, bytes: Math.round((row.bytes * bytes) / sum) }))
    .sort((a, b) => b.bytes - a.bytes);
}

const kB = (bytes) => (bytes / 1000).toFixed(1).padStart(8);

async function main() {
  const folder = mkdtempSync(join(tmpdir(), "corteza-bytes-"));
  const pages = await Pages.open();
  try {
    await installPacked(folder);
    const wanted = process.argv.indexOf("--modules");
    if (wanted > 0) {
      const job = Object.keys(JOBS).find((name) => name.startsWith(process.argv[wanted + 1] ?? ""));
      console.log(`${job}, by Vite, kB of gzip\n`);
      for (const { module, bytes } of await modulesOf(folder, job, pages)) console.log(`${kB(bytes)}  ${module}`);
      return;
    }
    console.log(
      `kB of gzip${Object.keys(BUNDLERS)
        .map((name) => name.padStart(8))
        .join("")}`,
    );
    for (const job of Object.keys(JOBS)) {
      let line = "";
      for (const bundler of Object.keys(BUNDLERS))
        line += kB((await pages.fetched(await bundleJob(folder, bundler, job))).bytes);
      console.log(`          ${line}  ${job}`);
    }
  } finally {
    await pages.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) await main();
