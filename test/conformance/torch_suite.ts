import { describe, expect, it } from "vitest";
import type { Backend } from "../../src/graph/backend.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Node } from "../../src/graph/node.ts";
import {
  adam,
  conv2d,
  createTrainer,
  dense,
  flatten,
  type Model,
  maxPooling2d,
  type Optimizer,
  sequential,
  sgd,
} from "../../src/index.ts";
import { conformance } from "../support/conformance.ts";

// PyTorch's data are NCHW and OIHW; ours NHWC and HWIO.

function nhwc(data: readonly number[], [, c, h, w]: number[]): number[] {
  return Array.from({ length: data.length }, (_, i) => {
    const [channel, x, y, image] = [
      i % c!,
      Math.floor(i / c!) % w!,
      Math.floor(i / (c! * w!)) % h!,
      Math.floor(i / (c! * w! * h!)),
    ];
    return data[((image * c! + channel) * h! + y) * w! + x] as number;
  });
}

function hwio(data: readonly number[], [o, i, h, w]: number[]): number[] {
  return Array.from({ length: data.length }, (_, at) => {
    const [out, input] = [at % o!, Math.floor(at / o!) % i!];
    const [x, y] = [Math.floor(at / (o! * i!)) % w!, Math.floor(at / (o! * i! * w!))];
    return data[((out * i! + input) * h! + y) * w! + x] as number;
  });
}

const imageShape = ([n, c, h, w]: number[]) => [n!, h!, w!, c!];
const filterShape = ([o, i, h, w]: number[]) => [h!, w!, i!, o!];

interface ConvCase {
  stride: [number, number];
  pad: [number, number];
  dilation: [number, number];
  groups: number;
  xShape: number[];
  wShape: number[];
  yShape: number[];
  x: number[];
  w: number[];
  b: number[];
  dy: number[];
  y: number[];
  dx: number[];
  dw: number[];
  db: number[];
}

interface TransposedConvCase extends Omit<ConvCase, "stride" | "pad" | "dilation"> {
  stride: number;
  pad: number;
  outputPadding: number;
  dilation: number;
}

interface PoolCase {
  kernel: [number, number];
  stride: [number, number];
  pad: [number, number];
  dilation: [number, number];
  ceilMode: boolean;
  xShape: number[];
  yShape: number[];
  x: number[];
  dy: number[];
  y: number[];
  dx: number[];
}

interface Training {
  steps: number;
  X: number[];
  Y: number[];
  init: Record<string, { shape: number[]; data: number[] }>;
  f64: { loss: number[] };
}

/** The files print nine digits; on top, a sum of `length` products of magnitude ≤ 1 may round. */
function tolerance(precision: number, length: number): number {
  return 1e-8 * 10 + 8 * Math.sqrt(length) * precision * Math.max(1, Math.sqrt(length));
}

function misses(got: ArrayLike<number> | undefined, want: readonly number[], allowed: number): number {
  return want.filter((value, i) => !(Math.abs((got?.[i] as number) - value) <= allowed * Math.max(1, Math.abs(value))))
    .length;
}

async function runConv(backend: Backend, c: ConvCase, precision: number): Promise<boolean> {
  const graph = new Graph();
  const x = graph.input("x", imageShape(c.xShape));
  const w = graph.input("w", filterShape(c.wShape));
  const b = graph.input("b", [c.wShape[0]!]);
  const dy = graph.input("dy", imageShape(c.yShape));
  const y = graph.add(
    graph.conv2d(x, w, {
      strides: c.stride,
      padding: [
        [c.pad[0], c.pad[0]],
        [c.pad[1], c.pad[1]],
      ],
      dilations: c.dilation,
      groups: c.groups,
    }),
    b,
  );
  const [dx, dw, db] = graph.gradients(y, [x, w, b], dy);
  const program = await backend.compile(graph, { outputs: { y, dx: dx as Node, dw: dw as Node, db: db as Node } });
  const out = await program.run({ x: nhwc(c.x, c.xShape), w: hwio(c.w, c.wShape), b: c.b, dy: nhwc(c.dy, c.yShape) });
  program.dispose();
  const perTap = c.wShape[2]! * c.wShape[3]!;
  const pixels = c.yShape[0]! * c.yShape[2]! * c.yShape[3]!;
  return (
    misses(out["y"]?.data, nhwc(c.y, c.yShape), tolerance(precision, perTap * c.wShape[1]!)) +
      misses(out["dx"]?.data, nhwc(c.dx, c.xShape), tolerance(precision, perTap * c.wShape[0]!)) +
      misses(out["dw"]?.data, hwio(c.dw, c.wShape), tolerance(precision, pixels)) +
      misses(out["db"]?.data, c.db, tolerance(precision, pixels)) ===
    0
  );
}

/** PyTorch's filters of a transposed convolution, [in, out / groups, kh, kw], become ours, [kh, kw, out / groups, in]. */
async function runTransposedConv(backend: Backend, c: TransposedConvCase, precision: number): Promise<boolean> {
  const graph = new Graph();
  const x = graph.input("x", imageShape(c.xShape));
  const w = graph.input("w", filterShape(c.wShape));
  const b = graph.input("b", [c.yShape[1]!]);
  const dy = graph.input("dy", imageShape(c.yShape));
  const convolved = graph.conv2dTranspose(x, w, {
    strides: [c.stride, c.stride],
    padding: [
      [c.pad, c.pad],
      [c.pad, c.pad],
    ],
    outputPadding: [c.outputPadding, c.outputPadding],
    dilations: [c.dilation, c.dilation],
    groups: c.groups,
  });
  expect(convolved.shape).toEqual(imageShape(c.yShape));
  const y = graph.add(convolved, b);
  const [dx, dw, db] = graph.gradients(y, [x, w, b], dy);
  const program = await backend.compile(graph, { outputs: { y, dx: dx as Node, dw: dw as Node, db: db as Node } });
  const out = await program.run({ x: nhwc(c.x, c.xShape), w: hwio(c.w, c.wShape), b: c.b, dy: nhwc(c.dy, c.yShape) });
  program.dispose();
  const perTap = c.wShape[2]! * c.wShape[3]!;
  const [inputPixels, pixels] = [c.xShape, c.yShape].map(([n, , h, w]) => n! * h! * w!) as [number, number];
  return (
    misses(out["y"]?.data, nhwc(c.y, c.yShape), tolerance(precision, perTap * c.wShape[0]!)) +
      misses(out["dx"]?.data, nhwc(c.dx, c.xShape), tolerance(precision, perTap * c.wShape[1]!)) +
      misses(out["dw"]?.data, hwio(c.dw, c.wShape), tolerance(precision, inputPixels)) +
      misses(out["db"]?.data, c.db, tolerance(precision, pixels)) ===
    0
  );
}

async function runPool(backend: Backend, c: PoolCase, precision: number): Promise<boolean> {
  const graph = new Graph();
  const x = graph.input("x", imageShape(c.xShape));
  const dy = graph.input("dy", imageShape(c.yShape));
  const y = graph.maxPool2d(x, {
    size: c.kernel,
    strides: c.stride,
    padding: [
      [c.pad[0], c.pad[0]],
      [c.pad[1], c.pad[1]],
    ],
    dilations: c.dilation,
    ceilMode: c.ceilMode,
  });
  const [dx] = graph.gradients(y, [x], dy);
  const program = await backend.compile(graph, { outputs: { y, dx: dx as Node } });
  const out = await program.run({ x: nhwc(c.x, c.xShape), dy: nhwc(c.dy, c.yShape) });
  program.dispose();
  const windows = c.kernel[0] * c.kernel[1];
  return (
    misses(out["y"]?.data, nhwc(c.y, c.yShape), tolerance(precision, 1)) +
      misses(out["dx"]?.data, nhwc(c.dx, c.xShape), tolerance(precision, windows)) ===
    0
  );
}

/** The network of the two recorded runs, with PyTorch's initial weights. */
function recordedNetwork(init: Training["init"]): Model {
  const model = sequential({ inputShape: [12, 12, 1] }, [
    conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 6, kernelSize: 3, activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 10 }),
  ]);
  const named = (name: string) => init[name] as { shape: number[]; data: number[] };
  const conv = (name: string) => ({
    shape: filterShape(named(name).shape),
    data: Float32Array.from(hwio(named(name).data, named(name).shape)),
  });
  const bias = (name: string) => ({ shape: named(name).shape, data: Float32Array.from(named(name).data) });
  // PyTorch flattens [channel, row, column], we [row, column, channel]; its linear weights are [out, in].
  const linear = new Float32Array(24 * 10);
  for (let row = 0; row < 2; row++) {
    for (let column = 0; column < 2; column++) {
      for (let channel = 0; channel < 6; channel++) {
        for (let unit = 0; unit < 10; unit++) {
          const source = unit * 24 + (channel * 2 + row) * 2 + column;
          linear[((row * 2 + column) * 6 + channel) * 10 + unit] = named("7.weight").data[source] as number;
        }
      }
    }
  }
  model.setParameters(
    new Map([
      ["conv2d/kernel", conv("0.weight")],
      ["conv2d/bias", bias("0.bias")],
      ["conv2d_1/kernel", conv("3.weight")],
      ["conv2d_1/bias", bias("3.bias")],
      ["dense/kernel", { shape: [24, 10], data: linear }],
      ["dense/bias", bias("7.bias")],
    ]),
  );
  return model;
}

/** Largest relative distance of the 60 losses from PyTorch's f64 run. */
async function trainingDistance(backend: Backend, data: Training, optimizer: Optimizer): Promise<number> {
  const trainer = await createTrainer(recordedNetwork(data.init), {
    backend,
    loss: "sparseCategoricalCrossentropy",
    optimizer,
    batchSize: 16,
  });
  let worst = 0;
  for (let step = 0; step < data.steps; step++) {
    const first = (step * 16) % 64;
    const { loss } = await trainer.trainOnBatch(
      Float32Array.from(data.X.slice(first * 144, (first + 16) * 144)),
      data.Y.slice(first, first + 16),
    );
    const want = data.f64.loss[step] as number;
    worst = Math.max(worst, Math.abs(loss - want) / want);
  }
  trainer.dispose();
  return worst;
}

/** Runs `cases` and says how many passed; without the data, 0 of N. */
async function count<T>(path: string, expected: number, run: (one: T) => Promise<boolean>): Promise<void> {
  const cases = (await conformance(path)) as T[] | undefined;
  if (cases === undefined) {
    console.log(`${path}: 0 of ${expected} cases, ../shared/conformance is not here`);
    return;
  }
  let passed = 0;
  const failed: number[] = [];
  for (const [index, one] of cases.entries()) {
    if (await run(one)) passed++;
    else failed.push(index);
  }
  console.log(`${path}: ${passed} of ${cases.length} cases`);
  expect(failed).toEqual([]);
  expect(passed).toBe(expected);
}

/** PyTorch 1.13's own results, held against a backend whose arithmetic rounds at `precision`. */
export function torchSuite(name: string, open: () => Promise<Backend>, precision: number, lossTolerance: number): void {
  describe(`PyTorch's results on ${name}`, () => {
    const withBackend = async (use: (backend: Backend) => Promise<void>) => {
      const backend = await open();
      await use(backend).finally(() => backend.dispose());
    };

    it("conv2d: result and three gradients, 160 cases", () =>
      withBackend((backend) => count<ConvCase>("torch/conv2d.json", 160, (one) => runConv(backend, one, precision))));

    it("conv2dTranspose: result and three gradients, 40 cases", () =>
      withBackend((backend) =>
        count<TransposedConvCase>("torch/convtranspose2d.json", 40, (one) =>
          runTransposedConv(backend, one, precision),
        ),
      ));

    it("maxpool2d: result and gradient, 80 cases", () =>
      withBackend((backend) => count<PoolCase>("torch/maxpool2d.json", 80, (one) => runPool(backend, one, precision))));

    it.each([
      ["torch/train_adam.json", adam({ learningRate: 3e-3, epsilon: 1e-8 })],
      ["torch/train_sgd_momentum.json", sgd({ learningRate: 0.05, momentum: 0.9 })],
    ])(`%s: the loss of 60 steps within ${lossTolerance}`, (path, optimizer) =>
      withBackend(async (backend) => {
        const data = (await conformance(path)) as Training | undefined;
        if (data === undefined) {
          console.log(`${path}: 0 of 60 steps, ../shared/conformance is not here`);
          return;
        }
        const distance = await trainingDistance(backend, data, optimizer);
        console.log(`${path}: ${data.steps} steps, loss within ${distance.toExponential(1)} of PyTorch's f64`);
        expect(distance).toBeLessThan(lossTolerance);
      }),
    );
  });
}
