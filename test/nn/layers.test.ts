import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import { Graph } from "../../src/graph.ts";
import {
  ArgumentError,
  activation,
  averagePooling2d,
  batchNormalization,
  concatenate,
  conv2d,
  conv2dTranspose,
  cropping2d,
  dense,
  depthwiseConv2d,
  dropout,
  gaussianNoise,
  groupNormalization,
  input,
  type Layer,
  l2,
  layerNormalization,
  leakyReLU,
  maximum,
  maxNorm,
  minimum,
  model,
  modelFromConfig,
  multiply,
  normalization,
  permute,
  prelu,
  reLU,
  rescaling,
  reshape,
  ShapeError,
  separableConv2d,
  sequential,
  softmax,
  spatialDropout2d,
  subtract,
  unitNormalization,
  upSampling2d,
  zeroPadding2d,
} from "../../src/index.ts";
import { activationNames } from "../../src/nn/activation_names.ts";
import { LAYER_CASES } from "../support/layer_cases.ts";
import { RandomData } from "../support/random.ts";

const SEED = 31;

/** What a layer alone makes of one image's values. */
async function apply(layer: Layer, shape: readonly number[], values: readonly number[]): Promise<number[]> {
  const graph = new Graph();
  const network = sequential({ inputShape: shape, seed: 2 }, [layer]);
  const y = network.build(graph, graph.input("x", [1, ...shape]));
  const out = await (await cpu({ precision: "f64" }).compile(graph, { outputs: { y } })).run({ x: values });
  return [...(out["y"]?.data ?? [])];
}

describe("every layer", () => {
  it.each(Object.entries(LAYER_CASES))("%s: shapes, counts, and the same again from its JSON", async (kind, one) => {
    const network = sequential({ inputShape: one.input, seed: 4 }, [one.make()]);
    const [row] = network.summary().rows;
    expect(network.outputShape).toEqual(one.output);
    expect(row).toMatchObject({
      kind,
      outputShape: one.output,
      neurons: one.output.reduce((a, b) => a * b, 1),
      parameters: one.parameters,
      multiplyAdds: one.multiplyAdds,
    });
    const again = modelFromConfig(JSON.parse(JSON.stringify(network)));
    expect(again.toJSON()).toEqual(network.toJSON());
    expect(again.parameters).toEqual(network.parameters);
    const values = new RandomData(SEED).normals(one.input.reduce((a, b) => a * b, 1));
    const results = await Promise.all(
      [network, again].map(async (built) => {
        const graph = new Graph();
        const y = built.build(graph, graph.input("x", [1, ...one.input]));
        expect(y.shape).toEqual([1, ...one.output]);
        return (await (await cpu({ precision: "f64" }).compile(graph, { outputs: { y } })).run({ x: values }))["y"]
          ?.data;
      }),
    );
    expect(results[1]).toEqual(results[0]);
  });

  it.each(activationNames)("ends in %s where it is asked to, as the layer of that name does", async (name) => {
    const values = [-3, -0.5, 0, 0.5, 3];
    const [own, alone] = await Promise.all([
      apply(dense({ units: 5, kernelInitializer: "identity", activation: name }), [5], values),
      apply(activation(name), [5], values),
    ]);
    expect(own).toEqual(alone);
  });
});

describe("layers by hand", () => {
  it("reLU has a ceiling, a threshold and a slope below it", async () => {
    const values = [-2, 0.5, 1, 3, 9];
    expect(await apply(reLU(), [5], values)).toEqual([0, 0.5, 1, 3, 9]);
    expect(await apply(reLU({ maxValue: 6 }), [5], values)).toEqual([0, 0.5, 1, 3, 6]);
    expect(await apply(reLU({ maxValue: 4 }), [5], values)).toEqual([0, 0.5, 1, 3, 4]);
    expect(await apply(reLU({ threshold: 1 }), [5], values)).toEqual([0, 0, 1, 3, 9]);
    expect(await apply(reLU({ maxValue: 4, negativeSlope: 0.5, threshold: 1 }), [5], values)).toEqual([
      -1.5, -0.25, 1, 3, 4,
    ]);
    expect(await apply(leakyReLU({ negativeSlope: 0.5 }), [2], [-2, 2])).toEqual([-1, 2]);
  });

  it("dense acts on the last axis, alike at each place, and keeps the others", async () => {
    const values = [...new RandomData(SEED).normals(2 * 3 * 4)];
    const layer = () => dense({ units: 5, activation: "relu", name: "at_places" });
    const [image, row] = [[2, 3, 4], [4]].map((shape) => sequential({ inputShape: shape, seed: 2 }, [layer()]));
    expect(image?.outputShape).toEqual([2, 3, 5]);
    expect(image?.summary().rows[0]).toMatchObject({ parameters: 25, multiplyAdds: 6 * 20 });
    expect(image?.parameters).toEqual(row?.parameters);
    const each = [0, 1, 2, 3, 4, 5].map((place) => apply(layer(), [4], values.slice(4 * place, 4 * place + 4)));
    expect(await apply(layer(), [2, 3, 4], values)).toEqual((await Promise.all(each)).flat());
  });

  it("softmax goes along any axis", async () => {
    const [a = 0, b = 0, c = 0, d = 0] = await apply(softmax({ axis: 1 }), [2, 2], [0, Math.log(3), Math.log(3), 0]);
    expect([a, b, c, d].map((value) => value.toFixed(12))).toEqual([
      "0.250000000000",
      "0.750000000000",
      "0.750000000000",
      "0.250000000000",
    ]);
    expect(sequential({ inputShape: [3] }, [softmax()]).endsInSoftmax).toBe(true);
  });

  it("combines tensors: an extent of 1 stretches, two are subtracted, the largest and the smallest stay", async () => {
    const [image, weight] = [input([1, 2, 2]), input([1, 1, 2])];
    const network = model({
      inputs: [image, weight],
      outputs: [
        multiply()([image, weight]),
        subtract()([image, weight]),
        maximum()([image, weight]),
        minimum()([image, weight]),
        concatenate({ axis: 2 })([image, weight]),
      ],
    });
    const graph = new Graph();
    const ys = network.build(graph, [graph.input("image", [1, 1, 2, 2]), graph.input("weight", [1, 1, 1, 2])]);
    const program = await cpu({ precision: "f64" }).compile(graph, {
      outputs: Object.fromEntries(ys.map((y, i) => [i, y])),
    });
    const out = await program.run({ image: [1, 2, 3, 4], weight: [2, 3] });
    expect(ys.map((_, i) => [...(out[i]?.data ?? [])])).toEqual([
      [2, 6, 6, 12],
      [-1, -1, 1, 1],
      [2, 3, 3, 4],
      [1, 2, 2, 3],
      [1, 2, 3, 4, 2, 3],
    ]);
    expect(modelFromConfig(JSON.parse(JSON.stringify(network))).toJSON()).toEqual(network.toJSON());
  });

  it("normalises each image by itself: channels, groups of channels, single channels, length", async () => {
    const values = [1, 3, 10, 30, 5, 9, 50, 10];
    const shape = [1, 2, 4];
    const scaled = (spread: number, epsilon: number) => spread / Math.sqrt(spread * spread + epsilon);
    const layer = await apply(layerNormalization(), [2], [1, 3]);
    expect(layer[1]).toBeCloseTo(scaled(1, 1e-3), 12);
    const instance = await apply(groupNormalization({ groups: -1, epsilon: 1e-9 }), shape, values);
    expect(instance.map((value) => Math.round(value * 1e6) / 1e6)).toEqual([-1, -1, -1, 1, 1, 1, 1, -1]);
    const group = await apply(groupNormalization({ groups: 2 }), shape, values);
    // 1, 3, 5, 9: mean 4.5, variance 8.75.
    expect(group[0]).toBeCloseTo(-3.5 / Math.sqrt(8.75 + 1e-3), 12);
    const unit = await apply(unitNormalization(), [2], [3, 4]);
    expect([unit[0]?.toFixed(12), unit[1]?.toFixed(12)]).toEqual(["0.600000000000", "0.800000000000"]);
    expect(await apply(unitNormalization(), [2], [0, 0])).toEqual([0, 0]);
  });

  it("enlarges images and pads them", async () => {
    expect(await apply(upSampling2d({ size: [1, 2] }), [1, 2, 1], [1, 2])).toEqual([1, 1, 2, 2]);
    expect(await apply(upSampling2d({ size: [1, 2], interpolation: "bilinear" }), [1, 2, 1], [0, 4])).toEqual([
      0, 1, 3, 4,
    ]);
    expect(
      await apply(
        zeroPadding2d({
          padding: [
            [0, 1],
            [1, 0],
          ],
        }),
        [1, 1, 1],
        [7],
      ),
    ).toEqual([0, 7, 0, 0]);
    expect(await apply(rescaling({ scale: [2, 3], offset: 1 }), [2], [1, 1])).toEqual([3, 4]);
    expect(await apply(normalization({ mean: [1, 2], variance: [4, 16] }), [2, 2], [3, 4, 1, -2])).toEqual([
      1, 0.5, 0, -1,
    ]);
    expect(await apply(normalization({ mean: [1, 2], variance: 4, invert: true }), [2], [1, -2])).toEqual([3, -2]);
    // Keras' epsilon in the place of a deviation of 0.
    expect(await apply(normalization({ mean: 1, variance: 0 }), [2], [1, 2])).toEqual([0, Math.fround(1e7)]);
  });
});

describe("initializers", () => {
  const kernel = (initializer: Parameters<typeof dense>[0]["kernelInitializer"], units = 40, seed = 1) => [
    ...(sequential({ inputShape: [50], seed }, [
      dense({ units, ...(initializer && { kernelInitializer: initializer }) }),
    ]).parameters.get("dense/kernel")?.data ?? []),
  ];
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

  it("draw from the distribution that they name", () => {
    const count = 2000;
    expect(new Set(kernel({ name: "constant", value: 0.25 }))).toEqual(new Set([0.25]));
    for (const [initializer, centre, deviation, most] of [
      [{ name: "randomNormal", mean: 1, stddev: 0.5 }, 1, 0.5, 3],
      ["truncatedNormal", 0, 0.05 * 0.8796, 0.1],
      ["randomUniform", 0, 0.05 / Math.sqrt(3), 0.05],
      [{ name: "randomUniform", minval: 1, maxval: 3 }, 2, 1 / Math.sqrt(3), 1],
      ["lecunNormal", 0, Math.sqrt(1 / 50), 0.4],
    ] as const) {
      const values = kernel(initializer);
      const error = (5 * deviation) / Math.sqrt(count);
      expect(Math.abs(mean(values) - centre)).toBeLessThan(error);
      expect(Math.abs(Math.sqrt(mean(values.map((value) => (value - centre) ** 2))) - deviation)).toBeLessThan(
        2 * error,
      );
      expect(Math.max(...values.map((value) => Math.abs(value - centre)))).toBeLessThanOrEqual(most * 1.000001);
    }
    expect(kernel("heUniform", 40, 1)).not.toEqual(kernel("heUniform", 40, 2));
  });

  it.each([40, 70])("orthogonal makes columns or rows at right angles, 50 × %i", (units) => {
    const values = kernel({ name: "orthogonal", gain: 2 }, units);
    const [count, length] = [Math.min(50, units), Math.max(50, units)];
    const element = (vector: number, i: number) => values[units <= 50 ? i * units + vector : vector * units + i] ?? 0;
    for (let a = 0; a < count; a++) {
      for (const b of [a, (a + 1) % count, (a + 7) % count]) {
        let product = 0;
        for (let i = 0; i < length; i++) product += element(a, i) * element(b, i);
        // Weights are stored as f32.
        expect(Math.abs(product - (a === b ? 4 : 0))).toBeLessThan(4 * 8 * Math.sqrt(length) * 2 ** -24);
      }
    }
  });
});

describe("options that are wrong are refused", () => {
  const image = [6, 6, 4];
  it.each<[string, () => unknown, RegExp]>([
    [
      "an activation",
      () => conv2d({ filters: 1, kernelSize: 1, activation: "wow" }),
      /layer conv2d: unknown activation "wow"; known: linear, relu/,
    ],
    [
      "an initializer",
      () => dense({ units: 1, kernelInitializer: "wow" as never }),
      /layer dense: kernelInitializer: unknown initializer "wow"/,
    ],
    [
      "a number of an initializer",
      () => dense({ units: 1, biasInitializer: { name: "constant", stddev: 1 } as never }),
      /"constant" takes value; got stddev/,
    ],
    [
      "a spread below 0",
      () => dense({ units: 1, kernelInitializer: { name: "randomNormal", stddev: -1 } }),
      /stddev of at least 0/,
    ],
    ["a regularizer", () => l2(-1), /l2: a regularizer has factors/],
    [
      "a regularizer that is none",
      () => dense({ units: 1, kernelRegularizer: {} as never }),
      /layer dense: kernelRegularizer/,
    ],
    ["a constraint", () => maxNorm({ maxValue: -1 }), /maxNorm: a constraint wants/],
    [
      "a rate of 1",
      () => dropout({ rate: 1 }),
      /layer dropout: rate must be a number of at least 0 and below 1, got 1/,
    ],
    ["a stddev below 0", () => gaussianNoise({ stddev: -1, name: "gn" }), /layer gaussian_noise "gn": stddev/],
    ["a rate below 0", () => spatialDropout2d({ rate: -0.1, name: "sd" }), /layer spatial_dropout2d "sd": rate/],
    ["a slope below 0", () => leakyReLU({ negativeSlope: -1 }), /negativeSlope must be a finite number of at least 0/],
    ["a ceiling that is none", () => reLU({ maxValue: Number.NaN }), /maxValue/],
    ["two free extents", () => reshape({ targetShape: [-1, -1] }), /one of them may be −1/],
    ["axes that are none", () => permute({ dims: [1, 3] }), /dims must name each axis/],
    ["sides that are none", () => zeroPadding2d({ padding: [1, 2, 3] as never }), /padding wants/],
    ["a crop below 0", () => cropping2d({ cropping: -1 }), /cropping wants/],
    ["an interpolation", () => upSampling2d({ interpolation: "cubic" as never }), /"nearest" or "bilinear"/],
    ["a pool of no size", () => averagePooling2d({ poolSize: 0 }), /poolSize must be a whole number/],
    [
      "a kernel of three numbers",
      () => depthwiseConv2d({ kernelSize: [1, 2, 3] as never }),
      /kernelSize must be a whole number or \[height, width\]/,
    ],
    ["groups of 0", () => groupNormalization({ groups: 0 }), /groups must be/],
    ["an epsilon of 0", () => layerNormalization({ epsilon: 0 }), /epsilon must be a number above 0/],
    ["a multiplier of 0", () => separableConv2d({ filters: 1, kernelSize: 1, depthMultiplier: 0 }), /depthMultiplier/],
    [
      "padding of a transposed convolution",
      () => conv2dTranspose({ filters: 1, kernelSize: 1, outputPadding: -1 }),
      /outputPadding/,
    ],
    ["a mean that is not finite", () => normalization({ mean: [Number.NaN], variance: 1 }), /mean must be a finite/],
    ["no mean", () => normalization({ mean: [], variance: 1 }), /mean wants a number for each channel/],
    ["a variance below 0", () => normalization({ mean: 0, variance: [1, -1] }), /variance must be at least 0, got -1/],
    ["two lengths", () => normalization({ mean: [1], variance: [1, 2] }), /mean has 1 numbers, variance 2/],
    [
      "a scale that is no number",
      () => rescaling({ scale: Number.POSITIVE_INFINITY }),
      /scale must be a finite number/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(message);
  });

  it.each<[string, Layer, readonly number[], RegExp]>([
    [
      "too few values",
      reshape({ targetShape: [5, -1] }),
      image,
      /layer "reshape": 144 values of \[6, 6, 4\] do not fill \[5, -1\]/,
    ],
    ["other axes", permute({ dims: [2, 1] }), image, /dims \[2, 1\] do not fit/],
    ["nothing left", cropping2d({ cropping: 3 }), image, /nothing is left of \[6, 6, 4\]/],
    ["no image", averagePooling2d(), [4], /wants \[height, width, channels\], got \[4\]/],
    ["channels that do not divide", groupNormalization({ groups: 3 }), image, /cannot be split into 3 groups/],
    ["the batch as an axis", layerNormalization({ axis: 0 }), image, /axis 0 is the batch/],
    ["an axis too many", prelu({ sharedAxes: [4] }), image, /axis 4 does not exist/],
    ["a mean for other channels", normalization({ mean: [1, 2], variance: 1 }), image, /2 numbers for the channels/],
    ["a scale for other channels", rescaling({ scale: [1, 2] }), image, /2 values for the channels/],
    [
      "an identity that is no matrix",
      conv2d({ filters: 1, kernelSize: 1, kernelInitializer: "identity" }),
      image,
      /"identity" makes matrices only/,
    ],
  ])("%s", (_, layer, shape, message) => {
    expect(() => sequential({ inputShape: shape }, [layer])).toThrow(ShapeError);
    expect(() => sequential({ inputShape: shape }, [layer])).toThrow(message);
  });

  it("tensors that do not go together", () => {
    const [a, b] = [input([4, 4, 2]), input([4, 3, 2])];
    expect(() => concatenate()([a, b])).toThrow(/differ in more than axis 3/);
    expect(() => subtract()([a, a, a])).toThrow(/takes a list of two tensors, got 3/);
    expect(() => maximum()([a, b])).toThrow(ShapeError);
    expect(() => dropout({ rate: 0.5, noiseShape: [null, 3] })(a)).toThrow(/noiseShape wants/);
  });

  it("a training step with dropout and no counter of steps", () => {
    const graph = new Graph();
    const network = sequential({ inputShape: [4] }, [dropout({ rate: 0.5 })]);
    expect(() => network.build(graph, graph.input("x", [1, 4]), { training: true })).toThrow(
      /layer "dropout": draws random numbers in training; build the model with random/,
    );
  });

  it("a frozen batch normalisation in training is what it is in inference", async () => {
    const network = sequential({ inputShape: [3] }, [batchNormalization({ trainable: false })]);
    expect(network.arena.variables).toEqual([]);
    const graph = new Graph();
    const x = graph.input("x", [2, 3]);
    const [training, inference] = [true, false].map((mode) => network.build(graph, x, { training: mode }));
    expect(graph.effects).toEqual([]);
    const outputs = {
      training: training as NonNullable<typeof training>,
      inference: inference as NonNullable<typeof inference>,
    };
    const out = await (await cpu({ precision: "f64" }).compile(graph, { outputs })).run({ x: [1, 2, 3, 4, 5, 7] });
    expect(out["training"]?.data).toEqual(out["inference"]?.data);
  });
});
