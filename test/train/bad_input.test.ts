import { afterEach, describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import { Graph } from "../../src/graph.ts";
import {
  ArgumentError,
  adam,
  type Backend,
  conv2d,
  createClassifier,
  createTrainer,
  DisposedError,
  DivergedError,
  dataset,
  dense,
  FormatError,
  flatten,
  idx,
  maxPooling2d,
  modelFromConfig,
  ShapeError,
  sequential,
  sgd,
  toSafetensors,
} from "../../src/index.ts";
import { barPictures, smallNetwork } from "../support/networks.ts";

const LOSS = "sparseCategoricalCrossentropy";
const backends: Backend[] = [];

function backend(): Backend {
  const made = cpu();
  backends.push(made);
  return made;
}

afterEach(() => {
  for (const made of backends.splice(0)) made.dispose();
});

const trainerOf = (optimizer = adam()) =>
  createTrainer(smallNetwork(), { backend: backend(), loss: LOSS, optimizer, batchSize: 16 });

describe("bad input gives a typed error that names the thing", () => {
  it("a layer that does not fit names itself and the shapes", () => {
    const build = () => sequential({ inputShape: [8, 8, 1] }, [conv2d({ filters: 4, kernelSize: 9, name: "wide" })]);
    expect(build).toThrow(ShapeError);
    expect(build).toThrow(/layer "wide".*window of 9.*into 8/);
  });

  it("a class loss over dense on an image says to flatten", async () => {
    const model = sequential({ inputShape: [8, 8, 1] }, [dense({ units: 3 })]);
    await expect(createTrainer(model, { backend: backend(), loss: LOSS, optimizer: adam() })).rejects.toThrow(
      /wants one row of logits an image, the model gives \[8, 8, 3\].*flatten/,
    );
  });

  it.each([
    ["filters", () => conv2d({ filters: -1, kernelSize: 3 })],
    ["kernelSize", () => conv2d({ filters: 1, kernelSize: 0 })],
    ["units", () => dense({ units: 1.5 })],
    ["poolSize", () => maxPooling2d({ poolSize: 0 })],
    ["activation", () => dense({ units: 1, activation: "reluu" })],
    ["learningRate", () => adam({ learningRate: Number.NaN })],
    ["momentum", () => sgd({ momentum: 1.5 })],
  ])("a bad %s is an ArgumentError that names it", (name, make) => {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(new RegExp(name));
  });

  it("an unknown loss lists the known ones", async () => {
    const make = createTrainer(smallNetwork(), { backend: backend(), loss: "crossentropy", optimizer: adam() });
    await expect(make).rejects.toThrow(ArgumentError);
    await expect(make).rejects.toThrow(/"crossentropy".*sparseCategoricalCrossentropy/);
  });

  it("empty data, labels out of range and wrong lengths are found before anything runs", () => {
    const images = new Uint8Array(64 * 2);
    expect(() => dataset({ images: new Uint8Array(0), labels: [], shape: [8, 8, 1] })).toThrow(ArgumentError);
    expect(() => dataset({ images, labels: [0, 7], shape: [8, 8, 1], classes: 3 })).toThrow(/label 7 .*image 1/);
    expect(() => dataset({ images, labels: [0, -1], shape: [8, 8, 1] })).toThrow(ArgumentError);
    expect(() => dataset({ images, labels: [0, 1, 2], shape: [8, 8, 1] })).toThrow(ShapeError);
  });

  it("truncated and foreign IDX files are FormatErrors", () => {
    const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 1, 0);
    const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8);
    expect(idx({ images, labels }).count).toBe(2);
    for (const broken of [images.subarray(0, 20), new Uint8Array(3), new TextEncoder().encode("<!doctype html>")]) {
      expect(() => idx({ images: broken, labels })).toThrow(FormatError);
    }
  });

  it("data that do not fit the model name both shapes, and the trainer stays usable", async () => {
    const trainer = await trainerOf();
    const wrong = dataset({ images: new Uint8Array(2 * 9), labels: [0, 1], shape: [3, 3, 1] });
    await expect(trainer.fit(wrong)).rejects.toThrow(/\[3, 3, 1\].*\[8, 8, 1\]/);
    const tooMany = dataset({ images: new Uint8Array(64), labels: [5], shape: [8, 8, 1] });
    await expect(trainer.fit(tooMany)).rejects.toThrow(/6 classes.*"dense".*3 outputs/);
    await expect(trainer.predict(new Float32Array(63))).rejects.toThrow(ShapeError);
    await expect(trainer.trainOnBatch(new Float32Array(64), [3])).rejects.toThrow(ArgumentError);
    await expect(trainer.fit(barPictures(32), { epochs: 0 })).rejects.toThrow(/epochs/);
    const history = await trainer.fit(barPictures(32));
    expect(history.stepLosses).toHaveLength(2);
    trainer.dispose();
    await expect(trainer.fit(barPictures(32))).rejects.toThrow(DisposedError);
  });

  it("aborting rejects with the reason, keeps the steps done, and the next fit finishes the epoch", async () => {
    const trainer = await trainerOf();
    const controller = new AbortController();
    const reason = new Error("enough");
    const heard: number[] = [];
    const fit = trainer.fit(barPictures(160), {
      epochs: 2,
      signal: controller.signal,
      onStep: ({ step }) => {
        heard.push(step);
        if (step === 3) controller.abort(reason);
      },
    });
    await expect(fit).rejects.toBe(reason);
    const done = trainer.stats().steps;
    expect(done).toBeGreaterThanOrEqual(4);
    expect(heard).toEqual(Array.from({ length: done }, (_, step) => step));
    await trainer.fit(barPictures(160), { epochs: 1 });
    trainer.dispose();
  });

  it("pausing holds the steps until resume", async () => {
    const trainer = await trainerOf();
    trainer.pause();
    expect(trainer.paused).toBe(true);
    const fit = trainer.fit(barPictures(48));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(trainer.stats().steps).toBe(0);
    trainer.resume();
    expect((await fit).stepLosses).toHaveLength(3);
    trainer.dispose();
  });

  it("a loss that is not finite is a DivergedError with its step", async () => {
    const trainer = await trainerOf(sgd({ learningRate: 1e200 }));
    await expect(trainer.fit(barPictures(64), { epochs: 4 })).rejects.toThrow(DivergedError);
    trainer.dispose();
  });

  it("foreign checkpoints and configurations are FormatErrors", async () => {
    const trainer = await trainerOf();
    await expect(trainer.restore(new Uint8Array(10))).rejects.toThrow(FormatError);
    await expect(trainer.restore(toSafetensors(new Map()))).rejects.toThrow(FormatError);
    const other = await trainerOf(sgd());
    await expect(trainer.restore(await other.checkpoint())).rejects.toThrow(/"sgd".*"adam"/);
    expect(() => modelFromConfig({} as never)).toThrow(FormatError);
    trainer.dispose();
    other.dispose();
  });

  it("a graph's feeds are checked by name and length", async () => {
    const graph = new Graph();
    const program = await backend().compile(graph, { outputs: { y: graph.relu(graph.input("x", [2, 3])) } });
    await expect(program.run({})).rejects.toThrow(/"x".*missing/);
    await expect(program.run({ x: [1] })).rejects.toThrow(ShapeError);
    await expect(program.run({ x: new Float32Array(6), z: [1] })).rejects.toThrow(/no input "z"/);
  });

  it("classifier labels must be as many as the classes", async () => {
    await expect(createClassifier(smallNetwork(), { backend: backend(), labels: ["a"] })).rejects.toThrow(
      /1 labels.*3 classes/,
    );
  });
});

describe("models", () => {
  it("count what the text counts: 784, 25,088, 6,272", () => {
    const model = sequential({ inputShape: [28, 28, 1] }, [
      conv2d({ filters: 32, kernelSize: 3, padding: "same", activation: "relu" }),
      maxPooling2d({ poolSize: 2 }),
      conv2d({ filters: 64, kernelSize: 3, padding: "same", activation: "relu" }),
      maxPooling2d({ poolSize: 2 }),
      flatten(),
      dense({ units: 10, activation: "softmax" }),
    ]);
    const summary = model.summary({ batchSize: 64 });
    expect(summary.rows.map((row) => row.neurons)).toEqual([25088, 6272, 12544, 3136, 3136, 10]);
    expect(summary.rows.map((row) => row.parameters)).toEqual([320, 0, 18496, 0, 0, 31370]);
    expect(summary.rows[2]?.multiplyAdds).toBe(14 * 14 * 64 * 9 * 32);
    expect(summary.parameters).toBe(50186);
    expect(String(summary)).toMatch(/conv2d +28×28×32 +25,088 +320/);
    expect([...model.parameters.keys()]).toEqual([
      "conv2d/kernel",
      "conv2d/bias",
      "conv2d_1/kernel",
      "conv2d_1/bias",
      "dense/kernel",
      "dense/bias",
    ]);
    expect(modelFromConfig(JSON.parse(JSON.stringify(model))).parameters).toEqual(model.parameters);
  });
});
