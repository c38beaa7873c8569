/** Small networks as exporters write them, which other programs run too (ONNX Runtime: test/formats/onnx/runtime.test.ts). */
import type { FileOf, FileTensorOf, NodeOf } from "./onnx_file.ts";
import { RandomData } from "./random.ts";

const random = new RandomData(16);

const floats = (...shape: number[]): FileTensorOf => ({
  shape,
  data: Array.from(random.normals(shape.reduce((a, b) => a * b, 1)), (one) => one * 0.5),
});
const positive = (count: number): FileTensorOf => ({
  shape: [count],
  data: floats(count).data.map((one) => 0.5 + one * one),
});
const ints = (...data: number[]): FileTensorOf => ({ shape: [data.length], data, type: 7 });
const int = (value: number): FileTensorOf => ({ shape: [], data: [value], type: 7 });

/** A chain on "x" to "y": each node reads what the one before it gives, and then what it names. */
function chain(
  ...steps: readonly (readonly [op: string, rest?: readonly string[], attributes?: NodeOf["attributes"]])[]
): NodeOf[] {
  return steps.map(([op, rest = [], attributes], index) => ({
    op,
    name: `${op}_${index}`,
    inputs: [index === 0 ? "x" : `v${index}`, ...rest],
    outputs: [index === steps.length - 1 ? "y" : `v${index + 1}`],
    ...(attributes ? { attributes } : {}),
  }));
}

const image = (channels = 3, height = 8, width = 10) => ({ x: ["n", channels, height, width] as const });

export const NETWORKS: Readonly<Record<string, FileOf>> = {
  "batch norm behind a convolution, pool, flatten by the shape's arithmetic, Gemm": {
    inputs: image(),
    outputs: { y: ["n", 7] },
    initializers: {
      w: floats(8, 3, 3, 3),
      b: floats(8),
      ...{ scale: positive(8), shift: floats(8), mean: floats(8), variance: positive(8) },
      ...{ dense: floats(7, 8 * 4 * 5), bias: floats(7), zero: int(0), rest: ints(-1) },
    },
    nodes: [
      ...[
        {
          op: "Conv",
          inputs: ["x", "w", "b"],
          outputs: ["c"],
          attributes: { pads: [1, 1, 1, 1], kernel_shape: [3, 3] },
        },
        { op: "BatchNormalization", inputs: ["c", "scale", "shift", "mean", "variance"], outputs: ["n"] },
        { op: "Relu", inputs: ["n"], outputs: ["r"] },
        { op: "MaxPool", inputs: ["r"], outputs: ["p"], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
      ],
      ...[
        { op: "Shape", inputs: ["p"], outputs: ["s"] },
        { op: "Gather", inputs: ["s", "zero"], outputs: ["batch"] },
        { op: "Unsqueeze", inputs: ["batch", "axes"], outputs: ["first"] },
        { op: "Concat", inputs: ["first", "rest"], outputs: ["flat"], attributes: { axis: 0 } },
        { op: "Constant", inputs: [], outputs: ["axes"], attributes: { value: { tensor: ints(0) } } },
      ].sort((a, b) => (a.op === "Constant" ? -1 : b.op === "Constant" ? 1 : 0)),
      { op: "Reshape", inputs: ["p", "flat"], outputs: ["f"] },
      {
        op: "Gemm",
        inputs: ["f", "dense", "bias"],
        outputs: ["y"],
        attributes: { transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } },
      },
    ],
  },
  "squeeze and excitation with softmax": {
    inputs: image(4),
    outputs: { y: ["n", 4] },
    initializers: { squeeze: floats(2, 4, 1, 1), excite: floats(4, 2, 1, 1), w: floats(4, 4) },
    nodes: [
      { op: "GlobalAveragePool", inputs: ["x"], outputs: ["g"] },
      { op: "Conv", inputs: ["g", "squeeze"], outputs: ["a"] },
      { op: "Relu", inputs: ["a"], outputs: ["b"] },
      { op: "Conv", inputs: ["b", "excite"], outputs: ["c"] },
      { op: "Sigmoid", inputs: ["c"], outputs: ["d"] },
      { op: "Mul", inputs: ["x", "d"], outputs: ["e"] },
      { op: "ReduceMean", inputs: ["e"], outputs: ["m"], attributes: { axes: [2, 3], keepdims: 0 } },
      { op: "MatMul", inputs: ["m", "w"], outputs: ["l"] },
      { op: "Softmax", inputs: ["l"], outputs: ["y"], attributes: { axis: 1 } },
    ],
  },
  "transposed and dilated convolutions, slopes, images joined": {
    inputs: image(),
    outputs: { y: ["n", 2, 16, 20] },
    initializers: {
      ...{ a: floats(6, 3, 3, 3), t: floats(6, 4, 3, 3), tb: floats(4), slope: floats(4, 1, 1), o: floats(2, 7, 1, 1) },
      ...{ scales: { shape: [4], data: [1, 1, 2, 2] }, none: { shape: [0], data: [] } },
    },
    nodes: [
      { op: "Conv", inputs: ["x", "a"], outputs: ["c"], attributes: { dilations: [2, 2], pads: [2, 2, 2, 2] } },
      { op: "LeakyRelu", inputs: ["c"], outputs: ["r"], attributes: { alpha: { float: 0.2 } } },
      {
        ...{ op: "ConvTranspose", inputs: ["r", "t", "tb"], outputs: ["u"] },
        attributes: { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
      },
      { op: "PRelu", inputs: ["u", "slope"], outputs: ["s"] },
      {
        ...{ op: "Resize", inputs: ["x", "none", "scales"], outputs: ["big"] },
        attributes: { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
      },
      { op: "Concat", inputs: ["s", "big"], outputs: ["j"], attributes: { axis: 1 } },
      { op: "Conv", inputs: ["j", "o"], outputs: ["y"] },
    ],
  },
  "depthwise and grouped convolutions, channels shuffled, residual": {
    inputs: image(8),
    outputs: { y: ["n", 8, 8, 10] },
    initializers: {
      d: floats(16, 1, 3, 3),
      g: floats(8, 8, 3, 3),
      five: ints(0, 2, 4, 8, 10),
      back: ints(0, 8, 8, 10),
      bias: floats(8, 1, 1),
    },
    nodes: [
      { op: "Conv", inputs: ["x", "d"], outputs: ["a"], attributes: { group: 8, auto_pad: "SAME_LOWER" } },
      { op: "Conv", inputs: ["a", "g"], outputs: ["b"], attributes: { group: 2, pads: [0, 1, 2, 1] } },
      { op: "Add", inputs: ["b", "bias"], outputs: ["c"] },
      { op: "Reshape", inputs: ["c", "five"], outputs: ["s"] },
      { op: "Transpose", inputs: ["s"], outputs: ["t"], attributes: { perm: [0, 2, 1, 3, 4] } },
      { op: "Reshape", inputs: ["t", "back"], outputs: ["u"] },
      { op: "Add", inputs: ["u", "x"], outputs: ["y"] },
    ],
  },
  "attention over the places of an image": {
    inputs: image(8, 4, 5),
    outputs: { y: ["n", 3] },
    initializers: {
      ...{ q: floats(8, 8), k: floats(8, 8), v: floats(8, 8), w: floats(8, 3), b: floats(3), shape: ints(0, 8, 20) },
      ...{ gamma: positive(8), beta: floats(8), root: { shape: [], data: [Math.sqrt(8)] } },
    },
    nodes: [
      { op: "Reshape", inputs: ["x", "shape"], outputs: ["r"] },
      { op: "Transpose", inputs: ["r"], outputs: ["t"], attributes: { perm: [0, 2, 1] } },
      { op: "LayerNormalization", inputs: ["t", "gamma", "beta"], outputs: ["n"] },
      { op: "MatMul", inputs: ["n", "q"], outputs: ["qs"] },
      { op: "MatMul", inputs: ["n", "k"], outputs: ["ks"] },
      { op: "MatMul", inputs: ["n", "v"], outputs: ["vs"] },
      { op: "Transpose", inputs: ["ks"], outputs: ["kt"], attributes: { perm: [0, 2, 1] } },
      { op: "MatMul", inputs: ["qs", "kt"], outputs: ["p"] },
      { op: "Div", inputs: ["p", "root"], outputs: ["scaled"] },
      { op: "Softmax", inputs: ["scaled"], outputs: ["a"] },
      { op: "MatMul", inputs: ["a", "vs"], outputs: ["o"] },
      { op: "ReduceMean", inputs: ["o"], outputs: ["m"], attributes: { axes: [1], keepdims: 0 } },
      { op: "MatMul", inputs: ["m", "w"], outputs: ["l"] },
      { op: "Add", inputs: ["b", "l"], outputs: ["y"] },
    ],
  },
  "parts of images": {
    inputs: image(4),
    outputs: { y: ["n", 2, 4, 9] },
    initializers: {
      starts: ints(1, -9),
      ends: ints(9, 1000),
      axes: ints(2, 3),
      steps: ints(2, 1),
      second: ints(1, 0),
      sizes: ints(2, 2),
    },
    nodes: [
      { op: "Slice", inputs: ["x", "starts", "ends", "axes", "steps"], outputs: ["s"] },
      { op: "Split", inputs: ["s", "sizes"], outputs: ["a", "b"], attributes: { axis: 1 } },
      { op: "Gather", inputs: ["a", "second"], outputs: ["g"], attributes: { axis: 1 } },
      { op: "Sub", inputs: ["g", "b"], outputs: ["d"] },
      { op: "Elu", inputs: ["d"], outputs: ["y"] },
    ],
  },
  "pads, response norm, pools of odd sizes": {
    inputs: image(5),
    outputs: { y: ["n", 5, 7, 7] },
    initializers: {
      pads: ints(0, 0, 1, 2, 0, 0, 2, 1),
      low: { shape: [], data: [-0.5] },
      high: { shape: [], data: [0.8] },
    },
    nodes: chain(
      ["Pad", ["pads"], { mode: "reflect" }],
      ["LRN", [], { size: 3, alpha: { float: 0.3 } }],
      ["Clip", ["low", "high"]],
      ["MaxPool", [], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 }],
      ["AveragePool", [], { kernel_shape: [2, 3], pads: [1, 1, 1, 1], count_include_pad: 1 }],
    ),
  },
  "instance norm, bilinear": {
    inputs: image(4),
    outputs: { y: ["n", 4, 16, 20] },
    initializers: {
      gamma: positive(4),
      beta: floats(4),
      none: { shape: [0], data: [] },
      sizes: { shape: [4], data: [1, 1, 2, 2] },
    },
    nodes: chain(
      ["InstanceNormalization", ["gamma", "beta"]],
      ["Tanh"],
      ["Resize", ["none", "sizes"], { mode: "linear", coordinate_transformation_mode: "half_pixel" }],
    ),
  },
  functions: {
    inputs: { x: ["n", 12] },
    outputs: { y: ["n", 12] },
    initializers: { two: { shape: [], data: [2] }, row: floats(12) },
    nodes: chain(
      ...(["HardSigmoid", "Softplus", "Neg", "Exp", "Sqrt", "Reciprocal", "Erf", "Abs", "HardSwish"] as const).map(
        (op) => [op] as const,
      ),
      ["Pow", ["two"]],
      ["Max", ["row"]],
      ["Selu"],
      ["Softsign"],
      ["LogSoftmax", []],
    ),
  },
  "pixels from channels": {
    inputs: image(8, 4, 5),
    outputs: { y: ["n", 2, 8, 10] },
    nodes: chain(["DepthToSpace", [], { blocksize: 2, mode: "CRD" }], ["Sigmoid"]),
  },
  "softmax over channels of an image, chosen by a comparison": {
    inputs: image(4),
    outputs: { y: ["n", 4, 8, 10] },
    initializers: { limit: { shape: [], data: [0.25] }, w: floats(4, 4, 1, 1) },
    nodes: [
      { op: "Conv", inputs: ["x", "w"], outputs: ["c"] },
      { op: "Softmax", inputs: ["c"], outputs: ["s"], attributes: { axis: 1 } },
      { op: "Greater", inputs: ["s", "limit"], outputs: ["g"] },
      { op: "Where", inputs: ["g", "s", "c"], outputs: ["y"] },
    ],
  },
  "one spatial axis": {
    inputs: { x: ["n", 3, 12] },
    outputs: { y: ["n", 4, 6] },
    initializers: { w: floats(4, 3, 3), b: floats(4) },
    nodes: chain(
      ["Conv", ["w", "b"], { pads: [1, 1] }],
      ["Relu"],
      ["MaxPool", [], { kernel_shape: [2], strides: [2] }],
    ),
  },
  "softmax of opset 11, over everything behind the axis": {
    opset: 11,
    inputs: image(2, 3, 4),
    outputs: { y: ["n", 2, 3, 4] },
    nodes: chain(["Softmax", [], { axis: 1 }]),
  },
};
