import { describe, expect, test } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import {
  conv2d,
  createPredictor,
  createTrainer,
  defineLayer,
  dense,
  flatten,
  maxPooling2d,
  modelFromConfig,
  sequential,
  sgd,
} from "../../src/index.ts";

const scaledSquare = defineLayer<{ power?: number }>({
  kind: "scaled_square",
  weights: (input) => ({ scale: { shape: input.slice(-1), initializer: "ones" } }),
  build: (graph, x, { weight, options }) => graph.mul(graph.pow(x, options.power ?? 2), weight("scale")),
});

const copyOf = <T>(json: T): T => JSON.parse(JSON.stringify(json)) as T;

const predicted = async (model: ReturnType<typeof sequential>, x: Float32Array) => {
  const predictor = await createPredictor(model, { backend: cpu() });
  const result = await predictor.predict(x);
  predictor.dispose();
  return result;
};

describe("a layer of one's own", () => {
  test("computes what its graph says, and its weights are trained", async () => {
    const model = sequential({ inputShape: [2] }, [scaledSquare({ power: 3 })]);
    expect([...model.parameters.keys()]).toEqual(["scaled_square/scale"]);
    const trainer = await createTrainer(model, {
      backend: cpu(),
      loss: "mse",
      optimizer: sgd({ learningRate: 0.5 }),
      batchSize: 1,
    });
    // Mean of (scale · x³ − y)² over two outputs: its gradient is (scale · x³ − y) · x³.
    await trainer.trainOnBatch(Float32Array.of(1, 2), Float32Array.of(3, 8));
    await trainer.syncModel();
    expect([...(model.parameters.get("scaled_square/scale")?.data ?? [])]).toEqual([2, 1]);
    trainer.dispose();
  });

  test("is kept in the model's file by its kind, options and weights", async () => {
    const model = sequential({ inputShape: [2] }, [scaledSquare({ power: 3, name: "cube" }), dense({ units: 2 })]);
    const weights = new Map([...model.parameters, ["cube/scale", { shape: [2], data: Float32Array.of(2, 3) }]]);
    model.setParameters(weights);
    const again = modelFromConfig(copyOf(model.toJSON()), { weights: model.parameters });
    const x = Float32Array.of(1, 2);
    expect(await predicted(again, x)).toEqual(await predicted(model, x));
  });

  test("says what to do where a page loads it without its definition", () => {
    const config = copyOf(sequential({ inputShape: [2] }, [scaledSquare()]).toJSON());
    Object.assign(config.layers[0] as object, { kind: "own/foreign" });
    expect(() => modelFromConfig(config)).toThrow(
      'a layer of its author\'s own, "foreign"; call defineLayer({ kind: "foreign", … }) before it is loaded',
    );
  });

  test("is an error where its graph does not give the shape that it says", () => {
    const wrong = defineLayer({ kind: "wrong", outputShape: () => [3], build: (_, x) => x });
    const model = sequential({ inputShape: [2] }, [wrong()]);
    return expect(predicted(model, Float32Array.of(1, 2))).rejects.toThrow(
      'layer "wrong": build gave [1, 2] for [1, 2]; its outputShape says [1, 3].',
    );
  });
});

describe("explicit padding of a layer", () => {
  test("lies where it is asked for, in convolutions and pools, and in the model's file", async () => {
    const padding = [
      [1, 0],
      [0, 2],
    ] as const;
    const model = sequential({ inputShape: [2, 2, 1] }, [
      conv2d({ filters: 1, kernelSize: 1, padding, kernelInitializer: "ones", name: "padded" }),
      maxPooling2d({ poolSize: 3, strides: 1, padding }),
      flatten(),
    ]);
    expect(model.layers.map(({ outputShape }) => outputShape)).toEqual([[3, 4, 1], [2, 4, 1], [8]]);
    expect(modelFromConfig(copyOf(model.toJSON())).toJSON()).toEqual(model.toJSON());
  });

  test("is refused where it is no pair of pairs", () => {
    expect(() => conv2d({ filters: 1, kernelSize: 3, padding: [1, 1] as never })).toThrow(
      'padding must be "same", "valid" or [[top, bottom], [left, right]]',
    );
  });
});
