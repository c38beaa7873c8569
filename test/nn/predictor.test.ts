import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import {
  ArgumentError,
  activation,
  concatenate,
  createClassifier,
  createPredictor,
  DisposedError,
  dense,
  flatten,
  input,
  type Model,
  model,
  ShapeError,
  sequential,
} from "../../src/index.ts";

/** [2, 2, 1] pixels and two numbers beside them, to three classes. */
function twoInputs(): Model {
  const [image, numbers] = [input([2, 2, 1], { name: "image" }), input([2], { name: "numbers" })];
  const all = concatenate()([flatten()(image), numbers]);
  const network = model({
    inputs: [image, numbers],
    outputs: activation("softmax")(dense({ units: 3, useBias: false })(all)),
  });
  // Class 0 adds up the pixels, class 1 takes the first number, class 2 the second.
  const kernel = Float32Array.from([1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
  network.setParameters(new Map([["dense/kernel", { shape: [6, 3], data: kernel }]]));
  return network;
}

const softmax = (logits: readonly number[]) => {
  const sum = logits.reduce((total, x) => total + Math.exp(x), 0);
  return logits.map((x) => Math.exp(x) / sum);
};

describe("a model with several inputs", () => {
  it("classifies through createClassifier, from one picture or array an input", async () => {
    const classifier = await createClassifier(twoInputs(), { backend: cpu(), labels: ["sum", "first", "second"] });
    const { label, index, probabilities } = await classifier.predict([
      new Uint8Array([255, 0, 0, 0]),
      Float32Array.from([0.5, 2]),
    ]);
    expect([label, index]).toEqual(["second", 2]);
    softmax([1, 0.5, 2]).forEach((want, i) => {
      expect(probabilities[i]).toBeCloseTo(want, 6);
    });
    await expect(classifier.predict(new Float32Array(4))).rejects.toThrow(ArgumentError);
    await expect(classifier.predict(new Float32Array(4))).rejects.toThrow(
      /predict: the model has 2 inputs \("image" \[2, 2, 1\], "numbers" \[2\]\), got 1/,
    );
    classifier.dispose();
  });

  it("predicts batches of any size through createPredictor", async () => {
    const predictor = await createPredictor(twoInputs(), { backend: cpu(), batchSize: 2 });
    const [result] = await predictor.predict([
      Float32Array.from([1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 3]),
      Float32Array.from([0, 1, 2, 3, 4, 5]),
    ]);
    expect(result?.shape).toEqual([3, 3]);
    [softmax([1, 0, 1]), softmax([2, 2, 3]), softmax([3, 4, 5])].flat().forEach((want, i) => {
      expect(result?.data[i]).toBeCloseTo(want, 6);
    });
    await expect(predictor.predict([new Float32Array(8), new Float32Array(2)])).rejects.toThrow(ShapeError);
    await expect(predictor.predict([new Float32Array(3), new Float32Array(2)])).rejects.toThrow(/got 3, 2 values/);
    predictor.dispose();
    await expect(predictor.predict([])).rejects.toThrow(DisposedError);
  });
});

describe("createPredictor", () => {
  it("gives every output as it is, without a softmax", async () => {
    const x = input([2]);
    const hidden = dense({ units: 2, kernelInitializer: "identity", activation: "relu" })(x);
    const network = model({ inputs: x, outputs: [hidden, dense({ units: 1, kernelInitializer: "ones" })(hidden)] });
    const predictor = await createPredictor(network, { backend: cpu() });
    const results = await predictor.predict(Float32Array.from([1, -2, 3, 4]));
    expect(results.map(({ shape, data }) => [shape, [...data]])).toEqual([
      [
        [2, 2],
        [1, 0, 3, 4],
      ],
      [
        [2, 1],
        [1, 7],
      ],
    ]);
    predictor.dispose();
    await expect(
      createPredictor(sequential({ inputShape: [1] }, [flatten()]), { backend: cpu(), batchSize: 0 }),
    ).rejects.toThrow(ArgumentError);
  });
});
