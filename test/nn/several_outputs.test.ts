import { describe, expect, test } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import {
  add,
  concatenate,
  createPredictor,
  createTrainer,
  DivergedError,
  defineLayer,
  dense,
  flatten,
  input,
  type Model,
  model,
  modelFromConfig,
  multiDataset,
  sequential,
  sgd,
  splitTensor,
} from "../../src/index.ts";

const copyOf = <T>(json: T): T => JSON.parse(JSON.stringify(json)) as T;

/** First and second moment of each channel. */
const moments = defineLayer<{ power?: number }>({
  kind: "moments",
  outputShapes: (shape) => [shape.slice(-1), shape.slice(-1)],
  weights: (shape) => ({ scale: { shape: shape.slice(-1), initializer: "ones" } }),
  build(graph, x, { weight, options }) {
    const first = graph.mul(graph.mean(x, [1, 2]), weight("scale"));
    return [first, graph.mean(graph.pow(x, options.power ?? 2), [1, 2])];
  },
});

async function predicted(made: Model, x: Float32Array): Promise<number[][]> {
  const predictor = await createPredictor(made, { backend: cpu() });
  const results = await predictor.predict([x]);
  predictor.dispose();
  return results.map(({ data }) => [...data]);
}

describe("a layer that gives several tensors", () => {
  test("splits channels or another axis, into equal parts or given ones; concatenate puts them together again", async () => {
    const x = input([2, 4]);
    const [left, right] = splitTensor({ parts: 2 })(x) as [typeof x, typeof x];
    const [row, others] = splitTensor({ parts: [1, 1], axis: 1 })(x) as [typeof x, typeof x];
    const made = model({ inputs: x, outputs: [right, concatenate()([left, right]), row, others] });
    expect(made.outputShapes).toEqual([
      [2, 2],
      [2, 4],
      [1, 4],
      [1, 4],
    ]);
    const values = Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7);
    expect(await predicted(made, values)).toEqual([[2, 3, 6, 7], [...values], [0, 1, 2, 3], [4, 5, 6, 7]]);
  });

  test("has its outputs' names, its counts and its row in the summary, also where one output leads nowhere", () => {
    const x = input([2, 6]);
    const [, second, third] = splitTensor({ parts: [1, 2, 3], name: "parts" })(x);
    const made = model({ inputs: x, outputs: [third!, flatten({ name: "flat" })(second!)] });
    expect(made.outputNames).toEqual(["parts (output 3)", "flat"]);
    const [parts, flat] = made.summary().rows;
    expect(parts).toMatchObject({
      outputShape: [2, 1],
      outputShapes: [
        [2, 1],
        [2, 2],
        [2, 3],
      ],
      neurons: 12,
    });
    expect(flat).toMatchObject({ connectedTo: ["parts (output 2)"] });
    expect(String(made.summary())).toMatch(/parts +2×1, 2×2, 2×3 +12 /);
  });

  test("is the same model after its JSON, with its weights and every way through it", async () => {
    const x = input([2, 2, 3], { name: "picture" });
    const [mean, square] = moments({ power: 4, name: "moments" })(x) as [typeof x, typeof x];
    const shared = splitTensor({ parts: 3, name: "again" });
    const sum = add()([shared(mean)[2]!, shared(square)[1]!]);
    const made = model({ inputs: x, outputs: [sum, square], seed: 5 });
    made.setParameters(new Map([["moments/scale", { shape: [3], data: Float32Array.of(1, 2, -3) }]]));
    const again = modelFromConfig(copyOf(made.toJSON()), { weights: made.parameters });
    expect(again.toJSON()).toEqual(made.toJSON());
    expect(again.outputNames).toEqual(["add", "moments (output 2)"]);
    const values = Float32Array.from({ length: 12 }, (_, i) => i / 8);
    const [first, second] = await predicted(made, values);
    const channel = (c: number, power: number) =>
      [0, 1, 2, 3].reduce((total, place) => total + values[3 * place + c]! ** power / 4, 0);
    expect(first![0]).toBeCloseTo(-3 * channel(2, 1) + channel(1, 4), 6);
    expect(second![0]).toBeCloseTo(channel(0, 4), 6);
    expect(await predicted(again, values)).toEqual([first, second]);
  });

  test("is trained through all its outputs: gradients of a split are those of its parts", async () => {
    const x = input([4]);
    const [a, b] = splitTensor({ parts: 2 })(dense({ units: 4, useBias: false, name: "all" })(x)) as [
      typeof x,
      typeof x,
    ];
    const made = model({ inputs: x, outputs: [a, b] });
    const whole = sequential({ inputShape: [4] }, [dense({ units: 4, useBias: false, name: "all" })]);
    whole.setParameters(made.parameters);
    const images = Float32Array.of(1, 2, 3, 4, 0, 1, 0, -1);
    const targets = Float32Array.of(1, 0, 0, 1, 2, 0, 0, 2);
    const part = (first: number) =>
      [0, 1].flatMap((row) => [...targets.subarray(4 * row + first, 4 * row + first + 2)]);
    const common = { backend: cpu(), optimizer: sgd({ learningRate: 0.1 }), batchSize: 2 };
    // Means over two values each: half their sum is the mean over four.
    const trainer = await createTrainer(made, { ...common, loss: "mse", lossWeights: [0.5, 0.5] });
    const ofWhole = await createTrainer(whole, { ...common, loss: "mse" });
    const data = multiDataset({
      inputs: [{ images, shape: [4] }],
      outputs: [
        { targets: Float32Array.from(part(0)), targetShape: [2] },
        { targets: Float32Array.from(part(2)), targetShape: [2] },
      ],
    });
    await trainer.fit(data, { epochs: 2, shuffle: false });
    for (let step = 0; step < 2; step++) await ofWhole.trainOnBatch(images, targets);
    await Promise.all([trainer.syncModel(), ofWhole.syncModel()]);
    const [got, want] = [made, whole].map((one) => [...one.parameters.get("all/kernel")!.data]);
    got!.forEach((value, index) => {
      expect(value).toBeCloseTo(want![index]!, 6);
    });
    trainer.dispose();
    ofWhole.dispose();
  });

  test("is named with the output where a number that is not finite began", async () => {
    const roots = defineLayer({
      kind: "roots",
      outputShapes: (shape) => [shape, shape],
      build: (graph, x) => [x, graph.sqrt(x)],
    });
    const x = input([2]);
    const [first, second] = roots()(x) as [typeof x, typeof x];
    const made = model({ inputs: x, outputs: dense({ units: 1 })(add()([first, second])) });
    const trainer = await createTrainer(made, { backend: cpu(), loss: "mse", optimizer: "sgd", batchSize: 1 });
    const error = await trainer.trainOnBatch(Float32Array.of(-1, 1), Float32Array.of(0)).catch((reason) => reason);
    expect(error).toBeInstanceOf(DivergedError);
    expect(String(error)).toContain('The output of layer "roots (output 2)"');
    trainer.dispose();
  });

  test("is refused where it cannot be", () => {
    const x = input([2, 4]);
    expect(() => splitTensor({ parts: 3 })(x)).toThrow(
      'layer "split_tensor": 3 equal parts do not make up axis 2 of [2, 4].',
    );
    expect(() => splitTensor({ parts: [1, 2] })(x)).toThrow("parts of [1, 2] do not make up axis 2 of [2, 4].");
    expect(() => splitTensor({ parts: 2, axis: 0 })(x)).toThrow("axis 0 is the batch");
    expect(() => splitTensor({ parts: 0 })).toThrow("parts must be how many there are, or a list of their sizes");
    expect(() => splitTensor({ parts: 1e9 })).toThrow("at most 1024");
    expect(() => sequential({ inputShape: [4] }, [splitTensor({ parts: 2 }) as never])).toThrow(
      'sequential: layer "split_tensor" gives 2 tensors; call it on one and build the network with model().',
    );
    const config = sequential({ inputShape: [4] }, [dense({ units: 1 })]).toJSON();
    Object.assign(config.layers[0]!, { kind: "splitTensor", options: { parts: 4 } });
    expect(() => modelFromConfig(config)).toThrow("gives 4 tensors");
    const [part] = splitTensor({ parts: 4 })(x);
    expect(() => dense({ units: 1 })(splitTensor({ parts: 4 })(x) as never)).toThrow("takes one tensor, got 4");
    expect(String(part)).toBe('layer "split_tensor" (output 1) [2, 1]');
  });

  test("of one's own is refused where its graph gives others than it says", async () => {
    const wrong = (build: () => unknown) => {
      const kind = defineLayer({ kind: "wrong_parts", outputShapes: (s) => [s, s], build: build as never });
      const x = input([2]);
      const [first] = kind()(x);
      return predicted(model({ inputs: x, outputs: first! }), Float32Array.of(1, 2));
    };
    await expect(wrong(() => undefined)).rejects.toThrow(
      'layer "wrong_parts": build gave undefined; its outputShapes says a list of 2.',
    );
    await expect(wrong(() => [1])).rejects.toThrow("build gave 1 nodes");
    await expect(wrong(() => [1, 2])).rejects.toThrow("build gave 1; wants a node");
  });
});
