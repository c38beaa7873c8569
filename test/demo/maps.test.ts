/** What the walk through the network shows, against the CPU backend's own values. */
import { describe, expect, it } from "vitest";
import {
  convolve,
  evidence,
  featureMap,
  filterPicture,
  gradCam,
  histogram,
  inputOf,
  kernelAt,
  occluded,
  saliency,
  valueAt,
  windowAt,
  windowOf,
  winners,
  within,
} from "../../demo/inside/maps.ts";
import { receptiveField } from "../../demo/inside/receptive_field.ts";
import { cpu } from "../../src/cpu.ts";
import { Graph } from "../../src/graph.ts";
import {
  activation,
  add,
  batchNormalization,
  conv2d,
  createTrainer,
  dense,
  flatten,
  type Inspection,
  input,
  type Model,
  maxPooling2d,
  model,
  type SymbolicTensor,
  sequential,
  sgd,
} from "../../src/index.ts";
import { expectClose } from "../support/compare.ts";
import { RandomData } from "../support/random.ts";

const random = new RandomData(11);

async function inspected(model: Model, image: Float32Array, target?: number): Promise<Inspection> {
  const trainer = await createTrainer(model, {
    backend: cpu(),
    loss: "sparseCategoricalCrossentropy",
    optimizer: sgd(),
    batchSize: 1,
  });
  const seen = await trainer.inspect(image, { target, parameterGradients: true });
  trainer.dispose();
  return seen;
}

const network = () =>
  sequential({ inputShape: [12, 10, 2], seed: 4 }, [
    conv2d({ filters: 6, kernelSize: [3, 5], strides: 2, padding: "same", groups: 2, activation: "relu" }),
    conv2d({ filters: 5, kernelSize: 2, dilationRate: 2, activation: "relu" }),
    maxPooling2d({ poolSize: 2, strides: 1 }),
    flatten(),
    dense({ units: 3 }),
  ]);

/** Two residual blocks of one kernel size each, so that their ways see parts of different sizes; the second goes down by 2. */
function residual(): Model {
  const x = input([12, 10, 2]);
  const block = (from: SymbolicTensor, filters: number, strides: number) => {
    const way = conv2d({ filters, kernelSize: 3, strides, padding: "same" })(from);
    const long = batchNormalization()(conv2d({ filters, kernelSize: 3, padding: "same" })(activation("relu")(way)));
    return add()([long, conv2d({ filters, kernelSize: 1, strides })(from)]);
  };
  return model({ inputs: x, outputs: dense({ units: 3 })(flatten()(block(block(x, 4, 1), 5, 2))), seed: 4 });
}

const image = Float32Array.from(random.normals(12 * 10 * 2));

describe("what the walk computes", () => {
  it("adds up the products of a window to the value that the layer gives, everywhere", async () => {
    const model = network();
    const seen = await inspected(model, image);
    for (const index of [0, 1]) {
      const g = windowOf(model, index);
      if (g === undefined || !("outChannels" in g)) throw new Error("no convolution");
      const layer = seen.layers[index];
      const name = model.layers[index]?.name;
      const kernel = seen.parameters.get(`${name}/kernel`);
      if (layer?.linear === undefined || kernel === undefined) throw new Error("no values");
      const input = inputOf(model, seen, index);
      for (let filter = 0; filter < g.outChannels; filter++) {
        const map = featureMap(layer.linear, filter);
        for (let at = 0; at < g.outHeight * g.outWidth; at++) {
          const place = { row: Math.floor(at / g.outWidth), column: at % g.outWidth };
          const { total, channels } = convolve(g, input, kernel, seen.parameters.get(`${name}/bias`), filter, place);
          const products = channels.flatMap(({ products }) => products);
          const absSum = products.reduce((sum, { value, weight }) => sum + Math.abs(value * weight), 1e-3);
          expectClose([total], [valueAt(map, place)], { k: products.length, absSum });
        }
      }
    }
  });

  it("takes a filter's weights for one map: those of its products, also where filters see part of the maps", async () => {
    const model = network();
    const seen = await inspected(model, image);
    for (const index of [0, 1]) {
      const g = windowOf(model, index);
      const kernel = seen.parameters.get(`${model.layers[index]?.name}/kernel`);
      if (g === undefined || !("outChannels" in g) || kernel === undefined) throw new Error("no convolution");
      for (let filter = 0; filter < g.outChannels; filter++) {
        const { channels } = convolve(g, inputOf(model, seen, index), kernel, undefined, filter, { row: 1, column: 1 });
        channels.forEach(({ products }, channel) => {
          const weights = products.map(({ weight }) => weight);
          expect([...kernelAt(g, kernel, filter, channel)]).toEqual(weights);
        });
      }
    }
  });

  it("says truly what a weight's gradient is: the values under it times the gradient of the map, over all places", async () => {
    // Without an activation the map's gradient is that of the sums; one class's loss is −ln of its share.
    const model = sequential({ inputShape: [12, 10, 2], seed: 4 }, [
      conv2d({ filters: 6, kernelSize: [3, 5], strides: 2, padding: "same", groups: 2 }),
      flatten(),
      dense({ units: 3 }),
    ]);
    const g = windowOf(model, 0);
    if (g === undefined || !("outChannels" in g)) throw new Error("no convolution");
    const looks = [];
    for (const target of [0, 1, 2]) looks.push(await inspected(model, image, target));
    const [seen] = looks;
    const gradient = seen?.parameterGradients?.get("conv2d/kernel");
    const { data: shares } = seen?.probabilities ?? { data: [] };
    if (seen === undefined || gradient === undefined) throw new Error("no gradient");
    for (let filter = 0; filter < g.outChannels; filter++) {
      // d loss of class 0 / d sum: each score's slope, times its share, less 1 for the class itself.
      const slopes = looks.map(({ layers }) => featureMap(layers[0]?.gradient ?? seen.input, filter).values);
      const want = new Float64Array(g.groupInChannels * g.kernelHeight * g.kernelWidth);
      const sizes = Float64Array.from(want);
      for (let at = 0; at < g.outHeight * g.outWidth; at++) {
        const toSum = slopes.reduce(
          (sum, slope, c) => sum + (slope[at] ?? 0) * ((shares[c] ?? 0) - Number(c === 0)),
          0,
        );
        const place = { row: Math.floor(at / g.outWidth), column: at % g.outWidth };
        const { channels } = convolve(g, seen.input, gradient, undefined, filter, place);
        channels
          .flatMap(({ products }) => products)
          .forEach(({ value }, weight) => {
            want[weight] = (want[weight] ?? 0) + value * toSum;
            sizes[weight] = (sizes[weight] ?? 0) + Math.abs(value * toSum);
          });
      }
      const got = Array.from({ length: g.groupInChannels }, (_, channel) => [
        ...kernelAt(g, gradient, filter, channel),
      ]).flat();
      // Three scores behind each place.
      expectClose(got, want, { k: 3 * g.outHeight * g.outWidth, absSum: 3 * Math.max(...sizes) });
    }
  });

  it("cuts what a value sees off at the picture's edges", () => {
    const picture = { rows: 12, columns: 10 };
    const cut = (row: number, column: number, rows: number, columns: number) =>
      within({ row, column, rows, columns }, picture);
    expect(cut(-3, 2, 8, 3)).toEqual({ row: 0, column: 2, rows: 5, columns: 3 });
    expect(cut(4, 7, 20, 9)).toEqual({ row: 4, column: 7, rows: 8, columns: 3 });
    expect(cut(1, 1, 3, 3)).toEqual({ row: 1, column: 1, rows: 3, columns: 3 });
  });

  it("finds the pool's winner in its window", async () => {
    const model = network();
    const seen = await inspected(model, image);
    const g = windowOf(model, 2);
    const pool = seen.layers[2];
    if (g === undefined || pool === undefined) throw new Error("no pooling");
    const before = featureMap(inputOf(model, seen, 2), 3);
    const after = featureMap(pool.output, 3);
    for (let row = 0; row < g.outHeight; row++) {
      for (let column = 0; column < g.outWidth; column++) {
        const area = windowAt(g, { row, column });
        const values = [0, 1].flatMap((r) =>
          [0, 1].map((c) => valueAt(before, { row: area.row + r, column: area.column + c })),
        );
        expect(valueAt(after, { row, column })).toBe(Math.max(...values));
      }
    }
  });

  it("knows all winners of a max pooling: where the gradient of the pooled maps goes, and nowhere else", async () => {
    const picture = sequential({ inputShape: [8, 6, 2], seed: 4 }, [
      conv2d({ filters: 3, kernelSize: 3, padding: "same" }),
      maxPooling2d({ poolSize: 2 }),
      flatten(),
      dense({ units: 3 }),
    ]);
    const seen = await inspected(picture, image.subarray(0, 96));
    const g = windowOf(picture, 1);
    const layer = seen.layers[0];
    if (g === undefined || layer === undefined) throw new Error("no layers");
    for (const filter of [0, 1, 2]) {
      const slopes = featureMap(layer.gradient, filter).values;
      const reached = new Set([...slopes.keys()].filter((index) => slopes[index] !== 0));
      expect(winners(g, featureMap(layer.output, filter))).toEqual(reached);
    }
  });

  it("counts every weight once in its histogram, the ends' values in the last bars", () => {
    expect(histogram([-1, -0.9, 0, 0.1, 0.99, 1], 1, 5)).toEqual([2, 0, 2, 0, 2]);
    expect(histogram([0, 0], 0, 3)).toEqual([0, 2, 0]);
  });

  it.each([
    ["a chain of layers", network, 1],
    // The last addition: a way of three convolutions and one of two meet.
    ["a residual network", residual, 11],
  ])(
    "outlines in the image what a value can see in %s: outside nothing counts, at the edges something does",
    async (_, make, index) => {
      const model = make();
      const place = { row: 1, column: 2 };
      const area = receptiveField(model, index, place);
      if (area === undefined) throw new Error("no area");
      const [rows = 0, columns = 0] = model.inputShape;
      const value = async (pixels: Float32Array) => {
        const { output, linear } = (await inspected(model, pixels)).layers[index] ?? {};
        const values = linear ?? output;
        if (values === undefined) throw new Error("no values");
        return featureMap(values, 0).values[place.row * (values.shape[1] ?? 1) + place.column];
      };
      const pixels = image.subarray(0, rows * columns * (model.inputShape[2] ?? 1));
      const before = await value(pixels);
      const channels = pixels.length / (rows * columns);
      const moving: { row: number; column: number }[] = [];
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const changed = Float32Array.from(pixels);
          for (let channel = 0; channel < channels; channel++)
            changed[(row * columns + column) * channels + channel] = 50;
          if ((await value(changed)) !== before) moving.push({ row, column });
        }
      }
      // The area, cut off at the picture's edges, is the smallest rectangle around the pixels that count.
      const ends = (from: number, size: number, most: number) => [Math.max(0, from), Math.min(most, from + size) - 1];
      const extremes = (values: number[]) => [Math.min(...values), Math.max(...values)];
      expect(extremes(moving.map(({ row }) => row))).toEqual(ends(area.row, area.rows, rows));
      expect(extremes(moving.map(({ column }) => column))).toEqual(ends(area.column, area.columns, columns));
    },
  );

  it("splits a score by place: the parts and the bias are the logit", async () => {
    const model = network();
    const seen = await inspected(model, image);
    const kernel = seen.parameters.get("dense/kernel");
    if (kernel === undefined) throw new Error("no kernel");
    for (const target of [0, 1, 2]) {
      const parts = evidence(inputOf(model, seen, 3), kernel, target).values;
      const total = parts.reduce((sum, part) => sum + part, seen.parameters.get("dense/bias")?.data[target] ?? 0);
      const absSum = parts.reduce((sum, part) => sum + Math.abs(part), 1e-3);
      expectClose([total], [seen.logits.data[target] ?? 0], { k: kernel.shape[0] ?? 1, absSum });
    }
  });

  it("weighs Grad-CAM's maps by their mean gradients and takes the largest slope of a pixel's colours", async () => {
    const seen = await inspected(network(), image, 1);
    const layer = seen.layers[1];
    if (layer === undefined) throw new Error("no layer");
    const [rows = 0, columns = 0, channels = 0] = layer.output.shape;
    const cam = gradCam(layer);
    const at = { row: 1, column: 1 };
    let want = 0;
    for (let channel = 0; channel < channels; channel++) {
      const slopes = featureMap(layer.gradient, channel).values;
      const mean = slopes.reduce((sum, slope) => sum + slope, 0) / (rows * columns);
      want += mean * valueAt(featureMap(layer.output, channel), at);
    }
    expect(valueAt(cam, at)).toBeCloseTo(Math.max(0, want), 6);
    const slopes = saliency(seen);
    expect(slopes.values[7]).toBe(
      Math.max(Math.abs(seen.inputGradient.data[14] ?? 0), Math.abs(seen.inputGradient.data[15] ?? 0)),
    );
  });

  it("covers every place of the picture once, and nothing else", () => {
    const data = Float32Array.from({ length: 28 * 28 }, () => 1);
    const { images, rows, columns } = occluded({ shape: [28, 28, 1], data }, 5, 2);
    expect([rows, columns]).toEqual([12, 12]);
    for (let copy = 0; copy < rows * columns; copy++) {
      const one = images.subarray(copy * 784, (copy + 1) * 784);
      expect(one.reduce((sum, value) => sum + value, 0)).toBe(784 - 25);
      expect(one[Math.floor(copy / columns) * 2 * 28 + (copy % columns) * 2]).toBe(0);
    }
  });

  it("filters a picture as the CPU backend's convolution does", async () => {
    const picture = { rows: 9, columns: 7, values: Float32Array.from(random.normals(63)) };
    for (const size of [3, 5]) {
      const kernel = Array.from<number>(random.normals(size * size));
      const graph = new Graph();
      const x = graph.input("x", [1, 9, 7, 1]);
      const w = graph.input("w", [size, size, 1, 1]);
      const y = graph.conv2d(x, w, { padding: "same" });
      const program = await cpu().compile(graph, { outputs: { y, z: graph.relu(y) } });
      const out = await program.run({ x: picture.values, w: kernel });
      const absSum = 10 * size;
      expectClose(filterPicture(picture, kernel, size, false).values, out["y"]?.data ?? [], { k: size * size, absSum });
      expectClose(filterPicture(picture, kernel, size, true).values, out["z"]?.data ?? [], { k: size * size, absSum });
    }
  });
});
