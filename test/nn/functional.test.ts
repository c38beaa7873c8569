import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import {
  ArgumentError,
  activation,
  adam,
  add,
  average,
  batchNormalization,
  conv2d,
  createClassifier,
  createTrainer,
  dense,
  FormatError,
  flatten,
  globalAveragePooling2d,
  input,
  type Model,
  maxPooling2d,
  model,
  modelFromConfig,
  multiply,
  ShapeError,
  sequential,
} from "../../src/index.ts";
import { residualNetwork } from "../support/networks.ts";
import { RandomData } from "../support/random.ts";

const SEED = 77;

/** What a model makes of inputs, in a graph of its own on the CPU. */
async function outputsOf(network: Model, batch: number, data: readonly ArrayLike<number>[]): Promise<number[][]> {
  const graph = new Graph();
  const xs = network.inputShapes.map((shape, i) => graph.input(`x${i}`, [batch, ...shape]));
  const ys = network.build(graph, xs);
  const program = await cpu({ precision: "f64" }).compile(graph, {
    outputs: Object.fromEntries(ys.map((y, i) => [`y${i}`, y])),
  });
  const results = await program.run(Object.fromEntries(data.map((values, i) => [`x${i}`, Float64Array.from(values)])));
  return ys.map((_, i) => [...(results[`y${i}`]?.data ?? [])]);
}

/** Two inputs, a layer used twice, two outputs, one of them in the middle. */
function twins(seed = 3): Model {
  const [left, right] = [input([5], { name: "left" }), input([5], { name: "right" })];
  const tower = dense({ units: 4, activation: "relu", name: "tower" });
  const [a, b] = [tower(left), tower(right)];
  const both = multiply({ name: "both" })([a, b]);
  return model({ inputs: [left, right], outputs: [dense({ units: 2 })(both), a], seed });
}

describe("a model of layers called on tensors", () => {
  it("is the same as the sequential one where it is a chain", async () => {
    const layers = () => [
      conv2d({ filters: 3, kernelSize: 3, activation: "relu" }),
      maxPooling2d(),
      flatten(),
      dense({ units: 4, activation: "softmax" }),
    ];
    const chain = sequential({ inputShape: [8, 8, 2], seed: 5 }, layers());
    const x = input([8, 8, 2]);
    const functional = model({
      inputs: x,
      outputs: layers().reduce((tensor, layer) => layer(tensor), x),
      seed: 5,
    });
    expect(functional.parameters).toEqual(chain.parameters);
    expect(functional.endsInSoftmax).toBe(true);
    expect(functional.classes).toBe(4);
    const data = new RandomData(SEED).normals(3 * 128);
    expect(await outputsOf(functional, 3, [data])).toEqual(await outputsOf(chain, 3, [data]));
  });

  it("names layers in the order in which they were called, around the names that were given", () => {
    const network = residualNetwork();
    expect(network.layers.map(({ name }) => name)).toEqual([
      "conv2d",
      "batch_normalization",
      "activation",
      "conv2d_1",
      "batch_normalization_1",
      "shortcut",
      "add",
      "activation_1",
      "global_average_pooling2d",
      "dense",
    ]);
    expect([...network.parameters.keys()]).toEqual([
      "conv2d/kernel",
      "batch_normalization/gamma",
      "batch_normalization/beta",
      "batch_normalization/moving_mean",
      "batch_normalization/moving_variance",
      "conv2d_1/kernel",
      "batch_normalization_1/gamma",
      "batch_normalization_1/beta",
      "batch_normalization_1/moving_mean",
      "batch_normalization_1/moving_variance",
      "shortcut/kernel",
      "shortcut/bias",
      "dense/kernel",
      "dense/bias",
    ]);
    const x = input([3]);
    const automatic = dense({ units: 3 })(x);
    const named = dense({ units: 3, name: "dense" })(automatic);
    expect(model({ inputs: x, outputs: named }).layers.map(({ name }) => name)).toEqual(["dense_1", "dense"]);
  });

  it("prints what each layer is connected to; a chain does not need that", () => {
    const summary = residualNetwork().summary();
    const table = String(summary);
    expect(table).toMatch(/layer +output shape +neurons +parameters +multiply-adds +connected to\n/);
    expect(table).toMatch(/\nadd +8×8×4 +256 +0 +0 +batch_normalization_1, shortcut\n/);
    expect(table).toMatch(/\nshortcut +8×8×4 +256 +8 +256 +input\n/);
    expect(table).toMatch(/\n16 of the parameters are not trained\n/);
    expect(summary.nonTrainableParameters).toBe(16);
    expect(summary.parameters).toBe(9 * 4 + 16 + 9 * 16 + 16 + 8 + 15);
    expect(summary.bytes.optimizer).toBe(8 * (summary.parameters - 16));
    const chain = String(sequential({ inputShape: [4] }, [dense({ units: 3 })]).summary());
    expect(chain).not.toMatch(/connected|not trained/);
    expect(String(twins().summary())).toMatch(/\nboth +4 +4 +0 +0 +tower \(use 1\), tower \(use 2\)\n/);
  });

  it("takes several inputs to several outputs, by hand", async () => {
    const network = twins();
    const ones = new Map(
      [...network.parameters].map(([name, { shape, data }]) => [name, { shape, data: data.fill(1) }]),
    );
    network.setParameters(ones);
    const [y, a] = await outputsOf(network, 1, [
      [1, 2, 3, 4, 5],
      [-1, -1, 0, 0, 1],
    ]);
    // relu(15 + 1) = 16 and relu(−1 + 1) = 0.
    expect(a).toEqual([16, 16, 16, 16]);
    expect(y).toEqual([1, 1]);
  });

  it("adds, multiplies and averages any number of tensors", async () => {
    const xs = [input([2]), input([2]), input([2])];
    const network = model({ inputs: xs, outputs: [add()(xs), multiply()(xs), average()(xs)] });
    const results = await outputsOf(network, 1, [
      [1, 2],
      [3, -4],
      [5, 8],
    ]);
    expect(results).toEqual([
      [9, 6],
      [15, -64],
      [3, 2],
    ]);
  });

  it("averages every channel over the image", async () => {
    const x = input([2, 2, 2]);
    const network = model({
      inputs: x,
      outputs: [globalAveragePooling2d()(x), globalAveragePooling2d({ keepDims: true })(x)],
    });
    expect(network.outputShapes).toEqual([[2], [1, 1, 2]]);
    expect((await outputsOf(network, 1, [[1, 10, 2, 20, 3, 30, 4, 40]]))[0]).toEqual([2.5, 25]);
  });

  it("leaves out a final softmax for losses, but not where another layer reads it too", async () => {
    const x = input([3]);
    const y = activation("softmax")(x);
    const doubled = add()([y, y]);
    const network = model({ inputs: x, outputs: [y, doubled] });
    const graph = new Graph();
    const [logits, sum] = network.build(graph, [graph.input("x", [1, 3])], { logits: true }) as [Node, Node];
    const program = await cpu({ precision: "f64" }).compile(graph, { outputs: { logits, sum } });
    const out = await program.run({ x: [0, Math.log(2), 0] });
    expect([...(out["logits"]?.data ?? [])]).toEqual([0, Math.log(2), 0]);
    expect(out["sum"]?.data[1]).toBeCloseTo(1, 14);
  });
});

describe("a layer called twice", () => {
  it("has one set of weights, whose gradient is the sum over both calls", async () => {
    const network = twins();
    expect([...network.parameters.keys()]).toEqual(["tower/kernel", "tower/bias", "dense/kernel", "dense/bias"]);
    const [left, right] = [input([5]), input([5])];
    const towers = ["one", "two"].map((name) => dense({ units: 4, activation: "relu", name }));
    const both = multiply()([towers[0]!(left), towers[1]!(right)]);
    const apart = model({ inputs: [left, right], outputs: dense({ units: 2 })(both) });
    const own = network.parameters;
    apart.setParameters(
      new Map([
        ...["one", "two"].flatMap((name) =>
          ["kernel", "bias"].map((part): [string, NonNullable<ReturnType<typeof own.get>>] => [
            `${name}/${part}`,
            own.get(`tower/${part}`)!,
          ]),
        ),
        ...["kernel", "bias"].map((part): [string, NonNullable<ReturnType<typeof own.get>>] => [
          `dense/${part}`,
          own.get(`dense/${part}`)!,
        ]),
      ]),
    );
    const random = new RandomData(SEED);
    const feeds = { x0: random.normals(30), x1: random.normals(30) };
    const gradients = async (of: Model, names: readonly string[]) => {
      const graph = new Graph();
      const [y] = of.build(graph, [graph.input("x0", [6, 5]), graph.input("x1", [6, 5])]) as [Node];
      const variables = names.map((name) => graph.variable(of.variables.find((v) => v.name === name)!));
      const found = graph.gradients(graph.sum(graph.mul(y, y)), variables);
      const outputs = Object.fromEntries(names.map((name, i) => [name, found[i]!]));
      const out = await (await cpu({ precision: "f64" }).compile(graph, { outputs })).run(feeds);
      return names.map((name) => out[name]!.data);
    };
    const [shared] = await gradients(network, ["tower/kernel"]);
    const [one, two] = await gradients(apart, ["one/kernel", "two/kernel"]);
    expect(shared!.some((value) => value !== 0)).toBe(true);
    shared!.forEach((value, i) => {
      expect(value).toBeCloseTo(one![i]! + two![i]!, 12);
    });
  });

  it("moves its statistics once for each call, in the order of the calls", async () => {
    const [a, b] = [input([1]), input([1])];
    const norm = batchNormalization({ momentum: 0.75, name: "norm" });
    const network = model({ inputs: [a, b], outputs: add()([norm(a), norm(b)]) });
    const graph = new Graph();
    const nodes = ["a", "b"].map((name) => graph.input(name, [2, 1]));
    const [y] = network.build(graph, nodes, { training: true }) as [Node];
    const program = await cpu({ precision: "f64" }).compile(graph, { outputs: { y } });
    await program.run({ a: [1, 3], b: [10, 30] });
    const statistics = network.variables.filter(({ name }) => name.includes("moving"));
    const [mean, variance] = await program.enqueue({ steps: 0, read: statistics });
    expect(mean?.data[0]).toBeCloseTo(2 * 0.25 * 0.75 + 20 * 0.25, 12);
    expect(variance?.data[0]).toBeCloseTo((0.75 + 1 * 0.25) * 0.75 + 100 * 0.25, 12);
  });

  it("may see images of two sizes, as long as its weights fit both", () => {
    const shared = conv2d({ filters: 2, kernelSize: 3, padding: "same" });
    const [big, small] = [input([8, 8, 1]), input([4, 4, 1])];
    const network = model({ inputs: [big, small], outputs: [shared(big), shared(small)] });
    expect(network.outputShapes).toEqual([
      [8, 8, 2],
      [4, 4, 2],
    ]);
    expect(network.layers[0]?.multiplyAdds).toBe((64 + 16) * 18);
    expect(network.summary().rows[0]?.neurons).toBe((64 + 16) * 2);
    const colour = input([4, 4, 3]);
    expect(() => model({ inputs: [big, colour], outputs: [shared(big), shared(colour)] })).toThrow(ShapeError);
    expect(() => model({ inputs: [big, colour], outputs: [shared(big), shared(colour)] })).toThrow(
      /layer "conv2d" is called twice: on \[8, 8, 1\] its "kernel" is \[3, 3, 1, 2\], on \[4, 4, 3\] it would be \[3, 3, 3, 2\]/,
    );
  });
});

describe("a model's JSON", () => {
  it.each([
    ["a residual network", residualNetwork],
    ["two inputs, two outputs, a layer used twice", twins],
  ])("builds %s again, weights and results included", async (_, build) => {
    const network = build();
    expect(network.toJSON().kind).toBe("functional");
    const random = new RandomData(SEED);
    const data = network.inputShapes.map((shape) => random.normals(2 * shape.reduce((a, b) => a * b, 1)));
    // What a worker gets: both have passed through structured cloning.
    const changed = new Map(
      [...network.parameters].map(([name, { shape, data: values }]) => [
        name,
        { shape, data: values.map((value, i) => value + 0.01 * (i % 7)) },
      ]),
    );
    network.setParameters(changed);
    const again = modelFromConfig(structuredClone(network.toJSON()));
    again.setParameters(structuredClone(network.parameters));
    expect(again.toJSON()).toEqual(network.toJSON());
    expect(again.parameters).toEqual(network.parameters);
    expect(String(again.summary())).toBe(String(network.summary()));
    expect(await outputsOf(again, 2, data)).toEqual(await outputsOf(network, 2, data));
    expect(modelFromConfig(JSON.parse(JSON.stringify(build()))).parameters).toEqual(build().parameters);
  });

  const good = () => JSON.parse(JSON.stringify(twins()));
  it.each<[string, (config: ReturnType<typeof good>) => void, RegExp]>([
    ["a missing list", (config) => void delete config.calls, /"calls" are no list/],
    [
      "a call of nothing",
      (config) => {
        config.calls[0].layer = "gone";
      },
      /calls a layer "gone"/,
    ],
    [
      "a tensor before it is made",
      (config) => {
        config.calls[0].inputs = [4];
      },
      /layer "tower" reads tensor 4/,
    ],
    [
      "an output that is not there",
      (config) => {
        config.outputs = [99];
      },
      /an output reads tensor 99/,
    ],
    ["a layer twice", (config) => void config.layers.push(config.layers[0]), /same name/],
    [
      "an unknown layer",
      (config) => {
        config.layers[0].kind = "swirl";
      },
      /Unknown layer "swirl"/,
    ],
    [
      "inputs that are no list",
      (config) => {
        config.calls[0].inputs = 0;
      },
      /inputs of layer "tower" are no list/,
    ],
  ])("with %s is a FormatError", (_, spoil, message) => {
    const config = good();
    spoil(config);
    expect(() => modelFromConfig(config)).toThrow(FormatError);
    expect(() => modelFromConfig(config)).toThrow(message);
  });
});

describe("models that do not hang together are refused", () => {
  const x = input([4, 4, 2]);
  const other = input([4, 4, 2], { name: "mask" });

  it.each<[string, () => unknown, RegExp]>([
    [
      "an input that leads nowhere",
      () => model({ inputs: [x, other], outputs: flatten()(x) }),
      /no output depends on input "mask" \[4, 4, 2\]/,
    ],
    [
      "an input that is not listed",
      () => model({ inputs: x, outputs: add({ name: "sum" })([x, other]) }),
      /layer "sum" depends on input "mask" \[4, 4, 2\]/,
    ],
    [
      "an output that is an input of something else",
      () => model({ inputs: x, outputs: [flatten()(x), other] }),
      /an output depends on input "mask"/,
    ],
    [
      "an input that a layer made",
      () => model({ inputs: flatten()(x), outputs: flatten()(x) }),
      /input 0 is what layer "flatten" \[32\] gave/,
    ],
    ["an input listed twice", () => model({ inputs: [x, x], outputs: flatten()(x) }), /input 1 .* is named twice/],
    ["no layer", () => model({ inputs: x, outputs: x }), /at least one layer/],
    ["no output", () => model({ inputs: x, outputs: [] }), /at least one output/],
    [
      "two layers of one name",
      () => {
        const y = flatten({ name: "same" })(x);
        return model({ inputs: x, outputs: dense({ units: 2, name: "same" })(y) });
      },
      /Two layers are called "same"/,
    ],
    [
      "a layer with an input's name",
      () => model({ inputs: other, outputs: flatten({ name: "mask" })(other) }),
      /called "mask"/,
    ],
    [
      "something that is no tensor",
      () => flatten({ name: "flat" })([1] as never),
      /layer "flat": argument 0 is no symbolic tensor/,
    ],
    ["a node of a graph", () => flatten()(new Graph().input("x", [1, 4]) as never), /argument 0 is no symbolic tensor/],
    ["an output that is no tensor", () => model({ inputs: x, outputs: {} as never }), /output 0 is no symbolic tensor/],
    ["several tensors for a layer of one", () => flatten()([x, other]), /layer "flatten": takes one tensor, got 2/],
    ["one tensor for a layer of several", () => add()(x), /layer "add": takes a list of at least two tensors, got 1/],
    [
      "the same layer twice in a chain",
      () => {
        const twice = dense({ units: 3 });
        return sequential({ inputShape: [3] }, [twice, twice]);
      },
      /layer 1 is the same object as layer 0.*model\(\)/,
    ],
    ["an input without a shape", () => input(28 as never), /wants a shape such as/],
  ])("%s", (_, build, message) => {
    expect(build).toThrow(message);
    expect(build).toThrow(ArgumentError);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "sums of two shapes",
      () => add({ name: "sum" })([x, conv2d({ filters: 3, kernelSize: 1 })(x)]),
      /layer "sum": combines equal shapes, got \[4, 4, 2\] and \[4, 4, 3\]/,
    ],
    [
      "a pool over a vector",
      () => globalAveragePooling2d()(input([3])),
      /wants \[height, width, channels\], got \[3\]/,
    ],
    ["an input of size zero", () => input([0, 3]), /at least 1, got \[0, 3\]/],
    [
      "graph inputs of two batches",
      () => {
        const graph = new Graph();
        return twins().build(graph, [graph.input("a", [2, 5]), graph.input("b", [3, 5])]);
      },
      /input "right" wants \[2, 5\], got \[3, 5\]/,
    ],
  ])("%s, with both shapes", (_, build, message) => {
    expect(build).toThrow(message);
    expect(build).toThrow(ShapeError);
  });

  it("says how many inputs a graph has to give", () => {
    const graph = new Graph();
    const node = graph.input("a", [2, 5]);
    expect(() => twins().build(graph, node)).toThrow(/2 inputs and 2 outputs; build it from a list/);
    expect(() => twins().build(graph, [node])).toThrow(/wants 2 inputs \("left" \[5\], "right" \[5\]\), got 1/);
  });

  it("classifiers take one output, trainers parameters, and say so before anything is made", async () => {
    const backend = cpu({ precision: "f64" });
    const options = { backend, loss: "sparseCategoricalCrossentropy", optimizer: adam() };
    await expect(createClassifier(twins(), { backend })).rejects.toThrow(
      /createClassifier: takes models with one output, this one has 2; use createPredictor/,
    );
    const still = sequential({ inputShape: [3] }, [batchNormalization({ center: false, scale: false })]);
    await expect(createTrainer(still, options)).rejects.toThrow(/no layer of the model has parameters to train/);
    expect(backend.bytes).toBe(0);
  });
});

describe("batchNormalization", () => {
  it("starts as Keras does: gamma 1, beta 0, moving mean 0, moving variance 1", async () => {
    const network = sequential({ inputShape: [2, 2, 3] }, [batchNormalization()]);
    expect([...network.parameters].map(([name, { shape, data }]) => [name, shape, [...data]])).toEqual([
      ["batch_normalization/gamma", [3], [1, 1, 1]],
      ["batch_normalization/beta", [3], [0, 0, 0]],
      ["batch_normalization/moving_mean", [3], [0, 0, 0]],
      ["batch_normalization/moving_variance", [3], [1, 1, 1]],
    ]);
    expect(network.arena.variables.map(({ name }) => name)).toEqual([
      "batch_normalization/gamma",
      "batch_normalization/beta",
    ]);
    const [y] = await outputsOf(network, 1, [new Float64Array(12).fill(2)]);
    expect(y?.[0]).toBeCloseTo(2 / Math.sqrt(1.001), 12);
  });

  it("leaves out what center and scale turn off", () => {
    const network = sequential({ inputShape: [3] }, [batchNormalization({ center: false, scale: false, name: "bn" })]);
    expect([...network.parameters.keys()]).toEqual(["bn/moving_mean", "bn/moving_variance"]);
  });

  it.each([
    ["momentum", () => batchNormalization({ momentum: 1.1 }), /momentum must lie in \[0, 1\], got 1.1/],
    ["epsilon", () => batchNormalization({ epsilon: 0, name: "bn" }), /layer batch_normalization "bn": epsilon/],
  ])("refuses a %s out of range", (_, build, message) => {
    expect(build).toThrow(ArgumentError);
    expect(build).toThrow(message);
  });
});
