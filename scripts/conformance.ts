/**
 * Holds the library against results that others computed (../shared/conformance), all of them:
 *
 *     npm run conformance -- [--backend cpu|wasm|webgpu|all] [--browser node|chromium|firefox] [--source torch/conv2d,keras-js]
 *                            [--webgpu-every 8] [--shapes 5000] [--seed 1] [--out docs/conformance.md]
 *     npm run conformance -- --source oracle [--oracle-networks 40] [--seed 1]
 *
 * `--source`: only sources that begin so; `--source none`: none, for random shapes or the document alone;
 * `--source oracle`: random networks, numbered from the seed on, that PyTorch computes on this machine (Debian's package
 * python3-torch), only where it is named, and in Node. `--webgpu-every`: on WebGPU each Nth case only, as a software GPU
 * compiles every case's kernels for a second. `--shapes`: random shapes on which WebGPU and WebAssembly must agree with the
 * CPU reference. `--out`: writes the document there, from the results of this run and those that earlier runs left. Exits
 * with 1 when a case fails, a file is missing, or a case got lost.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { cpu } from "../src/cpu.ts";
import { type Backend, wasm, webgpu } from "../src/index.ts";
import { oracleSuite } from "../test/conformance/oracle/suite.ts";
import { type RunEvent, type RunRequest, runConformance, type SourceResult } from "../test/conformance/run.ts";
import { suites } from "../test/conformance/suites.ts";
import { runInBrowser } from "./conformance_browser.ts";
import { conformanceDocument } from "./conformance_document.ts";
import { keepResult, keptResults, type Place } from "./conformance_results.ts";
import { driverName } from "./firefox.mjs";

const { values: options } = parseArgs({
  options: {
    backend: { type: "string", default: "cpu" },
    browser: { type: "string", default: "node" },
    source: { type: "string", default: "" },
    "webgpu-every": { type: "string", default: "1" },
    shapes: { type: "string" },
    seed: { type: "string", default: "1" },
    "oracle-networks": { type: "string", default: "40" },
    out: { type: "string" },
  },
});

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) fail(`--${name} wants a whole number of at least 1, got "${text}".`);
  return value;
}

const BACKENDS: Readonly<Record<string, readonly Place["backend"][]>> = {
  cpu: ["cpu"],
  wasm: ["wasm"],
  webgpu: ["webgpu"],
  all: ["cpu", "wasm", "webgpu"],
};
const backends = BACKENDS[options.backend] ?? fail(`--backend is cpu, wasm, webgpu or all, not "${options.backend}".`);
const browser =
  (["node", "chromium", "firefox"] as const).find((name) => name === options.browser) ??
  fail(`--browser is node, chromium or firefox, not "${options.browser}".`);
const webgpuEvery = wholeNumber("webgpu-every", options["webgpu-every"]);
const shapes = options.shapes === undefined ? 0 : wholeNumber("shapes", options.shapes);
const seed = wholeNumber("seed", options.seed);
const names = suites.map(({ source }) => source);
const prefixes = options.source.split(",");
const sources = options.source === "none" ? [] : names.filter((name) => prefixes.some((one) => name.startsWith(one)));
// Only when named: it wants PyTorch on this machine.
const drawn = prefixes.includes("oracle")
  ? [oracleSuite(wholeNumber("oracle-networks", options["oracle-networks"]), seed)]
  : [];
if (drawn.length > 0 && browser !== "node") fail("--source oracle asks a PyTorch beside it: leave --browser out.");
sources.push(...drawn.map(({ source }) => source));
if (sources.length === 0 && options.source !== "none") {
  fail(`--source ${options.source}: no such source. There are: ${names.join(", ")}.`);
}

/** Dawn's Node binding must not be collected while a device lives. */
let dawn: GPU | undefined;

async function openInNode(backend: Place["backend"]): Promise<Backend> {
  if (backend === "cpu") return cpu({ precision: "f64" });
  if (backend === "wasm") return wasm();
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  dawn ??= create([]);
  return webgpu({ gpu: dawn, quickStart: false });
}

let failed = 0;

function print({ source, every, passed, inScope, total, seconds, seed: drawn, failures, outOfScope }: SourceResult) {
  const which = drawn === undefined ? (every === 1 ? "every case" : `each ${every}th case`) : `seed ${drawn}`;
  console.log(`${source}, ${which}: ${passed} passed / ${inScope} in scope / ${total} · ${seconds} s`);
  for (const failure of failures) console.log(`  FAILED ${failure}`);
  for (const [reason, count] of Object.entries(outOfScope)) console.log(`  out of scope: ${count} × ${reason}`);
  failed += failures.length;
}

/** How often a line says how far a source is. */
const PROGRESS_MS = 20_000;

async function runAt(place: Place): Promise<void> {
  const every = place.backend === "webgpu" ? webgpuEvery : 1;
  const agreeing = place.backend === "cpu" ? 0 : shapes;
  // Firefox sees results on a poll every 100 ms: many cases wait for it together.
  const concurrency = place.browser === "firefox" ? 16 : 4;
  const request: RunRequest = { backend: place.backend, sources, every, shapes: agreeing, seed, concurrency };
  let description = "";
  let printed = performance.now();
  let kept = Promise.resolve();
  const hear = (event: RunEvent, userAgent = ""): void => {
    if (event.type === "opened") {
      const version = /(Firefox|Chrome)\/[\d.]+/.exec(userAgent)?.[0].replace("/", " ");
      const driver = place.browser === "firefox" && place.backend === "webgpu" ? driverName() : undefined;
      description = [event.description, driver, version].filter((part) => part !== undefined).join(" · ");
      console.log(`${place.backend} in ${place.browser}: ${description}`);
    } else if (event.type === "result") {
      print(event.result);
      kept = kept.then(() => keepResult(place, description, event.result));
    } else if (event.type === "progress" && performance.now() - printed > PROGRESS_MS) {
      printed = performance.now();
      console.log(`  … ${event.source}: ${event.cases} cases`);
    }
  };
  try {
    if (place.browser === "node") {
      await runConformance(request, () => openInNode(place.backend), hear, [...suites, ...drawn]);
    } else await runInBrowser(place.browser, request, hear);
  } finally {
    await kept;
  }
}

try {
  for (const backend of sources.length > 0 || shapes > 0 ? backends : []) await runAt({ backend, browser });
} catch (error) {
  failed++;
  console.log(`BROKEN OFF: ${error instanceof Error ? error.message : String(error)}`);
}
if (options.out !== undefined) await writeFile(options.out, conformanceDocument(await keptResults(), names));
console.log(failed === 0 ? "no case failed" : `${failed} FAILED`);
if (failed > 0) process.exitCode = 1;
