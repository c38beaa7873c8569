/** Numbers, labels and targets as pages give them: what a data set and a batch take of each, and what they say of the rest. */
import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import {
  ArgumentError,
  createPredictor,
  createTrainer,
  dataset,
  dense,
  flatten,
  multiDataset,
  sequential,
  sgd,
} from "../../src/index.ts";

const shape = [2];
const labels = [0, 1];

describe("a data set's images", () => {
  it.each([
    ["Float64Array", Float64Array.of(0.5, -1, 2, 300)],
    ["Int32Array", Int32Array.of(1, -1, 2, 300)],
    ["Uint16Array", Uint16Array.of(1, 2, 3, 65535)],
    ["a list", [0.5, -1, 2, 300]],
  ])("numbers of a %s are taken as they are", (_, images) => {
    const data = dataset({ images, labels, shape });
    expect(data.images).toEqual(Float32Array.from(images));
    const both = multiDataset({
      inputs: [
        { images, shape },
        { images, shape },
      ],
      outputs: [{ labels }],
    });
    expect([both.images, both.more?.inputs[0]?.images]).toEqual([data.images, data.images]);
  });

  it("NaN is taken, for fit to tell of it", () => {
    expect(dataset({ images: [Number.NaN, 0, 1, 2], labels, shape }).images[0]).toBeNaN();
  });

  it.each<[string, unknown, RegExp]>([
    [
      "a BigInt64Array",
      BigInt64Array.of(1n, 2n, 3n, 4n),
      /images: got a BigInt64Array; .*Float32Array\.from\(values, Number\)/,
    ],
    ["text", "pixels", /images: got "pixels"/],
    ["null", null, /images: got null/],
    ["nothing", undefined, /images: got undefined/],
    ["a list within a list of numbers", [1, [2, 3], 4], /entry 1: got \[2, 3\]; .*lists\.flat\(Infinity\)/],
    ["an ArrayBuffer", new ArrayBuffer(4), /got an ArrayBuffer; .*new Float32Array\(buffer\)/],
    ["a Blob", new Blob([]), /got a Blob; .*createImageBitmap/],
    ["text in a list", [1, 2, "3", 4], /entry 2: got "3"; give a list of numbers/],
    ["holes in a list", new Array(4), /entry 0: got undefined/],
  ])("%s is refused by name", (_, images, told) => {
    const make = () => dataset({ images: images as number[], labels, shape });
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(told);
  });
});

/** Labels that are none, and what is to be said of them. */
const NO_LABELS: readonly [string, unknown, RegExp][] = [
  [
    "a BigInt64Array",
    BigInt64Array.of(0n, 1n),
    /labels.*got a BigInt64Array; convert them: Int32Array\.from\(labels, Number\)/,
  ],
  ["BigInts", [0n, 1n], /label 0.* is the BigInt 0n.*labels\.map\(Number\)/],
  ["numbers as text", ["0", "3"], /label 0.* is "0", not a class index; write labels\.map\(Number\)/],
  ["names", ["cat", "dog"], /label 0.* is "cat".*classNames\.indexOf\(name\)/],
  ["empty text", [0, ""], /label 1.* is "".*indexOf/],
  ["one text", "01", /labels.*got "01"; give a list of class indices/],
  ["truth values", [true, false], /label 0.* is true.*labels\.map\(Number\)/],
  [
    "one-hot rows",
    [
      [1, 0],
      [0, 1],
    ],
    /label 0.* is \[1, 0\].*targets: Float32Array\.from\(rows\.flat\(\)\)/,
  ],
  ["nothing in a list", [0, null], /label 1.* is null/],
  ["a number", 3, /labels.*got 3/],
  ["null", null, /labels.*got null/],
  ["an ArrayBuffer", new ArrayBuffer(2), /labels.*got an ArrayBuffer; say what it holds/],
  ["a promise", Promise.resolve([0, 1]), /labels.*await it/],
  ["halves", [0, 0.5], /label 0\.5 of image 1.*whole numbers/],
];

describe("labels that are no class indices are refused with what to write", () => {
  it.each(NO_LABELS)("a data set with %s", (_, given, told) => {
    const make = () => dataset({ images: [1, 2, 3, 4], labels: given as number[], shape });
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(told);
    expect(make).toThrow(/^dataset: /);
  });

  it.each(NO_LABELS)("trainOnBatch with %s, and the weights stay", async (_, given, told) => {
    const network = sequential({ inputShape: [2] }, [dense({ units: 2 })]);
    const trainer = await createTrainer(network, {
      backend: cpu(),
      loss: "sparseCategoricalCrossentropy",
      optimizer: sgd({ learningRate: 1 }),
    });
    const step = trainer.trainOnBatch([1, 2, 3, 4], given as number[]);
    await expect(step).rejects.toThrow(ArgumentError);
    await expect(step).rejects.toThrow(told);
    await expect(step).rejects.toThrow(/^trainOnBatch: /);
    expect(trainer.stats().steps).toBe(0);
    trainer.dispose();
  });
});

describe("targets", () => {
  it("are taken as they are from every array of numbers, and from bytes of 0 and 1", () => {
    for (const targets of [Float64Array.of(-1, 2.5), Int16Array.of(-1, 3), [-1, 2.5], Uint8Array.of(0, 1)]) {
      expect(dataset({ images: [1, 2, 3, 4], targets, shape }).targets?.data).toEqual(Float32Array.from(targets));
    }
    const own = new Float32Array(2);
    expect(dataset({ images: [1, 2, 3, 4], targets: own, shape }).targets?.data).toBe(own);
  });

  it("of larger bytes are refused, since they may be pixels or numbers", async () => {
    const targets = Uint8Array.of(0, 255);
    expect(() => dataset({ images: [1, 2, 3, 4], targets, shape })).toThrow(
      /targets: got bytes up to 255; .*\(value\) => value \/ 255.*Float32Array\.from\(bytes\)/,
    );
    const network = sequential({ inputShape: [2] }, [dense({ units: 1 })]);
    const trainer = await createTrainer(network, { backend: cpu(), loss: "mse", optimizer: sgd() });
    await expect(trainer.trainOnBatch([1, 2, 3, 4], targets)).rejects.toThrow(
      /^trainOnBatch: targets: got bytes up to 255/,
    );
    expect((await trainer.trainOnBatch([0, 0, 0, 0], Uint8Array.of(0, 1))).loss).toBeCloseTo(0.5, 6);
    trainer.dispose();
  });

  it("of a loss of one's own are told from labels by being floats of any kind", async () => {
    const network = sequential({ inputShape: [1] }, [dense({ units: 1, kernelInitializer: "ones" })]);
    const trainer = await createTrainer(network, {
      ...{ backend: cpu(), optimizer: sgd({ learningRate: 0 }) },
      loss: (graph, outputs, wanted) => graph.mean(graph.mul(outputs, wanted), 1),
    });
    for (const targets of [Float32Array.of(2), Float64Array.of(2)]) {
      expect((await trainer.trainOnBatch([3], targets)).loss).toBe(6);
    }
    trainer.dispose();
  });

  it("sampleWeights are numbers", () => {
    const make = (sampleWeights: unknown) => () =>
      dataset({ images: [1, 2, 3, 4], labels, shape, sampleWeights: sampleWeights as number[] });
    expect(make([0.5, 2])().sampleWeights).toEqual(Float32Array.of(0.5, 2));
    expect(make(["1", "2"])).toThrow(/sampleWeights, entry 0: got "1"/);
    expect(make(BigInt64Array.of(1n, 2n))).toThrow(/sampleWeights: got a BigInt64Array/);
    expect(make([1, Number.NaN])).toThrow(/weight of image 1 is NaN/);
  });
});

describe("the bytes of ImageData, where several images may be given", () => {
  it.each([
    [1, /4 × 2 × 3 values may be .* or four grey images; give four images as a Uint8Array/],
    [3, /4 × 2 × 3 values may be the red, green, blue and alpha of a picture; .*createClassifier/],
  ] as const)("are refused for a model of %i channels", async (channels, told) => {
    const network = sequential({ inputShape: [2, 3, channels] }, [flatten(), dense({ units: 2 })]);
    const trainer = await createTrainer(network, { backend: cpu(), loss: "mse", optimizer: sgd() });
    const predictor = await createPredictor(network, { backend: cpu() });
    const rgba = new Uint8ClampedArray(4 * 2 * 3);
    for (const call of [trainer.predict(rgba), trainer.inspect(rgba), predictor.predict(rgba)]) {
      await expect(call).rejects.toThrow(ArgumentError);
      await expect(call).rejects.toThrow(told);
    }
    const sixth = new Uint8ClampedArray(6 * channels);
    expect((await trainer.predict(sixth)).shape).toEqual([1, 2]);
    trainer.dispose();
    predictor.dispose();
  });

  it("and pictures are for createClassifier", async () => {
    const network = sequential({ inputShape: [2, 3, 1] }, [flatten(), dense({ units: 2 })]);
    const trainer = await createTrainer(network, { backend: cpu(), loss: "mse", optimizer: sgd() });
    const picture = { width: 3, height: 2, data: new Uint8ClampedArray(24) };
    const call = trainer.predict(picture as never);
    await expect(call).rejects.toThrow(/predict: images: .*createClassifier\(\)\.predict takes pictures/);
    trainer.dispose();
  });
});

describe("options of data sets", () => {
  it("are refused by name, with the right one", () => {
    const images = [1, 2, 3, 4];
    expect(() => dataset({ images, label: labels, shape } as never)).toThrow(
      /unknown option "label"; did you mean "labels"/,
    );
    expect(() => dataset({ x: images, labels, shape } as never)).toThrow(/"x"; images are "images"/);
    expect(() => multiDataset({ input: [{ images, shape }], outputs: [{ labels }] } as never)).toThrow(/"inputs"/);
    expect(() => multiDataset({ inputs: [{ images, shape }] } as never)).toThrow(/outputs must be a list.*undefined/);
    expect(() => dataset(undefined as never)).toThrow(ArgumentError);
  });
});
