/** What `predict`, `trainOnBatch`, `inspect` and classifiers answer to every kind of input, on any backend. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../src/graph/backend.ts";
import {
  ArgumentError,
  activation,
  createClassifier,
  createPredictor,
  createTrainer,
  DisposedError,
  dense,
  flatten,
  type ImageBatch,
  type LossChoice,
  type Model,
  reshape,
  sequential,
  sgd,
  softmax,
} from "../../src/index.ts";
import { backendName, testBackend } from "../support/backend.ts";

/** A dense layer with these weights [in][out] and biases, and what comes after it. */
function linear(
  kernel: readonly (readonly number[])[],
  bias: readonly number[],
  ...rest: Parameters<typeof sequential>[1]
) {
  const [inputs, units] = [kernel.length, bias.length];
  const network = sequential({ inputShape: [inputs] }, [dense({ units, name: "dense" }), ...rest]);
  network.setParameters(
    new Map([
      ["dense/kernel", { shape: [inputs, units], data: Float32Array.from(kernel.flat()) }],
      ["dense/bias", { shape: [units], data: Float32Array.from(bias) }],
    ]),
  );
  return network;
}

/** 3 · x + 4 · y + 0.5 */
const regression = () => linear([[3], [4]], [0.5]);
/** Gives these values whatever it gets, before `rest`. */
const giving = (values: readonly number[], ...rest: Parameters<typeof sequential>[1]) =>
  linear([values.map(() => 0)], values, ...rest);

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softmaxOf = (logits: readonly number[]) => {
  const sum = logits.reduce((total, x) => total + Math.exp(x), 0);
  return logits.map((x) => Math.exp(x) / sum);
};

function expectNear(got: ArrayLike<number> | undefined, want: readonly number[]): void {
  expect(got?.length).toBe(want.length);
  want.forEach((value, index) => {
    expect(got?.[index]).toBeCloseTo(value, 5);
  });
}

/** Numbers 1 and 2 in every array that counts as numbers. */
const NUMBERS: readonly [string, ImageBatch][] = [
  ["a Float32Array", Float32Array.of(1, 2)],
  ["a Float64Array", Float64Array.of(1, 2)],
  ["an Int8Array", Int8Array.of(1, 2)],
  ["an Int16Array", Int16Array.of(1, 2)],
  ["an Int32Array", Int32Array.of(1, 2)],
  ["a Uint16Array", Uint16Array.of(1, 2)],
  ["a Uint32Array", Uint32Array.of(1, 2)],
  ["a list", [1, 2]],
];

/** `epsilon`-free: all values here are exact or rounded once. */
describe(`answers of ${backendName}`, () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await testBackend();
  });
  afterAll(() => backend.dispose());

  const trainerOf = (network: Model, loss: LossChoice, batchSize = 4) =>
    createTrainer(network, { backend, loss, optimizer: sgd({ learningRate: 0 }), batchSize });

  it("predict gives a regression's numbers, alone, in a list and in batches, as createPredictor does", async () => {
    const network = regression();
    const trainer = await trainerOf(network, "mse");
    const predictor = await createPredictor(network, { backend });
    const x = Float32Array.of(1, 2);
    expect(await trainer.predict(x)).toEqual({ shape: [1, 1], data: Float32Array.of(11.5) });
    expect((await trainer.predict([x]))[0]?.data).toEqual(Float32Array.of(11.5));
    expect((await predictor.predict(x))[0]?.data).toEqual(Float32Array.of(11.5));
    const batch = Float32Array.from({ length: 12 }, (_, index) => index);
    const want = Float32Array.from({ length: 6 }, (_, row) => 3 * 2 * row + 4 * (2 * row + 1) + 0.5);
    expect(await trainer.predict(batch)).toEqual({ shape: [6, 1], data: want });
    trainer.dispose();
    predictor.dispose();
  });

  it.each<[LossChoice, readonly number[]]>([
    ["mse", [4, -5]],
    ["mae", [4, -5]],
    ["huber", [4, -5]],
    ["hinge", [4, -5]],
    ["categoricalHinge", [4, -5]],
    ["cosineSimilarity", [4, -5]],
    [(graph, outputs, targets) => graph.mean(graph.mul(outputs, targets), 1), [4, -5]],
    ["sparseCategoricalCrossentropy", softmaxOf([4, -5])],
    ["categoricalCrossentropy", softmaxOf([4, -5])],
    ["kullbackLeiblerDivergence", softmaxOf([4, -5])],
    ["binaryCrossentropy", [sigmoid(4), sigmoid(-5)]],
  ])(
    "predict under loss %s gives outputs as they are, and probabilities only where the loss takes logits",
    async (loss, want) => {
      const trainer = await trainerOf(giving([4, -5]), loss);
      expectNear((await trainer.predict(Float32Array.of(1))).data, want);
      trainer.dispose();
    },
  );

  it("predict gives an autoencoder's sigmoid, and a softmax at the end once", async () => {
    const decoder = await trainerOf(giving([1, -1, 3], activation("sigmoid")), "mse");
    expectNear((await decoder.predict(Float32Array.of(1))).data, [1, -1, 3].map(sigmoid));
    decoder.dispose();
    const classes = await trainerOf(giving([1, -1, 3], activation("softmax")), "categoricalCrossentropy");
    expectNear((await classes.predict(Float32Array.of(1))).data, softmaxOf([1, -1, 3]));
    classes.dispose();
  });

  it("bytes alone become 0…1; every other array of numbers is taken as it is, at every entrance", async () => {
    const network = regression();
    const trainer = await trainerOf(network, "mse");
    const predictor = await createPredictor(network, { backend });
    const classifier = await createClassifier(network, { backend, labels: ["no", "yes"] });
    for (const [kind, x] of NUMBERS) {
      expect((await trainer.predict(x)).data, kind).toEqual(Float32Array.of(11.5));
      expect((await predictor.predict(x))[0]?.data, kind).toEqual(Float32Array.of(11.5));
      expect((await trainer.inspect(x)).logits.data, kind).toEqual(Float32Array.of(11.5));
      // (11.5 − 10)²
      expect((await trainer.trainOnBatch(x, [10])).loss, kind).toBe(2.25);
      expectNear((await classifier.predict(x)).probabilities, [1 - sigmoid(11.5), sigmoid(11.5)]);
    }
    const third = 3 * (51 / 255) + 4 * (102 / 255) + 0.5;
    for (const bytes of [Uint8Array.of(51, 102), Uint8ClampedArray.of(51, 102)]) {
      expectNear((await trainer.predict(bytes)).data, [third]);
      expectNear((await predictor.predict(bytes))[0]?.data, [third]);
      expectNear((await trainer.inspect(bytes)).logits.data, [third]);
      expect((await trainer.trainOnBatch(bytes, Float32Array.of(third))).loss).toBeCloseTo(0, 10);
      expectNear((await classifier.predict(bytes)).probabilities, [1 - sigmoid(third), sigmoid(third)]);
    }
    for (const one of [trainer, predictor, classifier]) one.dispose();
  });

  it("values are read before the call returns: what becomes of the array afterwards changes no answer", async () => {
    const network = regression();
    const trainer = await trainerOf(network, "mse");
    const predictor = await createPredictor(network, { backend });
    const classifier = await createClassifier(network, { backend });
    const [list, floats] = [[1, 2], Float32Array.of(1, 2)];
    const answers = [
      trainer.predict(list),
      trainer.predict([floats]).then((all) => all[0]),
      predictor.predict(floats).then((all) => all[0]),
      trainer.inspect(floats).then(({ logits }) => logits),
    ];
    const score = trainer.trainOnBatch(floats, floats.subarray(0, 1));
    const probability = classifier.predict(floats);
    list.fill(9);
    floats.fill(9);
    for (const answer of answers) expect((await answer)?.data).toEqual(Float32Array.of(11.5));
    expect((await score).loss).toBe((11.5 - 1) ** 2);
    expect((await probability).probabilities[1]).toBeCloseTo(sigmoid(11.5), 5);
    expect((await trainer.predict(floats)).data).toEqual(Float32Array.of(63.5));
    for (const one of [trainer, predictor, classifier]) one.dispose();
  });

  it("NaN and infinite values are refused by image and place, where an answer is wanted", async () => {
    const network = sequential({ inputShape: [2, 2, 1] }, [flatten(), dense({ units: 2 })]);
    const trainer = await trainerOf(network, "mse");
    const predictor = await createPredictor(network, { backend });
    const classifier = await createClassifier(network, { backend });
    for (const [bad, word] of [
      [Number.NaN, "NaN"],
      [Number.POSITIVE_INFINITY, "Infinity"],
      [Number.NEGATIVE_INFINITY, "-Infinity"],
      [1e300, "Infinity"],
    ] as const) {
      const second = [0, 0, 0, 0, 0, 0, bad, 0];
      const told = `image 1 holds ${word} at [1, 0, 0] of [2, 2, 1]`;
      await expect(trainer.predict(second)).rejects.toThrow(`predict: ${told}`);
      await expect(trainer.predict(second)).rejects.toThrow(ArgumentError);
      await expect(trainer.predict([Float64Array.from(second)])).rejects.toThrow(told);
      await expect(predictor.predict(Float64Array.from(second))).rejects.toThrow(told);
      const one = Float64Array.of(0, 0, bad, 0);
      await expect(classifier.predict(one)).rejects.toThrow(`image 0 holds ${word} at [1, 0, 0]`);
      await expect(trainer.inspect(one)).rejects.toThrow(`inspect: image 0 holds ${word} at [1, 0, 0]`);
      await expect(trainer.draw(one, [])).rejects.toThrow(`draw: image 0 holds ${word} at [1, 0, 0]`);
    }
    for (const one of [trainer, predictor, classifier]) one.dispose();
  });

  it("a classifier of one sigmoid gives the probabilities of no and yes", async () => {
    const classifier = await createClassifier(giving([-2], activation("sigmoid")), {
      backend,
      labels: ["dog", "cat"],
    });
    const { label, index, labels, probabilities } = await classifier.predict(Float32Array.of(1));
    expect({ label, index, labels }).toEqual({ label: "dog", index: 0, labels: ["dog"] });
    expectNear(probabilities, [0.880797, 0.119203]);
    classifier.dispose();
    const yes = await createClassifier(giving([-2], activation("sigmoid")), { backend, labels: ["cat"] });
    const alone = await yes.predict(Float32Array.of(1));
    expectNear(alone.probabilities, [0.119203]);
    expect(alone.labels).toEqual([]);
    yes.dispose();
  });

  it("a classifier of several sigmoids gives each class its own probability, and names all that are true", async () => {
    const options = { backend, labels: ["a", "b", "c"] };
    for (const [network, activationOfLogits] of [
      [giving([1, -1, 3], activation("sigmoid")), undefined],
      [giving([1, -1, 3], activation("sigmoid"), reshape({ targetShape: [3] })), undefined],
      [giving([1, -1, 3]), "sigmoid"],
    ] as const) {
      const classifier = await createClassifier(network, {
        ...options,
        ...(activationOfLogits ? { activation: activationOfLogits } : {}),
      });
      const { label, labels, probabilities } = await classifier.predict(Float32Array.of(1));
      expectNear(probabilities, [0.731059, 0.268941, 0.952574]);
      expect([label, labels]).toEqual(["c", ["a", "c"]]);
      classifier.dispose();
    }
  });

  it("a classifier takes a softmax once, wherever it stands, and one of logits without being told", async () => {
    for (const network of [
      giving([1, -1, 3]),
      giving([1, -1, 3], activation("softmax")),
      giving([1, -1, 3], softmax({ axis: 1 })),
      giving([1, -1, 3], activation("softmax"), reshape({ targetShape: [1, 3] }), flatten()),
    ]) {
      const classifier = await createClassifier(network, { backend });
      const { index, labels, probabilities } = await classifier.predict(Float32Array.of(1));
      expectNear(probabilities, softmaxOf([1, -1, 3]));
      expect([index, labels]).toEqual([2, ["2"]]);
      classifier.dispose();
    }
  });

  it("inspect gives logits and probabilities of sigmoids, with the slopes of the target's own cross-entropy", async () => {
    const ends: [Model, LossChoice][] = [
      [giving([1, -1, 3], activation("sigmoid")), "binaryCrossentropy"],
      [giving([1, -1, 3]), "binaryCrossentropy"],
      [giving([1, -1, 3], activation("sigmoid")), "mse"],
    ];
    for (const [network, loss] of ends) {
      const trainer = await trainerOf(network, loss);
      const seen = await trainer.inspect(Float32Array.of(1), { target: 1, parameterGradients: true });
      expectNear(seen.logits.data, [1, -1, 3]);
      expectNear(seen.probabilities.data, [0.731059, 0.268941, 0.952574]);
      // d −log σ(z) / dz = σ(z) − 1, of the target alone.
      expectNear(seen.parameterGradients?.get("dense/bias")?.data, [0, sigmoid(-1) - 1, 0]);
      expect((await trainer.inspect(Float32Array.of(1))).target).toBe(2);
      trainer.dispose();
    }
    const binary = await trainerOf(giving([-2], activation("sigmoid")), "binaryCrossentropy");
    expectNear((await binary.inspect(Float32Array.of(1))).probabilities.data, [0.119203]);
    binary.dispose();
  });

  it("dispose ends predictions under way with a DisposedError, and leaves no bytes", async () => {
    const network = regression();
    const before = backend.bytes;
    const trainer = await trainerOf(network, "mse");
    const predictor = await createPredictor(network, { backend });
    const classifier = await createClassifier(network, { backend });
    await predictor.predict([1, 2]);
    const calls: Promise<unknown>[] = [
      trainer.predict([1, 2]),
      trainer.predict(new Float32Array(20)),
      trainer.inspect([1, 2]),
      predictor.predict([1, 2]),
      predictor.predict(new Float32Array(200)),
      classifier.predict([1, 2]),
    ];
    for (const one of [trainer, predictor, classifier]) one.dispose();
    const ends = await Promise.allSettled(calls);
    expect(ends.map((end) => end.status === "rejected" && end.reason instanceof DisposedError)).toEqual(
      calls.map(() => true),
    );
    await expect(trainer.predict([1, 2])).rejects.toThrow(/This trainer was disposed of/);
    await expect(predictor.predict([1, 2])).rejects.toThrow(/This predictor was disposed of/);
    await expect(classifier.predict([1, 2])).rejects.toThrow(/This classifier was disposed of/);
    // What was still being compiled goes as soon as it is ready.
    await expect.poll(() => backend.bytes, { timeout: 20_000 }).toBeLessThanOrEqual(before + STAGING);
  });
});

/** Staging buffers stay, to be used again. */
const STAGING = 4096;
