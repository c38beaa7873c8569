/**
 * Our own speed before a change and after it, in one run: the step of the reference network, and the first step of a page.
 *
 *     npm run bench:before -- --ref v0.1.0 [--rounds 40] [--pages 10] [--out FILE]      (--rounds 0: pages only)
 *
 * `--ref` is the commit before; after is the working tree. Both are built as npm would publish them, the one before with its
 * own packages, which are installed for it. Steps take turns in one process of Node (Dawn); pages each in a Chromium of its
 * own with an empty cache, from navigation to the end of the first step, as Vite builds them for production. Ratios are
 * after : before of neighbours; what they scatter is printed beside the median.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { chromiumFlags, ensureChromium } from "../scripts/chromium.mjs";
import { buildLibrary } from "../scripts/library.mjs";

const { values: options } = parseArgs({
  options: {
    ref: { type: "string" },
    rounds: { type: "string", default: "40" },
    pages: { type: "string", default: "10" },
    out: { type: "string" },
  },
});
if (options.ref === undefined) throw new Error("usage: npm run bench:before -- --ref COMMIT");
const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "corteza-before-"));
const checkout = join(folder, "checkout");
const lines: string[] = [];
const say = (line: string) => {
  lines.push(line);
  console.log(line);
};

/** A package as npm would install it, in a folder where bundlers and Node find it by its name. */
interface Installed {
  readonly folder: string;
  readonly dist: string;
}

function installed(name: string): Installed {
  const home = join(folder, name);
  const dist = join(home, "node_modules/corteza/dist");
  mkdirSync(dist, { recursive: true });
  return { folder: home, dist };
}

/** A commit, built in a checkout of its own with its own packages. */
function before(ref: string): Installed {
  execFileSync("git", ["worktree", "add", "--detach", "--quiet", checkout, ref], { cwd: root });
  execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: checkout, stdio: "ignore" });
  const place = installed("before");
  cpSync(join(checkout, "dist"), place.dist, { recursive: true });
  copyFileSync(join(checkout, "package.json"), join(place.dist, "../package.json"));
  return place;
}

async function after(): Promise<Installed> {
  const place = installed("after");
  await buildLibrary(place.dist);
  copyFileSync(join(root, "package.json"), join(place.dist, "../package.json"));
  return place;
}

const instances: GPU[] = [];

type Library = typeof import("../src/index.ts");

/** A trainer of the reference network at batch 64, whose kernels are the final ones; `step` takes some steps. */
async function openTrainer(dist: string): Promise<(steps: number) => Promise<number>> {
  const library: Library = await import(pathToFileURL(join(dist, "index.js")).href);
  const { adam, conv2d, createTrainer, dataset, dense, flatten, maxPooling2d, sequential, webgpu } = library;
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const gpu = create([]);
  // Before 0.1.0 nothing kept Dawn's instance, which must not be collected while the device lives.
  instances.push(gpu);
  const backend = await webgpu({ gpu, quickStart: false });
  const model = sequential({ inputShape: [28, 28, 1] }, [
    ...[conv2d({ filters: 32, kernelSize: 3, padding: "same", activation: "relu" }), maxPooling2d({ poolSize: 2 })],
    ...[conv2d({ filters: 64, kernelSize: 3, padding: "same", activation: "relu" }), maxPooling2d({ poolSize: 2 })],
    ...[flatten(), dense({ units: 10 })],
  ]);
  const digits = dataset({
    images: Uint8Array.from({ length: 1024 * 784 }, (_, i) => Math.imul(i, 2654435761) >>> 24),
    labels: Uint8Array.from({ length: 1024 }, (_, i) => i % 10),
    shape: [28, 28, 1],
  });
  const trainer = await createTrainer(model, {
    ...{ backend, loss: "sparseCategoricalCrossentropy" as const, optimizer: adam(), batchSize: 64 },
  });
  return async (steps) => {
    const started = performance.now();
    await trainer.fit(digits, { steps });
    return (performance.now() - started) / steps;
  };
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const quantile = (values: readonly number[], share: number) =>
  sorted(values)[Math.round(share * (values.length - 1))] as number;

/** Pairs [before, after], as one line. */
function report(what: string, unit: string, pairs: readonly (readonly [number, number])[]): void {
  const ratios = pairs.map(([before, after]) => after / before);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(ratios, share).toFixed(3));
  const least = Math.min(...pairs.map(([, after]) => after)) / Math.min(...pairs.map(([before]) => before));
  const medians = [0, 1].map((side) =>
    quantile(
      pairs.map((pair) => pair[side] as number),
      0.5,
    ).toFixed(1),
  );
  say(
    `${what}: after : before ${middle} (quartiles ${low} to ${high}), least : least ${least.toFixed(3)}; ` +
      `medians ${medians[0]} and ${medians[1]} ${unit}, ${pairs.length} pairs`,
  );
}

const STEPS_AT_A_TIME = 4;
const SETTLING_ROUNDS = 5;

async function compareSteps(places: readonly Installed[]): Promise<void> {
  const trainers = await Promise.all(places.map(({ dist }) => openTrainer(dist)));
  const pairs: [number, number][] = [];
  for (let round = 0; round < SETTLING_ROUNDS + Number(options.rounds); round++) {
    // Who comes first changes, since the second finds warmer caches.
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    const pair: [number, number] = [0, 0];
    for (const side of order) pair[side] = (await trainers[side]?.(STEPS_AT_A_TIME)) ?? Number.NaN;
    if (round >= SETTLING_ROUNDS) pairs.push(pair);
  }
  report("step of the reference network, batch 64, Node", "ms", pairs);
}

const SOURCE = `
  import { adam, conv2d, createTrainer, dataset, dense, flatten, maxPooling2d, sequential, webgpu } from "corteza";
  const digits = dataset({ images: new Uint8Array(64 * 784), labels: new Uint8Array(64), shape: [28, 28, 1] });
  const model = sequential({ inputShape: [28, 28, 1] }, [
    conv2d({ filters: 8, kernelSize: 3, padding: "same", activation: "relu" }), maxPooling2d({ poolSize: 2 }),
    flatten(), dense({ units: 10 }),
  ]);
  const backend = await webgpu();
  const trainer = await createTrainer(model, { backend, loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize: 32 });
  await trainer.fit(digits, { steps: 1 });
  globalThis.done = performance.now();`;

/** A page that takes one training step, as Vite builds it for production; its folder's address. */
async function builtPage({ folder: home }: Installed): Promise<string> {
  const { build } = await import("vite");
  const source = join(home, "page.mjs");
  writeFileSync(source, SOURCE);
  const out = join(home, "page");
  const environment = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = "production";
  await build({
    ...{ configFile: false, root: home, logLevel: "error", publicDir: false, mode: "production" },
    // Each page lies in a folder of its own: what it fetches ahead of an import must be asked for there.
    base: "./",
    build: {
      outDir: out,
      emptyOutDir: true,
      rolldownOptions: { input: source, output: { entryFileNames: "main.js" } },
    },
  });
  if (environment === undefined) delete process.env["NODE_ENV"];
  else process.env["NODE_ENV"] = environment;
  writeFileSync(
    join(out, "index.html"),
    '<!doctype html><meta charset="utf-8"><script type="module" src="main.js"></script>',
  );
  return `/${relative(folder, out)}/index.html`;
}

async function comparePages(places: readonly Installed[]): Promise<void> {
  const pages: string[] = [];
  for (const place of places) pages.push(await builtPage(place));
  const server = createServer((request, response) => {
    const path = join(folder, new URL(request.url ?? "/", "http://localhost").pathname);
    if (!existsSync(path)) return response.writeHead(404).end();
    const type = path.endsWith(".js") ? "text/javascript" : "text/html";
    return response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store" }).end(readFileSync(path));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  const pairs: [number, number][] = [];
  try {
    for (let round = 0; round < 1 + Number(options.pages); round++) {
      const pair: [number, number] = [0, 0];
      for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
        // A browser of its own each: one that is open keeps compiled shaders.
        const browser = await chromium.launch({
          executablePath: ensureChromium(),
          args: chromiumFlags({ webgpu: true }),
        });
        const page = await browser.newPage();
        await page.goto(`http://127.0.0.1:${port}${pages[side]}`);
        const done = await page.waitForFunction(() => (globalThis as { done?: number }).done, undefined, {
          timeout: 120_000,
        });
        pair[side] = (await done.jsonValue()) as number;
        await browser.close();
      }
      if (round > 0) pairs.push(pair);
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
  report("a page's first step, from its navigation, Chromium", "ms", pairs);
}

try {
  const name = (ref: string) =>
    execFileSync("git", ["describe", "--always", ref], { cwd: root, encoding: "utf8" }).trim();
  say(`before: ${name(options.ref)}, after: the working tree at ${name("HEAD")}`);
  const places = [before(options.ref), await after()];
  if (options.rounds !== "0") await compareSteps(places);
  await comparePages(places);
  if (options.out) writeFileSync(options.out, `${lines.join("\n")}\n`);
} finally {
  execFileSync("git", ["worktree", "remove", "--force", checkout], { cwd: root });
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
