/**
 * Every bar of the WebAssembly backend in one run, beside PyTorch, onnxruntime-web, jax-js and TF.js on the same machine:
 *
 *     npm run bench:wasm-bars [-- --rounds 5 --python python3 --processor --only torch,infer,page,mnist --out FILE.json]
 *
 * Ends with a table of bars, pass or miss, and 1 as the code of exit where one was missed or not measured. In Node we and PyTorch
 * take turns, round by round: the same networks, weights and images (bench/jobs.ts), on one thread and on two; so do we and
 * onnxruntime-web. In one page of Chromium we, jax-js' WebAssembly and TF.js' WebGL take turns (`heat`), after a cold start of
 * ours in a browser of its own. Then the whole run of `npm run train` on MNIST. Bars hold the median of the rounds' ratios.
 *
 * Wants two idle cores. `--processor`: on one thread the time of the processor, which counts other programs less, for all that runs
 * in Node; two threads and the page are always by the clock. `--python`: a Python with PyTorch (Debian's: /usr/bin/python3).
 */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import * as runtime from "onnxruntime-web/wasm";
import { median } from "../src/core/median.ts";
import type { Backend } from "../src/graph/backend.ts";
import { wasm } from "../src/index.ts";
import { judge, verdictLine, WASM_BARS } from "./bars.ts";
import { engineOn } from "./engines/corteza.ts";
import type { Work } from "./engines/engine.ts";
import { start as startOnnx } from "./engines/onnx.ts";
import { heat } from "./heat.ts";
import { type Job, jobName, type NetworkName } from "./jobs.ts";
import { MAX_MILLISECONDS, serveBench } from "./open_page.ts";
import { pageStage } from "./page_stage.ts";
import { pytorchRound } from "./pytorch_round.ts";
import { machine, Report, writeReport } from "./report.ts";
import { figure, type Metric, rowOf } from "./rows.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    python: { type: "string", default: "python3" },
    processor: { type: "boolean", default: false },
    only: { type: "string", default: "torch,infer,page,mnist" },
    out: { type: "string" },
  },
});
const rounds = Number(options.rounds);
const only = options.only.split(",");
const OURS = "corteza-wasm";
/** Milliseconds that a round of ours lasts. */
const ROUND = 400;
const REFERENCE = { kind: "train", network: "reference", batch: 64 } as const;

// One thread, as our own.
runtime.env.wasm.numThreads = 1;

const clock = () => performance.now();
const processor = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const timeOfOne = options.processor ? processor : clock;

const report = new Report();
report.about = {
  ...machine(),
  node: process.version,
  command: ["npm run bench:wasm-bars --", ...process.argv.slice(2)].join(" "),
};
report.say(
  Object.entries(report.about)
    .map(([name, value]) => `${`${name}:`.padEnd(10)} ${value}`)
    .join("\n"),
);

const add = (work: string, engine: string, metric: Metric, values: readonly number[]): void => {
  report.rows.push(rowOf(work, engine, metric, values));
};

/** Milliseconds that the work takes, over a round. */
async function roundOf(work: Work, now: () => number): Promise<number> {
  const times: number[] = [];
  for (const ended = now() + ROUND; now() < ended; ) {
    const started = now();
    await work.run(1);
    times.push(now() - started);
  }
  return median(times);
}

async function opened(backend: Backend, job: Job): Promise<Work> {
  const work = await engineOn(backend).open(job);
  if (work === undefined) throw new Error(`no ${jobName(job)}`);
  return work;
}

const one = await wasm({ threads: 1 });
const two = await wasm({ threads: 2 });

/** One thread, PyTorch on one, two threads, PyTorch on two, by turns. */
async function againstPyTorch(network: NetworkName, batch: number): Promise<void> {
  const job: Job = { kind: "train", network, batch };
  const [name, onTwo] = [jobName(job), `${jobName(job)} on 2`];
  const works = [await opened(one, job), await opened(two, job)] as const;
  await works[0].run(1);
  const [loss = Number.NaN] = await works[0].values();
  for (const work of works) await roundOf(work, clock);
  const times = { one: [] as number[], two: [] as number[], torch: [] as number[], torchTwo: [] as number[] };
  const gains: number[] = [];
  for (let round = 0; round < rounds; round++) {
    times.one.push(await roundOf(works[0], timeOfOne));
    const theirs = pytorchRound({ python: options.python, network, batch, threads: 1, processor: options.processor });
    if (!(Math.abs(theirs.loss - loss) < 1e-4 * Math.abs(loss))) {
      throw new Error(`${name}: our first loss is ${loss}, PyTorch's ${theirs.loss}`);
    }
    times.torch.push(theirs.ms);
    const alone = await roundOf(works[0], clock);
    const both = await roundOf(works[1], clock);
    gains.push(alone / both);
    times.two.push(both);
    times.torchTwo.push(pytorchRound({ python: options.python, network, batch, threads: 2, processor: false }).ms);
  }
  for (const work of works) work.dispose();
  const ratios = (ours: readonly number[], peer: readonly number[]) =>
    ours.map((time, i) => time / (peer[i] ?? Number.NaN));
  add(name, OURS, "ms", times.one);
  add(name, "pytorch", "ms", times.torch);
  add(name, "pytorch", "of the peer's", ratios(times.one, times.torch));
  add(onTwo, OURS, "ms", times.two);
  add(onTwo, "pytorch", "ms", times.torchTwo);
  add(onTwo, "pytorch", "of the peer's", ratios(times.two, times.torchTwo));
  add(onTwo, OURS, "of one thread's", gains);
  const of = (list: readonly number[]) => `${figure(median(list))} (least ${figure(Math.min(...list))})`;
  report.say(
    `${name}: one thread ${of(times.one)}, PyTorch ${of(times.torch)}; two ${of(times.two)}, PyTorch ${of(times.torchTwo)}; ms a step, ` +
      `median of ${rounds} rounds; two threads are ${of(gains)} × one; first loss ${loss.toFixed(4)} in both`,
  );
}

/** Batch 61 beside batch 64, an image; and what a training holds beside its plan. */
async function ownBatches(): Promise<void> {
  const before = one.bytes;
  const [full, short] = [await opened(one, REFERENCE), await opened(one, { ...REFERENCE, batch: 61 })];
  for (const work of [full, short]) await roundOf(work, clock);
  const planned = [full, short].reduce((sum, { planned: own }) => sum + (own?.bytes ?? 0) + (own?.dataset ?? 0), 0);
  add(jobName(REFERENCE), OURS, "bytes unplanned", [one.bytes - before - planned]);
  const ratios: number[] = [];
  for (let round = 0; round < 2 * rounds; round++) {
    const base = await roundOf(full, timeOfOne);
    ratios.push((await roundOf(short, timeOfOne)) / 61 / (base / 64));
  }
  add("train reference 61", OURS, "per image against batch 64", ratios);
  for (const work of [full, short]) work.dispose();
}

async function inference(batch: number): Promise<void> {
  const job: Job = { kind: "infer", network: "reference", batch };
  const ours = await opened(one, job);
  const theirs = await (await startOnnx(runtime, "wasm")).open(job);
  if (theirs === undefined) throw new Error(`onnxruntime-web: no ${jobName(job)}`);
  // The first round is for the engines' compilers.
  for (const work of [ours, theirs]) await roundOf(work, clock);
  const [own, peer] = [[] as number[], [] as number[]];
  for (let round = 0; round < 2 * rounds; round++) {
    own.push(await roundOf(ours, timeOfOne));
    peer.push(await roundOf(theirs, timeOfOne));
  }
  const [a = Number.NaN, b = Number.NaN] = [(await ours.values())[0], (await theirs.values())[0]];
  if (!(Math.abs(a - b) < 1e-4))
    throw new Error(`${jobName(job)}: our first probability is ${a}, onnxruntime-web's ${b}`);
  for (const work of [ours, theirs]) work.dispose();
  add(jobName(job), OURS, "ms", own);
  add(jobName(job), "onnx-wasm", "ms", peer);
  add(
    jobName(job),
    "onnx-wasm",
    "ratio",
    peer.map((time, index) => time / (own[index] ?? Number.NaN)),
  );
}

/** A cold start of ours, then everyone's training in one page. */
async function inPage(): Promise<void> {
  const server = await serveBench();
  try {
    const colds: number[] = [];
    for (let time = 0; time < 3; time++) {
      const { browser, page } = await server.open();
      const cold = await page.evaluate(([job, until]) => globalThis.bench.alone("corteza-wasm", job, until), [
        REFERENCE,
        MAX_MILLISECONDS,
      ] as const);
      colds.push(cold.firstMilliseconds);
      await browser.close();
    }
    add(jobName(REFERENCE), OURS, "first ms", colds);
    const { page } = await server.open();
    const stage = pageStage(page);
    const peers = ["jax-js-wasm", "tfjs-webgl"].map((engine) => ({ engine, job: REFERENCE }));
    const pace = { rounds, peerMilliseconds: 20_000, warmups: 2 };
    await heat(stage, report, { engine: OURS, job: REFERENCE }, peers, pace);
  } finally {
    await server.close();
  }
}

/** The whole run of `npm run train`: one epoch of 60,000 images on one thread. */
function mnist(): void {
  const args = ["scripts/run-ts.mjs", "scripts/train.ts", "--backend", "wasm", "--threads", "1", "--epochs", "1"];
  const started = clock();
  const { stdout, stderr, status } = spawnSync(process.execPath, [...args, "--batch", "64", "--seed", "1"], {
    cwd: resolve(import.meta.dirname, ".."),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`npm run train failed: ${stderr}`);
  const [line = "", accuracy] = /test accuracy ([\d.]+).*/.exec(stdout) ?? [];
  report.say(`MNIST: ${line}`);
  add("MNIST", OURS, "seconds", [(clock() - started) / 1000]);
  add("MNIST", OURS, "accuracy", [Number(accuracy)]);
}

if (only.includes("torch")) {
  await ownBatches();
  await againstPyTorch("reference", 64);
  await againstPyTorch("vgg64", 16);
  await againstPyTorch("resnet32", 32);
  await againstPyTorch("depthwise32", 32);
}
if (only.includes("infer")) {
  await inference(1);
  await inference(64);
}
one.dispose();
two.dispose();
if (only.includes("page")) await inPage();
if (only.includes("mnist")) mnist();

const verdicts = judge(WASM_BARS, report.rows);
report.say("bars", ...verdicts.map(verdictLine));
const passed = verdicts.filter(({ outcome }) => outcome === "pass").length;
report.say(`${passed} of ${verdicts.length} bars reached`);
if (options.out) writeReport(options.out, report, verdicts);
process.exit(passed === verdicts.length ? 0 : 1);
