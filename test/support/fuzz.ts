/**
 * Opens broken files by the thousand and looks at how they are refused: by a typed error, within a second, in no more
 * memory than 8 times the file and 64 MiB. `npm run fuzz` does it at length, test/formats/fuzz.test.ts in short.
 */
import { CortezaError } from "../../src/core/errors.ts";
import type { Tensor } from "../../src/core/tensor.ts";
import { cpu } from "../../src/cpu.ts";
import { parseIdx } from "../../src/data/idx.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "../../src/formats/checkpoint.ts";
import { checkTrainerTensors, trainerConfig } from "../../src/formats/trainer_checkpoint.ts";
import { Graph } from "../../src/graph.ts";
import {
  adam,
  add,
  batchNormalization,
  concatenate,
  constant,
  conv2d,
  cosineDecay,
  createTrainer,
  dense,
  dropout,
  flatten,
  input,
  l2,
  loadSafetensors,
  type Model,
  type ModelConfig,
  maxNorm,
  maxPooling2d,
  model,
  modelFromConfig,
  openModel,
  operation,
  sequential,
  sgd,
  softmax,
  splitTensor,
  type Trainer,
  toSafetensors,
} from "../../src/index.ts";
import { LAYER_CASES } from "./layer_cases.ts";
import { mutatedCheckpoint, mutatedConfig } from "./mutants.ts";
import { importedNetwork, modelOf, OPERATION_CASES } from "./operations.ts";
import { RandomData } from "./random.ts";

const MOST_MILLISECONDS = 1000;
const MOST_BYTES = (file: number) => 8 * file + 64 * 2 ** 20;

/** What a run of broken files showed. */
export class Report {
  readonly what: string;
  tried = 0;
  /** Files that open all the same: a change may leave them whole. */
  opened = 0;
  /** Typed errors by their names. */
  readonly refused = new Map<string, number>();
  /** What must not be, each with what repeats it. */
  readonly faults: string[] = [];
  slowest = 0;
  /** Bytes that the greediest took, and the share of what it might. */
  mostBytes = 0;
  mostShare = 0;

  constructor(what: string) {
    this.what = what;
  }

  /** Opens one file of `bytes` bytes; `name` repeats it. */
  async take(name: string, bytes: number, open: () => unknown): Promise<void> {
    this.tried++;
    const before = held();
    const started = process.cpuUsage();
    try {
      await open();
      this.opened++;
    } catch (error) {
      const kind = error instanceof Error ? error.name : typeof error;
      this.refused.set(kind, (this.refused.get(kind) ?? 0) + 1);
      if (!(error instanceof CortezaError))
        this.faults.push(`${name}: untyped ${String(error).slice(0, 200)} ${whereOf(error)}`);
    }
    // Of the processor, not of the clock: other programs may want it too.
    const used = process.cpuUsage(started);
    const took = (used.user + used.system) / 1000;
    const grown = held() - before;
    this.slowest = Math.max(this.slowest, took);
    if (grown / MOST_BYTES(bytes) > this.mostShare) {
      this.mostBytes = grown;
      this.mostShare = grown / MOST_BYTES(bytes);
    }
    if (took > MOST_MILLISECONDS) this.faults.push(`${name}: took ${Math.round(took)} ms`);
    if (grown > MOST_BYTES(bytes)) this.faults.push(`${name}: took ${grown} bytes for ${bytes}`);
  }

  toString(): string {
    const refused = [...this.refused].map(([kind, count]) => `${count} ${kind}`).join(", ");
    return (
      `${this.what}: ${this.tried} tried, ${this.opened} opened, refused: ${refused || "none"}; ${this.faults.length} faults; ` +
      `slowest ${this.slowest.toFixed(0)} ms; most memory ${(this.mostBytes / 2 ** 20).toFixed(1)} MiB, ` +
      `${(100 * this.mostShare).toFixed(0)} % of what it might`
    );
  }
}

/** Bytes of values and objects, garbage included. */
function held(): number {
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + Math.max(external, arrayBuffers);
}

function whereOf(error: unknown): string {
  return error instanceof Error
    ? (error.stack
        ?.split("\n")
        .find((line) => line.includes("/src/"))
        ?.trim() ?? "")
    : "";
}

function residual(): Model {
  const [x, other] = [input([6, 6, 2], { name: "picture" }), input([3])];
  const stem = conv2d({ filters: 3, kernelSize: 3, padding: "same", activation: "relu", kernelRegularizer: l2() })(x);
  const shared = conv2d({
    filters: 3,
    kernelSize: [3, 1],
    padding: "same",
    name: "shared",
    kernelConstraint: maxNorm(),
  });
  const sum = add()([stem, shared(shared(stem))]);
  const all = concatenate({ axis: 1 })([flatten()(batchNormalization()(sum)), dense({ units: 4 })(other)]);
  return model({ inputs: [x, other], outputs: [softmax()(dense({ units: 3, name: "class" })(all)), sum], seed: 3 });
}

/** Layers that give several tensors, one of which leads nowhere. */
function inParts(): Model {
  const x = input([4, 6]);
  const [a, , b] = splitTensor({ parts: [1, 3, 2], name: "parts" })(x);
  const [top, bottom] = splitTensor({ parts: 2, axis: 1 })(b ?? x);
  const all = concatenate({ axis: 1 })([top ?? x, bottom ?? x]);
  return model({ inputs: x, outputs: [dense({ units: 2 })(all), a ?? x] });
}

/** A small network of the usual kinds of layers. */
export function smallNetwork(): Model {
  return sequential({ inputShape: [8, 8, 1], seed: 7 }, [
    conv2d({
      filters: 4,
      kernelSize: 3,
      padding: "same",
      activation: "relu",
      kernelInitializer: { name: "randomNormal", stddev: 0.1 },
    }),
    maxPooling2d({ poolSize: 2 }),
    batchNormalization(),
    dropout({ rate: 0.25 }),
    flatten(),
    dense({ units: 3, biasInitializer: "ones" }),
  ]);
}

/** Honest configurations of every layer, as they are written into files. */
export function honestConfigs(): ModelConfig[] {
  const single = Object.values(LAYER_CASES).map(({ make, input: shape }) =>
    sequential({ inputShape: shape }, [make()]),
  );
  const operations = Object.entries(OPERATION_CASES).map(([op, one]) => modelOf(op, one, 1).made);
  return [
    ...single,
    ...operations,
    importedNetwork(),
    importedNetwork(),
    importedNetwork(),
    smallNetwork(),
    smallNetwork(),
    residual(),
    residual(),
    residual(),
    inParts(),
    inParts(),
  ].map((one) => one.toJSON());
}

/** Everything that is done with a model before it runs. */
function useModel(made: Model): void {
  made.toJSON();
  String(made.summary());
  const graph = new Graph();
  const xs = made.inputShapes.map((shape, index) => graph.input(`${index}`, [2, ...shape]));
  const step = graph.input("step", [], "u32");
  made.build(graph, xs, { training: true, random: { seed: 1, step } });
  made.penalty(graph);
  made.constrain(graph);
}

/** Mutated configurations of models, read and built into a graph. */
export async function fuzzConfigs(count: number, seed: number): Promise<Report> {
  const report = new Report("model configurations");
  const bases = honestConfigs();
  for (let index = 0; index < count; index++) {
    const random = new RandomData(seed + index);
    const config = mutatedConfig(random.pick(bases), random);
    const { length } = JSON.stringify(config);
    await report.take(`config ${seed + index}`, length, () => useModel(modelFromConfig(config)));
  }
  return report;
}

/**
 * Safetensors files with a model in them, opened as a page does: the configuration is changed, or an honest one's weights are those
 * of another model. What `modelFromConfig` says of the same, `openModel` says too.
 */
export async function fuzzModels(count: number, seed: number): Promise<Report> {
  const report = new Report("files with a model");
  const bases = honestConfigs();
  const weights = smallNetwork().parameters;
  for (let index = 0; index < count; index++) {
    const random = new RandomData(seed + index);
    const base = random.integer(0, 3) === 0 ? smallNetwork().toJSON() : random.pick(bases);
    const config = random.integer(0, 9) === 0 ? base : mutatedConfig(base, random);
    const json = JSON.stringify(config) ?? "null";
    const bytes = toSafetensors(weights, { config: json });
    await report.take(`model ${seed + index}`, bytes.length, async () => useModel(await openModel(bytes)));
    const said = await told(() => openModel(bytes));
    const wanted = await told(() => {
      const given: ModelConfig = JSON.parse(json);
      return modelFromConfig(given, { weights, layers: { constant, operation } });
    });
    if (said !== wanted && !said.startsWith("openModel: ")) {
      report.faults.push(`model ${seed + index}: openModel said ${said}, modelFromConfig ${wanted}`);
    }
  }
  return report;
}

/** What an opening ends in: the model's JSON, or the error's words. */
async function told(open: () => Model | Promise<Model>): Promise<string> {
  try {
    return JSON.stringify(await open());
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What opening a checkpoint does before a trainer is made, as a page does it. */
function openCheckpoint(bytes: Uint8Array): Model {
  const { config, tensors } = decodeCheckpoint(bytes);
  checkTrainerTensors(tensors);
  const { model: architecture } = trainerConfig(config);
  return modelFromConfig(architecture as ModelConfig, { weights: tensors });
}

async function honestTrainers(): Promise<{ trainers: Trainer[]; checkpoints: Checkpoint[] }> {
  const optimizers = [
    adam({ learningRate: cosineDecay({ initialLearningRate: 0.1, decaySteps: 9 }) }),
    sgd({ momentum: 0.9, clipNorm: 1, useEma: true }),
  ];
  const trainers = await Promise.all(
    optimizers.map((optimizer) =>
      createTrainer(smallNetwork(), { backend: cpu(), loss: "sparseCategoricalCrossentropy", optimizer, batchSize: 4 }),
    ),
  );
  const checkpoints = await Promise.all(trainers.map(async (one) => decodeCheckpoint(await one.checkpoint())));
  return { trainers, checkpoints };
}

/** Mutated checkpoints with right checksums, opened as a page does, and by a trainer, which stays as it was where it refuses. */
export async function fuzzCheckpoints(count: number, seed: number): Promise<Report> {
  const report = new Report("checkpoints with right checksums");
  const { trainers, checkpoints } = await honestTrainers();
  for (let index = 0; index < count; index++) {
    const random = new RandomData(seed + index);
    const which = random.integer(0, 1);
    const [base, trainer] = [checkpoints[which], trainers[which]];
    if (!base || !trainer) throw new Error("no trainer");
    let bytes: Uint8Array;
    try {
      bytes = mutatedCheckpoint(base, random);
    } catch (error) {
      // The writer refuses what is no tensor.
      if (error instanceof CortezaError) continue;
      throw error;
    }
    await report.take(`checkpoint ${seed + index}`, bytes.length, () => openCheckpoint(bytes));
    await report.take(`restore ${seed + index}`, bytes.length, async () => {
      const before = await trainer.checkpoint();
      try {
        await trainer.restore(bytes);
      } catch (error) {
        if (!same(before, await trainer.checkpoint()))
          report.faults.push(`restore ${seed + index}: refused, but changed`);
        throw error;
      }
    });
  }
  for (const trainer of trainers) trainer.dispose();
  return report;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, place) => value === b[place]);
}

const SIZES = [
  0,
  1,
  2,
  255,
  1e3,
  4000,
  65_535,
  1e6,
  2 ** 24,
  1e8,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  1e12,
  2 ** 53 - 1,
  2 ** 53,
  1e20,
];

function hostileIdx(random: RandomData): Uint8Array {
  const rank = random.pick([0, 1, 2, 3, 4, 8, 9, 255]);
  const file = new Uint8Array(4 + 4 * rank + random.integer(0, 64));
  const view = new DataView(file.buffer);
  file.set([0, 0, random.pick([8, 9, 0x0b, 0x0c, 0x0d, 0x0e, 7]), rank]);
  for (let axis = 0; axis < rank; axis++) view.setUint32(4 + 4 * axis, random.pick(SIZES) >>> 0);
  return file;
}

function hostileSafetensors(random: RandomData): Uint8Array {
  const tensor = () => ({
    dtype: random.pick(["F32", "F64", "F16", "BF16", "I64", "U8", "BOOL", "X"]),
    shape: Array.from({ length: random.pick([0, 1, 2, 3, 8, 9, 2000]) }, () => random.pick(SIZES)),
    data_offsets: [random.pick(SIZES), random.pick(SIZES)],
  });
  const count = random.pick([1, 1, 1, 2, 3, 3000]);
  const entries = Array.from({ length: count }, (_, index) => [`t${index}`, tensor()]);
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const file = new Uint8Array(8 + header.length + random.integer(0, 64));
  const claimed = random.pick([header.length, header.length, header.length, ...SIZES]);
  new DataView(file.buffer).setBigUint64(0, BigInt(claimed), true);
  file.set(header, 8);
  return file;
}

/** A small checkpoint of a network whose sizes are out of all proportion. */
function hostileNetwork(random: RandomData): Uint8Array {
  const size = () => random.pick(SIZES);
  const count = random.pick([1, 1, 2, 3, 10_000, 20_000]);
  const kinds = [
    () => ({
      kind: "dense",
      options: { units: size(), kernelInitializer: random.pick(["orthogonal", "identity", "zeros"]) },
    }),
    () => ({ kind: "conv2d", options: { filters: size(), kernelSize: random.pick([1, 3, size()]), padding: "same" } }),
    () => ({ kind: "conv2dTranspose", options: { filters: size(), kernelSize: 3, strides: size() } }),
    () => ({ kind: "depthwiseConv2d", options: { kernelSize: 3, depthMultiplier: size() } }),
    () => ({ kind: "upSampling2d", options: { size: size() } }),
    () => ({ kind: "zeroPadding2d", options: { padding: size() } }),
    () => ({ kind: "reshape", options: { targetShape: [size(), size(), -1] } }),
    () => ({ kind: "reshape", options: { targetShape: Array(count > 3 ? 9 : 10_000).fill(1) } }),
    () => ({ kind: "flatten", options: {} }),
    () => ({ kind: "prelu", options: {} }),
  ];
  const one = random.pick(kinds)();
  const layers = Array.from({ length: count }, () => (count > 3 ? one : random.pick(kinds)()));
  const model = {
    kind: "sequential",
    seed: 0,
    inputShape: random.pick([[28, 28, 1], [784], [size()], [size(), size(), 1]]),
    layers,
  };
  const scalar = (value: number): Tensor => ({ shape: [], data: Float64Array.of(value) });
  return encodeCheckpoint({
    config: { model, optimizer: adam().rule, batchSize: random.pick([1, 32, size()]), seed: 0 },
    tensors: new Map(random.integer(0, 3) === 0 ? [["trainer/step", scalar(size())]] : []),
  });
}

/** Small files that claim large things. */
export async function fuzzSizes(count: number, seed: number): Promise<Report> {
  const report = new Report("hostile sizes");
  for (let index = 0; index < count; index++) {
    const random = new RandomData(seed + index);
    const kind = random.integer(0, 4);
    const name = `sizes ${seed + index}`;
    const bytes = kind === 0 ? hostileIdx(random) : kind === 1 ? hostileSafetensors(random) : hostileNetwork(random);
    if (kind === 0) await report.take(name, bytes.length, () => parseIdx(bytes));
    else if (kind === 1) await report.take(name, bytes.length, () => loadSafetensors(bytes));
    else if (kind === 2) await report.take(name, bytes.length, () => openCheckpoint(bytes));
    else if (kind === 3) await report.take(name, bytes.length, () => openModel(bytes));
    else {
      const { config } = decodeCheckpoint(bytes) as { config: { model?: ModelConfig } };
      await report.take(name, bytes.length, () => useModel(modelFromConfig(config.model as ModelConfig)));
    }
  }
  return report;
}
