/** Parts of trained networks: `upTo`, `splitAt`, `freeze`, `withHead`. */
import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import {
  ArgumentError,
  activation,
  add,
  batchNormalization,
  concatenate,
  constant,
  conv2d,
  createPredictor,
  createTrainer,
  defineLayer,
  dense,
  dropout,
  flatten,
  freeze,
  globalAveragePooling2d,
  input,
  loadModel,
  type Model,
  maxPooling2d,
  model,
  operation,
  saveModel,
  sequential,
  splitAt,
  splitTensor,
  unfreeze,
  upTo,
  withHead,
} from "../../src/index.ts";
import { RandomData } from "../support/random.ts";

const backend = cpu();

const imagesFor = (made: Model, count = 2) => {
  const random = new RandomData(11);
  return made.inputShapes.map((shape) => Float32Array.from(random.normals(count * shape.reduce((a, b) => a * b, 1))));
};

/** What a model gives for some images; as plain lists. */
async function outputs(made: Model, images: Float32Array[] = imagesFor(made)): Promise<Float32Array[]> {
  const predictor = await createPredictor(made, { backend });
  const results = await predictor.predict(images);
  predictor.dispose();
  return results.map(({ data }) => data);
}

/** Weights that are no initial values, by steps of training: statistics move, too. */
async function trained(made: Model): Promise<Model> {
  const trainer = await createTrainer(made, {
    ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: "sgd", batchSize: 4, seed: 1 },
  });
  for (let step = 0; step < 3; step++) await trainer.trainOnBatch(imagesFor(made, 4)[0] ?? [], [0, 1, 2, 0]);
  await trainer.syncModel();
  trainer.dispose();
  return made;
}

const chain = () =>
  trained(
    sequential({ inputShape: [8, 8, 2], seed: 4 }, [
      conv2d({ filters: 3, kernelSize: 3, padding: "same", useBias: false }),
      batchNormalization({ momentum: 0.5 }),
      activation("relu"),
      maxPooling2d({ poolSize: 2 }),
      dropout({ rate: 0.5 }),
      conv2d({ filters: 4, kernelSize: 3, activation: "relu", name: "second" }),
      globalAveragePooling2d(),
      dense({ units: 3 }),
    ]),
  );

/** Two branches of one stem, one of which another input joins; a layer that is used twice. */
function branches(): Model {
  const [picture, more] = [input([6, 6, 2], { name: "picture" }), input([4], { name: "more" })];
  const stem = conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu", name: "stem" })(picture);
  const shared = conv2d({ filters: 4, kernelSize: 1, name: "shared" });
  const left = shared(stem);
  const right = add({ name: "sum" })([shared(left), stem]);
  const [top, bottom] = splitTensor({ parts: 2, name: "parts" })(right);
  const scaled = operation({ op: "mul", name: "scaled" })(
    top ?? stem,
    constant({ shape: [2], data: [2, 3], name: "two" }),
  );
  const joined = concatenate({ name: "joined" })([flatten()(scaled), dense({ units: 2, name: "side" })(more)]);
  const pooled = globalAveragePooling2d({ name: "pooled" })(bottom ?? stem);
  return model({ inputs: [picture, more], outputs: [dense({ units: 3, name: "class" })(joined), pooled], seed: 2 });
}

describe("upTo", () => {
  it("gives what each layer of a chain gives, under the same names and with the same weights", async () => {
    const made = await chain();
    const inside = new Map<string, Float32Array>();
    const trainer = await createTrainer(made, {
      ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: "sgd", batchSize: 4 },
    });
    const images = imagesFor(made, 1);
    const { layers } = await trainer.inspect(images[0] ?? []);
    for (const { name, output } of layers) inside.set(name, output.data);
    trainer.dispose();
    for (const { name, outputShape } of made.layers) {
      const part = upTo(made, name);
      expect(part.isSequential).toBe(true);
      expect(part.layers.map((layer) => layer.name)).toEqual(
        made.layers.slice(0, part.layers.length).map((layer) => layer.name),
      );
      expect(part.outputShape).toEqual(outputShape);
      for (const [key, { data }] of part.parameters) expect(data).toEqual(made.parameters.get(key)?.data);
      expect((await outputs(part, images))[0]).toEqual(inside.get(name));
    }
  });

  it("leaves out branches and inputs that a layer does not need, and takes each use of a layer, and all of its outputs", async () => {
    const made = branches();
    expect(upTo(made, "pooled").layers.map(({ name }) => name)).toEqual(["stem", "shared", "sum", "parts", "pooled"]);
    expect(upTo(made, "side").inputNames).toEqual(["more"]);
    expect(upTo(made, "scaled").layers.map(({ name }) => name)).toContain("two");
    const parts = upTo(made, "parts");
    expect(parts.outputShapes).toEqual([
      [6, 6, 2],
      [6, 6, 2],
    ]);
    const whole = await outputs(made);
    const [picture, more] = imagesFor(made);
    expect((await outputs(upTo(made, "pooled"), [picture ?? new Float32Array()]))[0]).toEqual(whole[1]);
    expect(
      (await outputs(upTo(made, "class"), [picture ?? new Float32Array(), more ?? new Float32Array()]))[0],
    ).toEqual(whole[0]);
    const first = upTo(made, "shared (use 1)");
    const second = upTo(made, "shared (use 2)");
    expect([first, second].map(({ layers }) => layers.length)).toEqual([2, 2]);
    const images = [picture ?? new Float32Array()];
    expect((await outputs(first, images))[0]).not.toEqual((await outputs(second, images))[0]);
    expect(() => upTo(made, "shared")).toThrow(
      /no layer "shared"; it has stem, shared \(use 1\), shared \(use 2\), sum/,
    );
    expect(() => upTo(made, "conv")).toThrow(ArgumentError);
    expect(() => upTo({} as never, "conv")).toThrow(/upTo: wants a model/);
  });

  it("copies: neither model sees what happens to the other", async () => {
    const made = await chain();
    const part = upTo(made, "second");
    const before = part.parameters;
    await trained(made);
    expect(part.parameters).toEqual(before);
    expect(made.parameters.get("second/kernel")).not.toEqual(before.get("second/kernel"));
  });
});

describe("splitAt", () => {
  it("cuts any chain in two that compute the same one after the other", async () => {
    const made = await chain();
    const whole = await outputs(made);
    for (const { name } of made.layers.slice(0, -1)) {
      const { base, head } = splitAt(made, name);
      expect(base.layers.length + head.layers.length).toBe(made.layers.length);
      const between = await outputs(base, imagesFor(made));
      const after = await outputs(head, between);
      // What passes between is rounded to f32 there.
      (after[0] ?? []).forEach((value, index) => {
        expect(Math.abs(value - (whole[0]?.[index] ?? 0))).toBeLessThan(1e-5);
      });
      const other = await chain();
      other.setParameters(head.parameters, { partial: true });
    }
  });

  it("cuts where branches come together, constants and other inputs included, and says where there is no cut", async () => {
    const made = branches();
    const { base, head } = splitAt(made, "parts");
    expect([base.inputNames, head.inputNames]).toEqual([["picture"], ["parts (output 1)", "parts (output 2)", "more"]]);
    const [picture = new Float32Array(), more = new Float32Array()] = imagesFor(made);
    expect((await outputs(head, [...(await outputs(base, [picture])), more])).map((one) => [...one])).toEqual(
      (await outputs(made)).map((one) => [...one].map((value) => expect.closeTo(value, 4))),
    );
    expect(() => splitAt(made, "shared (use 1)")).toThrow(
      /behind "shared \(use 1\)" the layer "shared" is called before it/,
    );
    expect(() => splitAt(made, "sum")).not.toThrow();
    expect(() => splitAt(made, "scaled")).toThrow(/before it, makes an output|lies before it/);
    expect(() => splitAt(made, "class")).toThrow(ArgumentError);
  });
});

describe("freeze", () => {
  const step = async (made: Model) => {
    const before = made.parameters;
    await trained(made);
    return [...made.parameters]
      .filter(([name, { data }]) => String(data) !== String(before.get(name)?.data))
      .map(([name]) => name);
  };

  it("holds what leads to a layer, statistics too; unfreeze lets it go", async () => {
    const made = await chain();
    expect(await step(freeze(made, { upTo: "second" }))).toEqual(["dense/kernel", "dense/bias"]);
    expect(await step(freeze(made, { layers: ["second", "dense"] }))).toEqual([
      "conv2d/kernel",
      "batch_normalization/gamma",
      "batch_normalization/beta",
      "batch_normalization/moving_mean",
      "batch_normalization/moving_variance",
    ]);
    const all = freeze(made);
    expect(all.arena.variables).toEqual([]);
    expect(await step(unfreeze(all))).toEqual([...made.parameters.keys()]);
    expect(await step(unfreeze(all, { layers: ["dense"] }))).toEqual(["dense/kernel", "dense/bias"]);
    expect(() => freeze(made, { layers: ["third"] })).toThrow(/no layer "third"/);
    expect(() => freeze(made, { upto: "second" } as never)).toThrow(/upTo/);
  });

  it("makes layers do in training what they do in inference: dropout drops nothing", async () => {
    const made = sequential({ inputShape: [4], seed: 1 }, [dropout({ rate: 0.9 }), dense({ units: 3 })]);
    const trainer = await createTrainer(freeze(made, { layers: ["dropout"] }), {
      ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: "sgd", batchSize: 2 },
    });
    const logits = (await outputs(made, [Float32Array.of(1, 2, 3, 4, 1, 2, 3, 4)]))[0]?.subarray(0, 3) ?? [];
    const total = [...logits].reduce((sum, value) => sum + Math.exp(value), 0);
    const { loss } = await trainer.trainOnBatch(Float32Array.of(1, 2, 3, 4, 1, 2, 3, 4), [1, 1]);
    expect(loss).toBeCloseTo(Math.log(total) - (logits[1] ?? 0), 5);
    trainer.dispose();
  });

  it("is kept by a saved model, for layers that have no such option and for one's own; options are taken over", () => {
    const scaled = defineLayer({
      kind: "scaled_to_freeze",
      weights: (shape) => ({ scale: { shape: shape.slice(-1), initializer: "ones" } }),
      build: (graph, x, { weight }) => graph.mul(x, weight("scale")),
    });
    const made = sequential({ inputShape: [3] }, [
      scaled(),
      dropout({ rate: 0.5 }),
      batchNormalization({ trainable: false }),
      dense({ units: 2 }),
    ]);
    const frozen = freeze(made, { upTo: "batch_normalization" });
    const again = loadModel(saveModel(frozen));
    expect(again.layers.map(({ layer }) => layer.trainable)).toEqual([false, false, false, true]);
    expect(saveModel(again)).toEqual(saveModel(frozen));
    expect(again.arena.variables.map(({ name }) => name)).toEqual(["dense/kernel", "dense/bias"]);
    expect(unfreeze(again).arena.variables).toHaveLength(5);
    expect(saveModel(unfreeze(freeze(made)))).toEqual(saveModel(unfreeze(made)));
  });
});

describe("withHead", () => {
  it("puts layers behind, with names of their own and initial values of a seed", async () => {
    const base = freeze(upTo(await chain(), "second"));
    const network = withHead(base, [flatten(), dense({ units: 5 })], { seed: 9 });
    expect(network.isSequential).toBe(true);
    expect(network.outputShape).toEqual([5]);
    for (const [name, { data }] of base.parameters) expect(network.parameters.get(name)?.data).toEqual(data);
    expect(network.arena.variables.map(({ name }) => name)).toEqual(["dense/kernel", "dense/bias"]);
    const other = withHead(base, [flatten(), dense({ units: 5 })], { seed: 10 });
    expect(other.parameters.get("dense/kernel")).not.toEqual(network.parameters.get("dense/kernel"));
    const twice = withHead(withHead(base, [conv2d({ filters: 2, kernelSize: 1 })]), [flatten(), dense({ units: 2 })]);
    expect(twice.layers.map(({ name }) => name).slice(-3)).toEqual(["conv2d_1", "flatten", "dense"]);
    const [between] = await outputs(base);
    const { head } = splitAt(network, "second");
    (await outputs(head, [between ?? new Float32Array()]))[0]?.forEach((value) => {
      expect(Number.isFinite(value)).toBe(true);
    });
  });

  it("takes a function for several outputs, and says what else it wants", async () => {
    const base = upTo(branches(), "parts");
    const network = withHead(base, (top, bottom) => [
      dense({ units: 3 })(flatten()(top ?? bottom ?? input([1]))),
      globalAveragePooling2d()(bottom ?? input([1, 1, 1])),
    ]);
    expect(network.outputShapes).toEqual([[3], [2]]);
    expect(() => withHead(base, [flatten()])).toThrow(/has 2 outputs; give a function/);
    expect(() => withHead(base, [])).toThrow(/wants a list of layers/);
    expect(() => withHead(base, flatten() as never)).toThrow(ArgumentError);
    expect(() => withHead(base, [flatten] as never)).toThrow(ArgumentError);
  });
});
