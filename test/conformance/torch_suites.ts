/** PyTorch 1.13's own results in f64: values and gradients of single operations. */
import { cpu } from "../../src/cpu/backend.ts";
import type { Backend } from "../../src/graph/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import type { Graph } from "../../src/graph.ts";
import { type Build, type Given, magnitudes, runGraph } from "./run_graph.ts";
import { expectWithin, precisionOf, type Report, type Suite } from "./suite.ts";
import { hwio, nhwc } from "./torch_layout.ts";

type Pair = [number, number];

/** The files print nine significant digits, of operands and of results: three such errors meet in a product. */
const PRINTED = 3 * 5e-9;

/** Both sides of each axis alike, as PyTorch pads. */
const bothSides = ([vertical, horizontal]: Pair) =>
  [
    [vertical, vertical],
    [horizontal, horizontal],
  ] as const;

/**
 * Results of sums of products: |got − want| ≤ (8 · √K · precision + printed digits) · Σ|a||b|, K each sum's length
 * (DESIGN section 5).
 */
async function checkSums(
  backend: Backend,
  inputs: Record<string, Given>,
  build: Build,
  want: Record<string, { readonly data: readonly number[]; readonly terms: number }>,
): Promise<void> {
  const [got, sizes] = [await runGraph(backend, inputs, build), await magnitudes(inputs, build)];
  for (const [name, { data, terms }] of Object.entries(want)) {
    const relative = 8 * Math.sqrt(terms) * precisionOf(backend) + PRINTED;
    expectWithin(name, got[name], data, (i) => relative * (sizes[name]?.[i] as number) + 2 ** -126);
  }
}

interface ConvCase {
  stride: Pair;
  pad: Pair;
  dilation: Pair;
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

const conv2dSuite: Suite = {
  source: "torch/conv2d",
  expected: { total: 160, inScope: 160 },
  run: (backend, report) =>
    eachOf<ConvCase>(report, "conv2d", async (c) => {
      const [outChannels, perGroup, kernelHeight, kernelWidth] = c.wShape as [number, number, number, number];
      const [images, , outHeight, outWidth] = c.yShape as [number, number, number, number];
      const inputs = {
        x: nhwc(c.xShape, c.x),
        w: hwio(c.wShape, c.w),
        b: { shape: [outChannels], data: c.b },
        dy: nhwc(c.yShape, c.dy),
      };
      const build: Build = (graph, { x, w, b, dy }) => {
        const options = { strides: c.stride, padding: bothSides(c.pad), dilations: c.dilation, groups: c.groups };
        const y = graph.add(graph.conv2d(x as Node, w as Node, options), b as Node);
        return withGradients(graph, y, { dx: x, dw: w, db: b }, dy);
      };
      const taps = kernelHeight * kernelWidth;
      const pixels = images * outHeight * outWidth;
      await checkSums(backend, inputs, build, {
        y: { data: nhwc(c.yShape, c.y).data, terms: taps * perGroup + 1 },
        dx: { data: nhwc(c.xShape, c.dx).data, terms: (taps * outChannels) / c.groups },
        dw: { data: hwio(c.wShape, c.dw).data, terms: pixels },
        db: { data: c.db, terms: pixels },
      });
    }),
};

interface TransposedConvCase extends Omit<ConvCase, "stride" | "pad" | "dilation"> {
  stride: number;
  pad: number;
  outputPadding: number;
  dilation: number;
}

const conv2dTransposeSuite: Suite = {
  source: "torch/convtranspose2d",
  expected: { total: 40, inScope: 40 },
  run: (backend, report) =>
    eachOf<TransposedConvCase>(report, "convtranspose2d", async (c) => {
      const [inChannels, perGroup, kernelHeight, kernelWidth] = c.wShape as [number, number, number, number];
      const [images, outChannels, outHeight, outWidth] = c.yShape as [number, number, number, number];
      const both = (value: number): Pair => [value, value];
      const inputs = {
        x: nhwc(c.xShape, c.x),
        w: hwio(c.wShape, c.w),
        b: { shape: [outChannels], data: c.b },
        dy: nhwc(c.yShape, c.dy),
      };
      const build: Build = (graph, { x, w, b, dy }) => {
        const convolved = graph.conv2dTranspose(x as Node, w as Node, {
          strides: both(c.stride),
          padding: bothSides(both(c.pad)),
          outputPadding: both(c.outputPadding),
          dilations: both(c.dilation),
          groups: c.groups,
        });
        return withGradients(graph, graph.add(convolved, b as Node), { dx: x, dw: w, db: b }, dy);
      };
      const taps = kernelHeight * kernelWidth;
      const inPixels = images * (c.xShape[2] as number) * (c.xShape[3] as number);
      await checkSums(backend, inputs, build, {
        y: { data: nhwc(c.yShape, c.y).data, terms: (taps * inChannels) / c.groups + 1 },
        dx: { data: nhwc(c.xShape, c.dx).data, terms: taps * perGroup },
        dw: { data: hwio(c.wShape, c.dw).data, terms: inPixels },
        db: { data: c.db, terms: images * outHeight * outWidth },
      });
    }),
};

interface PoolCase {
  kernel: Pair;
  stride: Pair;
  pad: Pair;
  dilation: Pair;
  ceilMode: boolean;
  countIncludePad: boolean;
  xShape: number[];
  yShape: number[];
  x: number[];
  dy: number[];
  y: number[];
  dx: number[];
}

const poolOptions = (c: PoolCase) => ({
  size: c.kernel,
  strides: c.stride,
  padding: bothSides(c.pad),
  dilations: c.dilation,
  ceilMode: c.ceilMode,
});

/** The first maximum of a window takes its whole gradient, so that the largest values' places matter, not only they. */
const maxPool2dSuite: Suite = {
  source: "torch/maxpool2d",
  expected: { total: 80, inScope: 80 },
  run: (backend, report) =>
    eachOf<PoolCase>(report, "maxpool2d", async (c) => {
      const inputs = { x: nhwc(c.xShape, c.x), dy: nhwc(c.yShape, c.dy) };
      const build: Build = (graph, { x, dy }) =>
        withGradients(graph, graph.maxPool2d(x as Node, poolOptions(c)), { dx: x }, dy);
      const got = await runGraph(backend, inputs, build);
      // A maximum is not a sum: of absolute values it would be another. Gradients add up |dy| where windows overlap.
      const size = await runGraph(
        cpu({ precision: "f64" }),
        { ...inputs, dy: { ...inputs.dy, data: inputs.dy.data.map(Math.abs) } },
        build,
      );
      const relative = (terms: number) => 8 * Math.sqrt(terms) * precisionOf(backend) + PRINTED;
      const [y, dx] = [nhwc(c.yShape, c.y).data, nhwc(c.xShape, c.dx).data];
      expectWithin("y", got["y"], y, (i) => relative(1) * Math.abs(y[i] as number));
      expectWithin("dx", got["dx"], dx, (i) => relative(c.kernel[0] * c.kernel[1]) * (size["dx"]?.[i] as number));
    }),
};

const avgPool2dSuite: Suite = {
  source: "torch/avgpool2d",
  expected: { total: 60, inScope: 60 },
  run: (backend, report) =>
    eachOf<PoolCase>(report, "avgpool2d", (c) => {
      const inputs = { x: nhwc(c.xShape, c.x), dy: nhwc(c.yShape, c.dy) };
      const options = { ...poolOptions(c), countIncludePad: c.countIncludePad };
      const terms = c.kernel[0] * c.kernel[1];
      return checkSums(
        backend,
        inputs,
        (graph, { x, dy }) => withGradients(graph, graph.avgPool2d(x as Node, options), { dx: x }, dy),
        { y: { data: nhwc(c.yShape, c.y).data, terms }, dx: { data: nhwc(c.xShape, c.dx).data, terms } },
      );
    }),
};

interface CrossEntropyCase {
  shape: Pair;
  logits: number[];
  target: number[];
  weight: number[] | null;
  ignoreIndex: number;
  reduction: "mean" | "sum" | "none";
  labelSmoothing: number;
  loss: number[];
  dlogits: number[];
  softmax: number[];
  logSoftmax: number[];
}

/**
 * PyTorch's targets as probabilities: class weights and label smoothing are in them, an ignored row is zero, and so is
 * "mean"'s divisor, the weights of the targets that count.
 */
function softTargets({
  shape: [rows, classes],
  target,
  weight,
  ignoreIndex,
  reduction,
  labelSmoothing,
}: CrossEntropyCase) {
  const weightOf = (c: number) => weight?.[c] ?? 1;
  const counts = target.map((label) => (label === ignoreIndex ? 0 : weightOf(label)));
  const divisor = reduction === "mean" ? counts.reduce((sum, count) => sum + count, 0) : 1;
  return Array.from({ length: rows * classes }, (_, i) => {
    const [label, c] = [target[Math.floor(i / classes)] as number, i % classes];
    if (label === ignoreIndex) return 0;
    return (weightOf(c) * ((c === label ? 1 - labelSmoothing : 0) + labelSmoothing / classes)) / divisor;
  });
}

const crossEntropySuite: Suite = {
  source: "torch/crossentropy",
  expected: { total: 40, inScope: 40 },
  run: (backend, report) =>
    eachOf<CrossEntropyCase>(report, "crossentropy", async (c) => {
      const [rows, classes] = c.shape;
      const plain = c.weight === null && c.labelSmoothing === 0;
      const inputs = { logits: { shape: c.shape, data: c.logits } };
      const got = await runGraph(backend, inputs, (graph, { logits }) => {
        const x = logits as Node;
        // Class indices where that says it all, so that the op's two kinds of labels are both held against PyTorch.
        const labels = c.target.map((label) => (label === c.ignoreIndex ? -1 : label));
        const loss = plain
          ? graph.softmaxCrossEntropy(x, graph.constant(labels, [rows], "i32"), { reduction: c.reduction })
          : graph.softmaxCrossEntropy(x, graph.constant(softTargets(c), c.shape), {
              reduction: c.reduction === "none" ? "none" : "sum",
            });
        // PyTorch's gradients are those of the losses' sum.
        const seed = graph.constant(new Array<number>(c.reduction === "none" ? rows : 1).fill(1), loss.shape);
        const [dlogits] = graph.gradients(loss, [x], seed);
        return { loss, dlogits: dlogits as Node, softmax: graph.softmax(x), logSoftmax: graph.logSoftmax(x) };
      });
      const precision = precisionOf(backend);
      const most = Math.max(...c.logits.map(Math.abs));
      // A logit's own rounding shifts a probability by that much, relatively, and a logarithm by that much.
      const shift = 4 * precision * most + PRINTED * Math.max(1, most);
      // WGSL: exp within 3 + 2|x| ULP, log within 3 ULP or 2⁻²¹ near 1, a division 2.5 ULP; then a sum over the classes.
      const functions = (16 + 8 * Math.sqrt(classes)) * precision + PRINTED;
      const sum = 8 * Math.sqrt(rows * classes) * precision;
      expectWithin(
        "softmax",
        got["softmax"],
        c.softmax,
        (i) => (c.softmax[i] as number) * (functions + shift) + 2 ** -126,
      );
      expectWithin("logSoftmax", got["logSoftmax"], c.logSoftmax, () => shift + functions);
      expectWithin(
        "loss",
        got["loss"],
        c.loss,
        (i) => (shift + functions + sum) * Math.max(1, Math.abs(c.loss[i] as number)),
      );
      expectWithin("dlogits", got["dlogits"], c.dlogits, () => shift + functions);
    }),
};

interface ActivationCase {
  fn: string;
  x: number[];
  y: number[];
  dx: number[];
}

const ACTIVATIONS: Readonly<Record<string, (graph: Graph, x: Node) => Node>> = {
  relu: (graph, x) => graph.relu(x),
  relu6: (graph, x) => graph.relu6(x),
  leaky_relu: (graph, x) => graph.leakyRelu(x, 0.1),
  elu: (graph, x) => graph.elu(x),
  gelu: (graph, x) => graph.gelu(x),
  gelu_tanh: (graph, x) => graph.gelu(x, { approximate: true }),
  silu: (graph, x) => graph.silu(x),
  mish: (graph, x) => graph.mish(x),
  sigmoid: (graph, x) => graph.sigmoid(x),
  tanh: (graph, x) => graph.tanh(x),
  softplus: (graph, x) => graph.softplus(x),
  hardswish: (graph, x) => graph.hardSwish(x),
  hardsigmoid: (graph, x) => graph.hardSigmoid(x),
  selu: (graph, x) => graph.selu(x),
};

/** Where a function has a corner, the other one-sided derivative is as good as PyTorch's. */
const CORNERS: Readonly<Record<string, Readonly<Record<number, number>>>> = { hardswish: { [-3]: 0, 3: 1 } };

const activationsSuite: Suite = {
  source: "torch/activations",
  expected: { total: 14, inScope: 14 },
  async run(backend, report) {
    const cases = (await report.read("torch/activations.json")) as ActivationCase[] | undefined;
    await report.each(
      cases ?? [],
      ({ fn }) => fn,
      async ({ fn, x: data, y, dx }) => {
        const activate = ACTIVATIONS[fn];
        if (activate === undefined) throw new Error("no such activation here");
        const got = await runGraph(backend, { x: { shape: [data.length], data } }, (graph, { x }) =>
          withGradients(graph, activate(graph, x as Node), { dx: x }),
        );
        const corners = CORNERS[fn] ?? {};
        const slopes = dx.map((slope, i) => {
          const other = corners[data[i] as number];
          return other !== undefined && got["dx"]?.[i] === other ? other : slope;
        });
        // WGSL's exp is exact to 3 + 2|x| ULP, and these functions are 0 far out on the left, where nothing is left of
        // a relative bound: what is rounded there is of the size of x · 2⁻²⁴. PyTorch's softplus is x above 20, and its
        // hardsigmoid's slope the f32 nearest to 1/6.
        const allowed = (i: number, value: number) => {
          const x = Math.abs(data[i] as number);
          return (
            16 * precisionOf(backend) * Math.max(1, Math.min(x, 8)) * Math.max(1, Math.abs(value)) +
            6e-9 * Math.max(1, x)
          );
        };
        expectWithin("y", got["y"], y, (i) => allowed(i, y[i] as number));
        expectWithin("dx", got["dx"], slopes, (i) => allowed(i, dx[i] as number));
      },
    );
  },
};

/** `y`, and its gradients by each of `wanted`, where `seed` (default: ones) is d loss / d y. */
function withGradients(
  graph: Graph,
  y: Node,
  wanted: Record<string, Node | undefined>,
  seed: Node | undefined = graph.broadcastTo(graph.constant(1), y.shape),
): Record<string, Node> {
  const gradients = graph.gradients(y, Object.values(wanted) as Node[], seed);
  return { y, ...Object.fromEntries(Object.keys(wanted).map((name, i) => [name, gradients[i] as Node])) };
}

async function eachOf<T>(report: Report, name: string, check: (one: T) => Promise<void>): Promise<void> {
  const cases = (await report.read(`torch/${name}.json`)) as T[] | undefined;
  await report.each(cases ?? [], (_, index) => `${name} ${index}`, check);
}

export const torchSuites: readonly Suite[] = [
  conv2dSuite,
  conv2dTransposeSuite,
  maxPool2dSuite,
  avgPool2dSuite,
  crossEntropySuite,
  activationsSuite,
];
