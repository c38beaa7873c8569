import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import * as ops from "../../src/graph/ops/index.ts";
import { Graph } from "../../src/graph.ts";
import {
  concatenate,
  constant,
  createPredictor,
  createTrainer,
  dense,
  FormatError,
  input,
  loadSafetensors,
  model,
  modelFromConfig,
  type OperationOptions,
  operation,
  sgd,
  toSafetensors,
} from "../../src/index.ts";
import { operations } from "../../src/nn/layers/operation_table.ts";
import { graphLayers } from "../../src/nn/own_layers.ts";
import { importedNetwork, modelOf, OPERATION_CASES, valuesOf } from "../support/operations.ts";

const copyOf = <T>(json: T): T => JSON.parse(JSON.stringify(json)) as T;
const BATCH = 4;

/** Builders that no layer can be: they change variables, draw random numbers, or belong to a training step or to gradients. */
const NO_LAYERS = [
  ...[
    "augmentImages",
    "batchRows",
    "confusionMatrix",
    "countCorrect",
    "conv2dFilterGradient",
    "conv2dInputGradient",
    "dropout",
  ],
  ...[
    "finishStep",
    "gaussianNoise",
    "maxGradient",
    "maxPool2dGradient",
    "mixImages",
    "mixingPlan",
    "movingAverage",
    "nonFinite",
    "normConstraint",
  ],
  ...["optimizerUpdate", "randomAffine", "recordStep", "reluGradient", "softmaxCrossEntropyGradient"],
];

const refused = (work: () => unknown): Error => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was not refused");
};

describe("an op as a layer", () => {
  it("may be every op of the graph that makes values of values alone", () => {
    expect([...operations.keys(), ...NO_LAYERS].sort()).toEqual(Object.keys(ops).sort());
    expect(Object.keys(OPERATION_CASES).sort()).toEqual([...operations.keys()].sort());
  });

  it.each(Object.entries(OPERATION_CASES))(
    "%s gives what the graph gives, also after the model's JSON",
    async (op, one) => {
      const backend = cpu();
      const { made, feeds } = modelOf(op, one, BATCH);
      const again = modelFromConfig(copyOf(made.toJSON()));
      expect(again.toJSON()).toEqual(made.toJSON());
      const predictor = await createPredictor(again, { backend });
      const got = await predictor.predict(feeds);
      const graph = new Graph();
      const xs = one.on.map((shape, place) => {
        const whole = one.constants?.includes(place) ? shape : [BATCH, ...shape];
        const node = graph.constant(
          valuesOf(
            place,
            whole.reduce((a, b) => a * b, 1),
          ),
          whole,
        );
        return one.integers === place ? graph.cast(node, "i32") : node;
      });
      const built = [one.build(graph, xs, BATCH)].flat();
      const outputs = Object.fromEntries(built.map((node, place) => [`y${place}`, graph.cast(node, "f32")]));
      const program = await backend.compile(graph, { outputs });
      const want = await program.run({});
      expect(got).toEqual(Object.values(want).map(({ shape, data }) => ({ shape, data: Float32Array.from(data) })));
      expect(got.length).toBe(built.length);
      backend.dispose();
    },
  );

  it("trains, with constants that stay as they are, and goes through safetensors and a checkpoint", async () => {
    const made = importedNetwork();
    const before = made.parameters;
    const backend = cpu();
    const trainer = await createTrainer(made, {
      ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: sgd({ learningRate: 0.1 }), batchSize: BATCH },
    });
    const [images, labels] = [valuesOf(0, 3 * 72), Uint8Array.of(0, 1, 2)];
    const losses: number[] = [];
    for (let step = 0; step < 5; step++) losses.push((await trainer.trainOnBatch(images, labels)).loss);
    expect(losses[4]).toBeLessThan(losses[0]!);
    const checkpoint = await trainer.checkpoint();
    await trainer.syncModel();
    for (const name of ["filter/value", "scale/value"]) expect(made.parameters.get(name)).toEqual(before.get(name));
    expect(made.parameters.get("conv2d/kernel")).not.toEqual(before.get("conv2d/kernel"));
    const weights = loadSafetensors(toSafetensors(made.parameters));
    const again = modelFromConfig(copyOf(made.toJSON()), { weights });
    expect([...again.parameters]).toEqual([...made.parameters]);
    const other = await createTrainer(importedNetwork(), {
      ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: sgd({ learningRate: 0.1 }), batchSize: BATCH },
    });
    await other.restore(checkpoint);
    expect((await other.trainOnBatch(images, labels)).loss).toBe((await trainer.trainOnBatch(images, labels)).loss);
    expect(made.summary()).toMatchObject({ nonTrainableParameters: 75 });
    backend.dispose();
  });

  it("works on constants alone, which a layer of another kind sees once for each image", async () => {
    const x = input([2]);
    const row = operation({ op: "reshape", attributes: [[2]] })(constant({ shape: [1, 2], data: [3, 4] }));
    expect([row.shape, row.isConstant]).toEqual([[2], true]);
    const made = model({ inputs: x, outputs: [concatenate()([x, row]), row] });
    const predictor = await createPredictor(made, { backend: cpu() });
    const results = await predictor.predict([Float32Array.of(1, 2, 5, 6)]);
    expect(results.map(({ shape, data }) => [shape, [...data]])).toEqual([
      [
        [2, 4],
        [1, 2, 3, 4, 5, 6, 3, 4],
      ],
      [
        [2, 2],
        [3, 4, 3, 4],
      ],
    ]);
    predictor.dispose();
  });

  it("leaves large constants to the weights, and says so where these are missing", async () => {
    const x = input([100]);
    const large = constant({ shape: [100], data: Float32Array.from({ length: 100 }, (_, i) => i), name: "table" });
    const made = model({ inputs: x, outputs: operation({ op: "add" })(x, large) });
    expect(made.toJSON()).toMatchObject({ layers: [{ kind: "constant", options: { shape: [100] } }, {}] });
    expect(JSON.stringify(made.toJSON()).length).toBeLessThan(500);
    const bare = modelFromConfig(copyOf(made.toJSON()));
    expect(() => bare.parameters).toThrow('layer constant "table": its 100 values are not in the model\'s JSON');
    await expect(
      createPredictor(bare, { backend: cpu() }).then((p) => p.predict(new Float32Array(100))),
    ).rejects.toThrow("give them with the weights");
    const again = modelFromConfig(copyOf(made.toJSON()), { weights: made.parameters });
    const predictor = await createPredictor(again, { backend: cpu() });
    const [sum] = await predictor.predict([new Float32Array(100)]);
    expect(sum?.data[99]).toBe(99);
    predictor.dispose();
  });

  it("is opened by whoever names its maker, or has called it", () => {
    const config = copyOf(importedNetwork().toJSON());
    graphLayers.clear();
    expect(() => modelFromConfig(config)).toThrow(FormatError);
    expect(() => modelFromConfig(config)).toThrow(
      "give its maker to modelFromConfig(config, { layers: { constant, operation } })",
    );
    expect(() => modelFromConfig(config, { layers: { constant: () => 3 as never, operation } })).toThrow(
      "makes no layer",
    );
    expect(modelFromConfig(config, { layers: { constant, operation } }).toJSON()).toEqual(config);
  });

  const x = input([3, 4]);
  const cases: readonly [string, OperationOptions, string][] = [
    ["an unknown op", { op: "maxpool2d" }, 'unknown op "maxpool2d"; did you mean "maxPool2d"?'],
    ["an op of a training step", { op: "optimizerUpdate" }, 'unknown op "optimizerUpdate"'],
    ["a property of objects", { op: "constructor" }, 'unknown op "constructor"'],
    ["too few tensors", { op: "conv2d" }, 'operation "conv2d" takes 2 tensors, got 1'],
    ["no second operand", { op: "add" }, "takes 2 tensors, or a number as its attribute"],
    ["too many attributes", { op: "relu", attributes: [1] }, 'operation "relu": takes at most 0 attributes, got 1'],
    [
      "an unknown option",
      { op: "maxPool2d", attributes: { sizes: [2, 2] } },
      'unknown option "sizes"; did you mean "size"?',
    ],
    [
      "a missing option",
      { op: "maxPool2d" },
      'operation "maxPool2d": size must be two whole numbers from 0 to 65536, got undefined',
    ],
    ["a wrong kind", { op: "sum", attributes: [[1], 1] }, 'operation "sum": attribute 2 must be true or false, got 1'],
    ["a text as a shape", { op: "reshape", attributes: ["batch"] }, "must be a list of at most 8 whole numbers"],
    ["an infinite number", { op: "mul", attributes: [Infinity] }, "attribute 1 must be a finite number, got Infinity"],
    ["a shape that holds less", { op: "reshape", attributes: [["batch", 5]] }, "hold different numbers of elements"],
    [
      "a wrong mode",
      {
        op: "pad",
        attributes: [
          [
            [0, 0],
            [1, 1],
            [0, 0],
          ],
          { mode: "mirror" },
        ],
      },
      'mode is "constant", "reflect" or "edge"',
    ],
    ["a batch that is lost", { op: "sum" }, "gives [] for 2 images and [] for 3; axis 0 must stay the batch"],
    ["a batch that moves", { op: "transpose" }, "gives [4, 3, 2] for 2 images and [4, 3, 3] for 3"],
    [
      "sides without end",
      {
        op: "pad",
        attributes: [
          [
            [0, 0],
            [0, 65536],
            [0, 0],
          ],
          { mode: "edge" },
        ],
      },
      "at most 65536 elements, not 65539",
    ],
    ["parts without end", { op: "split", attributes: [1e9, 1] }, "attribute 1 must be a number of parts"],
  ];
  it.each(cases)("is refused for %s", (_, options, message) => {
    const error = refused(() => operation(options)(x));
    expect(error.message).toContain(message);
    expect(error.name).toMatch(/^(Argument|Shape)Error$/);
  });

  it("is refused as an output that is no f32, and layers of other kinds take no other types", () => {
    const largest = operation({ op: "argmax" })(x);
    expect(largest.dtype).toBe("i32");
    expect(() => model({ inputs: x, outputs: largest })).toThrow(
      'is i32; operation({ op: "cast", attributes: ["f32"] }) makes it f32',
    );
    expect(() => dense({ units: 1 })(largest)).toThrow('layer "dense": takes f32, but layer "argmax" [3] is i32');
    expect(() => operation({ op: "reshape", attributes: [["batch", 1]] })(constant({ shape: [1], data: [1] }))).toThrow(
      '"batch" has no meaning for constants alone',
    );
  });

  it("constants are refused where they hold no numbers or not as many as their shape", () => {
    expect(() => constant({ shape: [2], data: [1] })).toThrow(/layer constant.*2/);
    expect(() => constant({ shape: [1], data: [Number.NaN] })).toThrow("finite as f32, got NaN at 0");
    expect(() => constant({ shape: [1], data: ["1"] as never })).toThrow('got "1" at 0');
    expect(() => constant({ shape: [1], data: { length: 1e9 } as never })).toThrow("data must be a list of numbers");
    expect(() => constant({ shape: 3 as never, data: [1] })).toThrow("shape must be a list");
  });
});
