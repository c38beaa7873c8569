/**
 * Our WebAssembly backend beside PyTorch on one thread, by turns: the same networks, weights and images (bench/jobs.ts).
 *
 *     npm run bench:wasm [-- --jobs reference:64,reference:61,vgg64:16,resnet32:32,depthwise32:32 --infer reference:1,reference:64
 *         --rounds 5 --python python3 --profile --threads 2]
 *
 * And inference (`--infer`) beside onnxruntime-web's WebAssembly on one thread.
 * Times are the processor's, of each process, so that other programs on the machine count less; what shares a core with them is
 * still slower. A line a job: milliseconds a step, least and median of the rounds, ours and PyTorch's, and their ratio. The
 * losses of both at the first step must agree. Wants PyTorch (Debian's python3-torch). `--profile`: our own kernels, each with its
 * time of the processor, in place of that.
 *
 * `--threads N`: both on so many threads, ours also on one, by turns, and by the clock: a step's least and lower quartile. Other programs
 * on the machine then count in full; the least needs as many cores free for one step.
 */
import { parseArgs } from "node:util";
import * as runtime from "onnxruntime-web/wasm";
import { median } from "../src/core/median.ts";
import { wasm } from "../src/index.ts";
import { engineOn } from "./engines/corteza.ts";
import type { Work } from "./engines/engine.ts";
import { start as startOnnx } from "./engines/onnx.ts";
import { NETWORKS, type NetworkName } from "./jobs.ts";
import { pytorchRound } from "./pytorch_round.ts";

// One thread, as our own.
runtime.env.wasm.numThreads = 1;

const { values: options } = parseArgs({
  options: {
    jobs: { type: "string", default: "reference:64,reference:61,vgg64:16,resnet32:32,depthwise32:32" },
    infer: { type: "string", default: "reference:1,reference:64" },
    rounds: { type: "string", default: "5" },
    python: { type: "string", default: "python3" },
    profile: { type: "boolean", default: false },
    threads: { type: "string" },
  },
});

const processor = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

if (options.profile) performance.now = processor;

/** Milliseconds of processor time that a round lasts. */
const ROUND = 400;

const backend = await wasm({ threads: 1 });
const engine = engineOn(backend);
const least = (times: readonly number[]) => Math.min(...times);
const shown = (times: readonly number[]) => `${least(times).toFixed(2)} (${median(times).toFixed(2)})`;
const ratio = (ours: readonly number[], theirs: readonly number[]) =>
  `${(least(ours) / least(theirs)).toFixed(2)} (${(median(ours) / median(theirs)).toFixed(2)})`;

/** Milliseconds of processor time that a run takes, over a round. */
async function roundOf(work: Work): Promise<number> {
  const started = processor();
  let runs = 0;
  for (; processor() - started < ROUND; runs++) await work.run(1);
  return (processor() - started) / runs;
}

/** "reference:64" and what follows after commas. */
function* jobsOf(text: string): Generator<{ name: string; network: NetworkName; batch: number }> {
  for (const name of text.split(",").filter((job) => job !== "")) {
    const [network = "", size] = name.split(":");
    if (!(network in NETWORKS))
      throw new Error(`no network "${network}"; there are ${Object.keys(NETWORKS).join(", ")}`);
    yield { name, network: network as NetworkName, batch: Number(size) };
  }
}

/** Milliseconds of each step by the clock, one thread and several by turns; PyTorch's least of each round. */
async function onThreads(threads: number): Promise<void> {
  const several = await wasm({ threads });
  console.log(`${several.description}, Node ${process.version}; milliseconds of the clock: least (quartile)`);
  for (const { name, network, batch } of jobsOf(options.jobs)) {
    const works = await Promise.all(
      [engine, engineOn(several)].map(async (one) => {
        const work = await one.open({ kind: "train", network, batch });
        if (!work) throw new Error(`no ${name}`);
        await work.run(20);
        return { work, times: [] as number[] };
      }),
    );
    const theirs: number[] = [];
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const { work, times } of works) {
        const ended = performance.now() + ROUND;
        for (let started = performance.now(); started < ended; ) {
          await work.run(1);
          times.push(performance.now() - started);
          started = performance.now();
        }
      }
      theirs.push(pytorchRound({ python: options.python, network, batch, threads, processor: false }).ms);
    }
    const shownTimes = (times: number[]) => {
      times.sort((a, b) => a - b);
      return `${least(times).toFixed(2)} (${(times[times.length >> 2] ?? Number.NaN).toFixed(2)})`;
    };
    const [one = [], many = []] = works.map(({ times }) => times);
    console.log(
      `train ${name}: one thread ${shownTimes(one)}, ${threads} ${shownTimes(many)}, PyTorch ${shownTimes(theirs)}; ` +
        `${(least(one) / least(many)).toFixed(2)} × one thread, ${(least(many) / least(theirs)).toFixed(2)} × PyTorch's time`,
    );
    for (const { work } of works) work.dispose();
  }
  several.dispose();
}

if (options.threads !== undefined) {
  await onThreads(Number(options.threads));
  backend.dispose();
  process.exit();
}

console.log(`${backend.description}, Node ${process.version}; milliseconds of processor time: least (median)`);
for (const { name, network, batch } of jobsOf(options.jobs)) {
  const work = await engine.open({ kind: "train", network, batch });
  if (!work) throw new Error(`no ${name}`);
  await work.run(1);
  const [loss = Number.NaN] = await work.values();
  await roundOf(work);
  if (options.profile) {
    console.log(`${name}\n${await work.profile?.()}`);
    work.dispose();
    continue;
  }
  const [ours, theirs] = [[] as number[], [] as number[]];
  let theirLoss = Number.NaN;
  for (let round = 0; round < Number(options.rounds); round++) {
    ours.push(await roundOf(work));
    const { ms, loss: first } = pytorchRound({
      ...{ python: options.python, network, batch },
      ...{ threads: 1, processor: true },
    });
    theirs.push(ms);
    theirLoss = first;
  }
  work.dispose();
  console.log(
    `train ${name}: ours ${shown(ours)}, PyTorch ${shown(theirs)}, ratio ${ratio(ours, theirs)}; ` +
      `first loss ${loss.toFixed(4)}, ${theirLoss.toFixed(4)}`,
  );
}
for (const { name, network, batch } of jobsOf(options.infer)) {
  const job = { kind: "infer", network, batch } as const;
  const works = await Promise.all([engine, startOnnx(runtime, "wasm")].map((one) => one.open(job)));
  const times = works.map((): number[] => []);
  for (let round = 0; round <= Number(options.rounds); round++) {
    for (const [index, work] of works.entries()) {
      const time = work ? await roundOf(work) : Number.NaN;
      // The first round is for the engines' compilers.
      if (round > 0) times[index]?.push(time);
    }
  }
  const [ours = [], theirs = []] = times;
  const samples = await Promise.all(works.map(async (work) => (await work?.values())?.[0]?.toFixed(5)));
  console.log(
    `infer ${name}: ours ${shown(ours)}, onnxruntime-web ${shown(theirs)}, ratio ${ratio(ours, theirs)}; ` +
      `first probability ${samples.join(", ")}`,
  );
  for (const work of works) work?.dispose();
}
backend.dispose();
