import { afterEach, describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import {
  ArgumentError,
  adam,
  createTrainer,
  dataset,
  dense,
  flatten,
  sequential,
  type Trainer,
  webgpu,
} from "../../src/index.ts";
import { createWorkerTrainer } from "../../src/worker.ts";

const LOSS = "sparseCategoricalCrossentropy";
const data = dataset({
  images: Float32Array.from({ length: 40 * 4 }, (_, index) => Math.sin(index)),
  labels: Uint8Array.from({ length: 40 }, (_, index) => index % 3),
  shape: [2, 2, 1],
});
const network = () => sequential({ inputShape: [2, 2, 1] }, [flatten(), dense({ units: 3 })]);
const made: Trainer[] = [];

afterEach(() => {
  for (const trainer of made.splice(0)) trainer.dispose();
});

/** With options that are meant to be wrong. */
async function trainerOf(options: object = {}): Promise<Trainer> {
  const trainer = await createTrainer(network(), {
    backend: cpu(),
    loss: LOSS,
    optimizer: "adam",
    batchSize: 8,
    ...options,
  });
  made.push(trainer);
  return trainer;
}

async function expectTold(attempt: Promise<unknown>, message: RegExp): Promise<void> {
  await expect(attempt).rejects.toThrow(ArgumentError);
  await expect(attempt).rejects.toThrow(message);
}

describe("createTrainer", () => {
  it("takes an optimizer by its name, which trains as its default options do", async () => {
    const [named, given] = [await trainerOf(), await trainerOf({ optimizer: adam() })];
    const losses = async (trainer: Trainer) => (await trainer.fit(data, { epochs: 2 })).stepLosses;
    expect(await losses(named)).toEqual(await losses(given));
  });

  it.each<[string, object, RegExp]>([
    ["no optimizer", { optimizer: undefined }, /createTrainer: wants an optimizer, as in optimizer: adam\(/],
    ["an optimizer's wrong name", { optimizer: "adm" }, /unknown optimizer "adm"; did you mean "adam"/],
    ["an optimizer that is not called", { optimizer: adam }, /the function adam: call it/],
    ["no backend", { backend: undefined }, /backend must be what await webgpu\(\).*got undefined/],
    ["a backend's name", { backend: "webgpu" }, /backend must be what await webgpu\(\).*got "webgpu"/],
    ["a backend that is not called", { backend: cpu }, /the function cpu: call it/],
    ["no loss", { loss: undefined }, /Unknown loss undefined; known: sparseCategoricalCrossentropy/],
    ["a loss that is null", { loss: null }, /Unknown loss null/],
    [
      "a loss's wrong option",
      { loss: { kind: "huber", dalta: 2 } },
      /huber: unknown option "dalta"; did you mean "delta"/,
    ],
    ["a metric that is no list", { metrics: "accuracy" }, /metrics wants a list, as in \["accuracy"\]/],
    ["a metric's wrong name", { metrics: ["acuracy"] }, /Unknown metric "acuracy".*Did you mean "accuracy"/],
    ["a loss weight that is no list", { lossWeights: 2 }, /lossWeights wants a list/],
    ["epochs", { epochs: 3 }, /unknown option "epochs"; epochs belongs to fit\(dataset, \{ epochs \}\)/],
    ["a learning rate", { learningRate: 1 }, /learningRate belongs to the optimizer/],
    ["a misspelt option", { batchsize: 3 }, /unknown option "batchsize"; did you mean "batchSize"/],
    ["a batch size as a text", { batchSize: "32" }, /batchSize must be a number, got "32"/],
    ["a seed that is no number", { seed: Number.NaN }, /seed must be a number, got NaN/],
    ["a precision", { precision: "half" }, /precision must be "float32" or "mixed", got "half"/],
  ])("tells %s what to write", async (_, options, message) => {
    await expectTold(trainerOf(options), message);
  });

  it("tells a promise of a backend to be awaited", async () => {
    const promise = webgpu({ gpu: { requestAdapter: async () => null } as never });
    promise.catch(() => undefined);
    await expectTold(trainerOf({ backend: promise }), /this is a promise: write backend: await webgpu\(\)/);
  });

  it("tells what is no model, and options that are none", async () => {
    await expectTold(createTrainer({} as never, { backend: cpu(), loss: LOSS, optimizer: "adam" }), /wants a model/);
    await expectTold(createTrainer(network(), adam as never), /wants an object of options/);
  });
});

describe("a trainer's methods", () => {
  it.each<[string, object, RegExp]>([
    ["epoch", { epoch: 3 }, /fit: unknown option "epoch"; did you mean "epochs"/],
    ["batchSize", { batchSize: 3 }, /batchSize belongs to createTrainer\(model, \{ batchSize \}\)/],
    ["validation_split", { validation_split: 0.2 }, /did you mean "validationSplit"/],
    ["verbose", { verbose: 1 }, /fit prints nothing/],
    [
      "augment: rotation",
      { augment: { rotation: 5 } },
      /fit: augment: unknown option "rotation"; did you mean "rotate"/,
    ],
    ["augment: true", { augment: true }, /fit: augment: wants an object of options, as in \{ shift: … \}, got true/],
    ["onStep", { onStep: "log" }, /onStep must be a function, got "log"/],
    ["shuffle", { shuffle: 0 }, /shuffle must be true or false, got 0/],
    ["earlyStopping: true", { earlyStopping: true }, /earlyStopping: wants an object of options/],
    [
      "earlyStopping.patiense",
      { earlyStopping: { patiense: 3 } },
      /earlyStopping: unknown option "patiense"; did you mean "patience"/,
    ],
    ["reduceOnPlateau.min_lr", { reduceOnPlateau: { min_lr: 3 } }, /did you mean "minLr"/],
    [
      "classWeight: a short list",
      { classWeight: [1, 2] },
      /classWeight has 2 weights for 3 classes; give one a class, or an object/,
    ],
    ["classWeight: a short array", { classWeight: Float32Array.of(1, 2) }, /classWeight has 2 weights for 3 classes/],
    [
      "classWeight: a hole",
      { classWeight: [1, undefined, 1] },
      /weight of class 1 must be a number of at least 0, got undefined/,
    ],
    [
      "classWeight: NaN",
      { classWeight: [1, Number.NaN, 1] },
      /weight of class 1 must be a number of at least 0, got NaN/,
    ],
    ["classWeight: balanced", { classWeight: "balanced" }, /classWeight wants a list of weights or an object/],
    [
      "validationSplit twice",
      { validationSplit: 0.2, validationData: data },
      /validationData or validationSplit, not both/,
    ],
    ["validationSplit: 20", { validationSplit: 20 }, /validation must be a share above 0 and below 1/],
  ])("fit tells of %s", async (_, options, message) => {
    await expectTold((await trainerOf()).fit(data, options as never), message);
  });

  it("tell of options that they do not have, and of what is no data set", async () => {
    const trainer = await trainerOf();
    const image = new Float32Array(4);
    await expectTold(
      trainer.evaluate(data, { output: true } as never),
      /evaluate: unknown option "output"; did you mean "outputs"/,
    );
    await expectTold(trainer.evaluate(data, { batchSize: 3 } as never), /batchSize belongs to createTrainer/);
    await expectTold(
      trainer.prepare(data, { suffle: true } as never),
      /prepare: unknown option "suffle"; did you mean "shuffle"/,
    );
    await expectTold(trainer.inspect(image, { class: 1 } as never), /inspect: unknown option "class"/);
    await expectTold(
      trainer.profile(data, { step: 1 } as never),
      /profile: unknown option "step"; did you mean "steps"/,
    );
    await expectTold(
      trainer.restore(new Uint8Array(8), { adapt: true } as never),
      /restore: unknown option "adapt"; did you mean "adopt"/,
    );
    for (const wrong of [undefined, null, [], { x: image }, image]) {
      await expectTold(trainer.fit(wrong as never), /fit: wants a data set, as dataset\(\) makes it/);
      await expectTold(trainer.fit(wrong as never, { validationSplit: 0.5 }), /fit: wants a data set/);
      await expectTold(trainer.evaluate(wrong as never), /evaluate: wants a data set/);
    }
  });

  it("on the CPU speak of no bytes on a GPU", async () => {
    const trainer = await trainerOf();
    await trainer.fit(data);
    expect(trainer.stats()).toMatchObject({ gpuBytes: 0, datasetBytes: 0, steps: 5 });
  });
});

describe("createWorkerTrainer, before it asks for a worker,", () => {
  it.each<[string, object, RegExp]>([
    ["no optimizer", { optimizer: undefined }, /createWorkerTrainer: wants an optimizer/],
    ["an optimizer that is not called", { optimizer: adam }, /the function adam: call it/],
    ["a backend of the page", { backend: cpu() }, /backend must be a text/],
    [
      "a backend's wrong name",
      { backend: "gpu" },
      /backend must be "auto", "webgpu", "wasm" or "cpu", which the worker opens itself, got "gpu"/,
    ],
    [
      "a misspelt option",
      { batchsize: 3 },
      /createWorkerTrainer: unknown option "batchsize"; did you mean "batchSize"/,
    ],
  ])("tells %s what to write", async (_, options, message) => {
    const worker = () => {
      throw new Error("asked for a worker");
    };
    await expectTold(
      createWorkerTrainer(network(), { worker, loss: LOSS, optimizer: "adam", ...options } as never),
      message,
    );
  });
});
