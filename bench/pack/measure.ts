/**
 * What a machine with a GPU measures beside the bench (`npm run bench:pack` makes one file of it):
 *
 *     bash .gpu/run.sh .gpu/measure.mjs profile  --works reference:64,vgg64:64 --out profile.json
 *     bash .gpu/run.sh .gpu/measure.mjs autotune --works reference:64,vgg64:64 --out autotune.json
 *     bash .gpu/run.sh .gpu/measure.mjs mnist    --data .gpu/mnist [--limit 2000] [--goal 0.99] --out mnist.json
 *     bash .gpu/run.sh .gpu/measure.mjs table    --predictions predictions.json --profile profile.json [--card H100]
 *
 * profile: each dispatch of a step by the GPU's clock. autotune: a step with other tiles against one without, in turns. mnist: a
 * training until the images of the test are recognised well enough, without the time of compiling. table: the profile beside the
 * model of time; of the card whose name the adapter has, or `--card`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { create, globals } from "webgpu";
import { subset } from "../../src/data/subset.ts";
import {
  adam,
  conv2d,
  createTrainer,
  type Dataset,
  dense,
  flatten,
  gunzip,
  idx,
  maxPooling2d,
  oneCycle,
  sequential,
  webgpu,
} from "../../src/index.ts";
import { start } from "../engines/corteza.ts";
import { heat } from "../heat.ts";
import { jobName } from "../jobs.ts";
import { Report, writeReport } from "../report.ts";
import { localStage } from "../stage.ts";
import { cardOf, compare, type Measured, type Prediction } from "./predictions.ts";
import { worksOf } from "./works.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    works: { type: "string", default: "reference:64" },
    rounds: { type: "string", default: "9" },
    data: { type: "string", default: ".gpu/mnist" },
    limit: { type: "string", default: "60000" },
    goal: { type: "string", default: "0.99" },
    epochs: { type: "string", default: "4" },
    predictions: { type: "string" },
    profile: { type: "string" },
    card: { type: "string" },
    out: { type: "string" },
  },
});

Object.assign(globalThis, globals);
// Dawn's instance must not be collected while a device lives.
const gpu = create([]);

const write = (value: object) => {
  if (options.out) writeFileSync(options.out, `${JSON.stringify(value, null, 2)}\n`);
};
async function adapterName(): Promise<string> {
  const info = (await gpu.requestAdapter())?.info;
  return [info?.vendor, info?.architecture, info?.device, info?.description].filter((word) => word).join(" · ");
}

const COMMANDS: Readonly<Record<string, () => Promise<void>>> = { profile, autotune, mnist, table };
const command = COMMANDS[positionals[0] ?? ""];
if (command === undefined) throw new Error(`measure: what to measure is one of ${Object.keys(COMMANDS).join(", ")}.`);
await command();
process.exit(process.exitCode ?? 0);

async function profile(): Promise<void> {
  const engine = await start({ gpu });
  const works: Measured[] = [];
  for (const job of worksOf(options.works)) {
    const work = await engine.open(job);
    if (work?.profileData === undefined) throw new Error(`${jobName(job)} cannot be profiled`);
    await work.run(2);
    await work.settled?.();
    const stepMicroseconds = await stepOf(work);
    const found = await work.profileData();
    works.push({ work: jobName(job), stepMicroseconds, profile: found });
    console.log(`${jobName(job)}: ${stepMicroseconds.toFixed(1)} µs a step\n${await work.profile?.()}\n`);
    work.dispose();
  }
  write({ adapter: await adapterName(), works });
}

/** Microseconds of a step among as many as take a tenth of a second; the least of five times. */
async function stepOf(work: { run(times: number): Promise<void> }): Promise<number> {
  const time = async (steps: number) => {
    const before = performance.now();
    await work.run(steps);
    return ((performance.now() - before) * 1e3) / steps;
  };
  const steps = Math.max(1, Math.min(1024, Math.round(1e5 / (await time(1)))));
  const times: number[] = [];
  for (let round = 0; round < 5; round++) times.push(await time(steps));
  return Math.min(...times);
}

async function autotune(): Promise<void> {
  const report = new Report();
  report.about = { adapter: await adapterName() };
  const stage = localStage({
    corteza: () => start({ gpu, quickStart: false }),
    "corteza, autotuned": () => start({ gpu, quickStart: false, autotune: true }),
  });
  for (const job of worksOf(options.works)) {
    const pace = { rounds: Number(options.rounds), peerMilliseconds: 20_000, warmups: 3 };
    await heat(stage, report, { engine: "corteza", job }, [{ engine: "corteza, autotuned", job }], pace);
  }
  if (options.out) writeReport(options.out, report, []);
  if (report.rows.some(({ metric }) => metric === "failed")) process.exitCode = 1;
}

async function digits(part: "train" | "test"): Promise<Dataset> {
  const read = (what: string) => gunzip(readFileSync(join(options.data, `mnist-${part}-${what}-ubyte.gz`)));
  return idx({ images: await read("images.idx3"), labels: await read("labels.idx1") });
}

/** The preset "fast" of scripts/train.ts, which is made for 99 % after one epoch; where that is missed, with more of them. */
async function mnist(): Promise<void> {
  const [whole, unseen] = [await digits("train"), await digits("test")];
  const training = subset(whole, 0, Math.min(whole.count, Number(options.limit)));
  const backend = await webgpu({ gpu, quickStart: false });
  const block = (filters: number, kernelSize: number) => [
    conv2d({ filters, kernelSize, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
  ];
  const [batchSize, goal] = [256, Number(options.goal)];
  const runs: { epochs: number; compileSeconds: number; seconds: number; accuracy: number }[] = [];
  for (let epochs = 1; epochs <= Number(options.epochs); epochs++) {
    const model = sequential({ inputShape: [28, 28, 1], seed: 1 }, [
      ...[...block(32, 5), ...block(64, 3), ...block(64, 3)],
      ...[flatten(), dense({ units: 10 })],
    ]);
    const steps = epochs * Math.ceil(training.count / batchSize);
    const learningRate = oneCycle({ maxLearningRate: 0.01, totalSteps: Math.max(2, steps) });
    const trainer = await createTrainer(model, {
      ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: adam({ learningRate, beta1: 0.7, beta2: 0.9 }) },
      ...{ batchSize, seed: 1 },
    });
    const begun = performance.now();
    await trainer.prepare(training);
    const ready = performance.now();
    await trainer.fit(training, { steps });
    const ended = performance.now();
    const { accuracy = Number.NaN } = await trainer.evaluate(unseen);
    trainer.dispose();
    const run = { epochs, compileSeconds: (ready - begun) / 1e3, seconds: (ended - ready) / 1e3, accuracy };
    runs.push(run);
    console.log(
      `${epochs} epochs of ${training.count} images: ${(100 * accuracy).toFixed(2)} % of the test's after ` +
        `${run.seconds.toFixed(3)} s of training, and ${run.compileSeconds.toFixed(2)} s of compiling before`,
    );
    if (accuracy >= goal) break;
  }
  backend.dispose();
  const reached = runs.find(({ accuracy }) => accuracy >= goal);
  console.log(
    reached
      ? `${100 * goal} % in ${reached.seconds.toFixed(3)} s; bar of a GPU: 0.5`
      : `${100 * goal} % was NOT reached`,
  );
  write({ adapter: await adapterName(), goal, images: training.count, runs });
  if (reached === undefined) process.exitCode = 1;
}

async function table(): Promise<void> {
  if (options.predictions === undefined || options.profile === undefined)
    throw new Error("measure table: --predictions and --profile name the files to compare.");
  const predictions = JSON.parse(readFileSync(options.predictions, "utf8")) as Prediction[];
  const { adapter, works } = JSON.parse(readFileSync(options.profile, "utf8")) as {
    adapter: string;
    works: Measured[];
  };
  // An H100's numbers where nothing is known: the bars of bench/bars.ts are of such a card.
  const card = options.card ?? cardOf(adapter) ?? "H100";
  console.log(`measured on ${adapter}\n\n${compare(predictions, works, card)}`);
}
