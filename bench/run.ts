/**
 * `npm run bench`: us and the peers on the same work, in one page of one Chromium. `bench/README.md` says how to use it,
 * what the rows mean and how it is kept fair.
 */
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright";
import { judge, PAGE_BARS, verdictLine } from "./bars.ts";
import { type Entrant, heat, type Pace } from "./heat.ts";
import { type Job, jobName, makeBatch, NETWORKS } from "./jobs.ts";
import { jsTime } from "./js_time.ts";
import { type BenchServer, MAX_MILLISECONDS, serveBench } from "./open_page.ts";
import type { EngineName } from "./page/main.ts";
import { pageStage } from "./page_stage.ts";
import { machine, Report, writeReport } from "./report.ts";
import { figure, findRow, rowOf } from "./rows.ts";
import type { Stage } from "./stage.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "cold,train,js,infer,nets,kernels" },
    batches: { type: "string", default: "1,16,61,64,256,1024" },
    "infer-batches": { type: "string", default: "1,64" },
    engines: { type: "string", default: "tfjs-webgpu,tfjs-webgl,jax-js,onnx-webgpu,onnx-wasm" },
    rounds: { type: "string" },
    out: { type: "string" },
  },
});
const { quick } = options;
const started = performance.now();
const only = (quick ? "cold,train,js,infer,nets" : options.only).split(",");
const batches = quick ? [61, 64] : options.batches.split(",").map(Number);
const inferBatches = quick ? [64] : options["infer-batches"].split(",").map(Number);
const wanted = options.engines.split(",");
const peers = (...names: EngineName[]): EngineName[] => names.filter((name) => wanted.includes(name));
const pace: Pace = {
  rounds: Number(options.rounds ?? (quick ? 5 : 9)),
  peerMilliseconds: quick ? 5_000 : 60_000,
  warmups: quick ? 2 : 3,
};
/** Of a peer's cold start that takes longer, the later steps, whose launches are counted, are left out of a quick run. */
const countUntil = quick ? 6_000 : MAX_MILLISECONDS;

const report = new Report();
const { rows } = report;

let server: BenchServer | undefined;
let failed = false;
try {
  server = await serveBench();
  const shared = await server.open();
  report.say(await header(shared.browser, shared.page));
  // Cold starts come first and alone: each in a browser of its own, whose caches are empty.
  await shared.browser.close();
  if (only.includes("cold")) await coldStarts(server);
  const { page } = await server.open();
  const stage = pageStage(page);
  if (only.includes("train")) await trainings(stage);
  if (only.includes("js")) await javascript(page, stage);
  if (only.includes("infer")) await inferences(stage);
  if (only.includes("nets")) await largerNetworks(stage);
  if (only.includes("kernels")) await kernels(page, stage);
} catch (error) {
  console.error(error);
  failed = true;
} finally {
  await server?.close();
}

const verdicts = judge(PAGE_BARS, rows);
report.say("bars", ...verdicts.map(verdictLine));
// A quick run is there to cover every bar: what it did not measure did not pass.
const missed = verdicts.filter(({ outcome }) => outcome === "miss" || (quick && outcome === "not measured")).length;
const passed = verdicts.filter(({ outcome }) => outcome === "pass").length;
report.say(
  `${passed} of ${verdicts.length} bars reached, ${verdicts.length - passed - missed} not measured, ` +
    `in ${((performance.now() - started) / 1000).toFixed(0)} s`,
);
const wrong = rows.filter(({ metric }) => metric === "failed").length;
if (wrong > 0) report.say(`${wrong} engines failed or computed something else: see above`);
if (options.out) writeReport(options.out, report, verdicts);
process.exitCode = failed || missed > 0 || wrong > 0 ? 1 : 0;

async function header(browser: Browser, page: Page): Promise<string> {
  const adapter = await page.evaluate(() => globalThis.bench.adapter());
  report.about = {
    ...machine(),
    adapter,
    browser: `Chromium ${browser.version()}`,
    command: ["npm run bench", ...(process.argv.length > 2 ? ["--", ...process.argv.slice(2)] : [])].join(" "),
  };
  return Object.entries(report.about)
    .map(([name, value]) => `${`${name}:`.padEnd(10)} ${value}`)
    .join("\n");
}

/** Each engine alone in a fresh browser: the time to the first step, then what a step and the whole of it cost the GPU. */
async function coldStarts({ open }: BenchServer): Promise<void> {
  const job: Job = { kind: "train", network: "reference", batch: 64 };
  const name = jobName(job);
  const data = makeBatch(NETWORKS[job.network], job.batch);
  const lines: string[][] = [
    [
      "engine",
      "first step ms",
      "later",
      "GPU MB",
      "at most",
      "dispatches",
      "submits",
      "buffers",
      "bind groups",
      "writes",
    ],
  ];
  const names = quick ? peers("jax-js", "tfjs-webgpu") : peers("jax-js", "tfjs-webgpu", "tfjs-webgl");
  for (const engine of ["corteza", ...names] satisfies EngineName[]) {
    const { browser, page } = await open();
    const alone = await page.evaluate(([who, what, until]) => globalThis.bench.alone(who, what, until), [
      engine,
      job,
      engine === "corteza" ? MAX_MILLISECONDS : countUntil,
    ] as const);
    await browser.close();
    const add = (metric: Parameters<typeof rowOf>[2], ...values: number[]) =>
      rows.push(rowOf(name, engine, metric, values));
    // Ours keeps the batch as bytes, peers as floats with one-hot labels.
    const own = alone.planned?.dataset ?? data.floats.byteLength + data.oneHot.byteLength;
    add("first ms", alone.firstMilliseconds);
    const ours = findRow(rows, name, "corteza", "first ms");
    if (engine !== "corteza" && ours) add("first ratio", alone.firstMilliseconds / ours.median);
    add("pipelines", alone.first.pipelines);
    if (engine !== "tfjs-webgl") {
      add("GPU bytes", alone.end.liveBytes - own);
      add("GPU bytes at most", alone.end.peakBytes - own);
    }
    if (alone.reportedBytes !== undefined) add("GPU bytes reported", alone.reportedBytes - own);
    if (alone.planned) add("GPU bytes planned", alone.planned.bytes);
    if (engine === "corteza") {
      add("GPU bytes unaccounted", Math.abs(alone.end.liveBytes - (alone.reportedBytes ?? 0)));
    }
    const { steady } = alone;
    if (steady) {
      add("dispatches", steady.dispatches);
      add("submits", steady.submits);
      add("new buffers", steady.buffers);
      add("new bind groups", steady.bindGroups);
      add("writes", steady.writes);
    }
    const bytes = (metric: "GPU bytes" | "GPU bytes at most"): string => {
      const row = findRow(rows, name, engine, metric) ?? findRow(rows, name, engine, "GPU bytes reported");
      return row === undefined ? "" : (row.median / 1e6).toFixed(1);
    };
    lines.push([
      engine,
      figure(alone.firstMilliseconds),
      alone.laterMilliseconds.map(figure).join(", "),
      bytes("GPU bytes"),
      bytes("GPU bytes at most"),
      ...[steady?.dispatches, steady?.submits, steady?.buffers, steady?.bindGroups, steady?.writes].map((count) =>
        count === undefined ? "" : String(count),
      ),
    ]);
  }
  const megabytes = (metric: "GPU bytes planned" | "GPU bytes reported" | "GPU bytes"): string =>
    ((findRow(rows, name, "corteza", metric)?.median ?? Number.NaN) / 1e6).toFixed(3);
  report.table(`${name}, each alone in a fresh browser`, lines, [
    `Ours: the plan wanted ${megabytes("GPU bytes planned")} MB; with the buffer that losses are read through, ` +
      `${megabytes("GPU bytes")} MB were counted; the backend says ${megabytes("GPU bytes reported")} MB.`,
  ]);
}

async function trainings(stage: Stage): Promise<void> {
  const entrant = (engine: EngineName, batch: number): Entrant => ({
    engine,
    job: { kind: "train", network: "reference", batch },
  });
  for (const batch of batches.filter((size) => size !== 61 || !batches.includes(64))) {
    // TF.js needs minutes for the larger batches on a software adapter, and its ratio does not change with them.
    const others = peers("jax-js", "tfjs-webgl", "tfjs-webgpu").filter(
      (name) => batch <= 64 || name === "jax-js" || process.env["CORTEZA_ADAPTER"] === "hardware",
    );
    await heat(
      stage,
      report,
      entrant("corteza", batch),
      others.map((name) => entrant(name, batch)),
      pace,
    );
  }
  if (!quick && batches.includes(64)) {
    const { engine, job } = entrant("corteza", 64);
    const handle = await stage.open(engine, job);
    if (handle !== undefined) {
      report.say(`${jobName(job)}, where the time of a step goes`, await stage.profile(handle), "");
      await stage.close(handle);
    }
  }
  if (batches.includes(61) && batches.includes(64)) {
    await heat(stage, report, entrant("corteza", 64), [entrant("corteza", 61)], { ...pace, rounds: 2 * pace.rounds });
  }
}

async function javascript(page: Page, stage: Stage): Promise<void> {
  const others = quick ? [] : peers("jax-js", "tfjs-webgpu", "tfjs-webgl");
  const job: Job = { kind: "train", network: "reference", batch: 1 };
  const entrants = (["corteza", ...others] satisfies EngineName[]).map((engine) => ({ engine, job }));
  await jsTime(page, stage, report, entrants, jobName({ ...job, batch: 64 }));
}

async function inferences(stage: Stage): Promise<void> {
  for (const batch of inferBatches) {
    const job: Job = { kind: "infer", network: "reference", batch };
    // A quick run takes only whom a bar names.
    const others = quick
      ? peers("jax-js", "tfjs-webgpu")
      : peers("jax-js", "tfjs-webgpu", "tfjs-webgl", "onnx-webgpu", "onnx-wasm");
    await heat(
      stage,
      report,
      { engine: "corteza", job },
      others.map((engine) => ({ engine, job })),
      pace,
    );
  }
}

async function largerNetworks(stage: Stage): Promise<void> {
  const jobs: Job[] = [
    { kind: "train", network: "vgg64", batch: 4 },
    { kind: "train", network: "resnet32", batch: 16 },
  ];
  if (!quick) jobs.push({ kind: "train", network: "vgg224", batch: 1 });
  for (const job of jobs) {
    // Whole runs find jax-js to be the better peer on SwiftShader; a quick run takes that for granted.
    const others = quick ? peers("jax-js") : peers("jax-js", "tfjs-webgl", "tfjs-webgpu");
    await heat(
      stage,
      report,
      { engine: "corteza", job },
      others.map((engine) => ({ engine, job })),
      { ...pace, rounds: Math.ceil(pace.rounds / 2) },
    );
    const ratios = others
      .map((engine) => findRow(rows, jobName(job), engine, "ratio"))
      .filter((row) => row !== undefined)
      .sort((a, b) => a.median - b.median);
    if (ratios[0]) rows.push({ ...ratios[0], engine: "better peer" });
  }
}

/** Matrix product and convolution alone, against the most that the adapter does. */
async function kernels(page: Page, stage: Stage): Promise<void> {
  const hardware = process.env["CORTEZA_ADAPTER"] === "hardware";
  const jobs: Job[] = [
    { kind: "matmul", size: hardware ? 1024 : 512 },
    { kind: "conv", batch: hardware ? 32 : 4, size: 28, channels: 64 },
  ];
  for (const job of jobs) {
    const peak = await page.evaluate(() => globalThis.bench.peak());
    await heat(
      stage,
      report,
      { engine: "corteza", job },
      peers("jax-js", "tfjs-webgpu", "tfjs-webgl").map((engine) => ({ engine, job })),
      pace,
      { peak },
    );
  }
}
