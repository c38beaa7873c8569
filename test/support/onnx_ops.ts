/** Files for ops that exporters seldom write, each in the forms that it has: test/formats/onnx/runtime.test.ts runs them in ONNX Runtime. */
import type { FileOf, FileTensorOf, NodeOf } from "./onnx_file.ts";
import { RandomData } from "./random.ts";

const random = new RandomData(17);

const floats = (...shape: number[]): FileTensorOf => ({
  shape,
  data: Array.from(random.normals(shape.reduce((a, b) => a * b, 1)), (one) => one * 0.5),
});
const ints = (...data: number[]): FileTensorOf => ({ shape: [data.length], data, type: 7 });
const scalar = (value: number): FileTensorOf => ({ shape: [], data: [value] });

const IMAGE = { x: ["n", 4, 6, 8] } as const;
const ROWS = { x: ["n", 3, 5] } as const;

interface Step {
  readonly op: string;
  readonly rest?: readonly string[];
  readonly attributes?: NodeOf["attributes"];
}

/** A chain from "x" to "y". */
const chain = (steps: readonly Step[], file: Omit<FileOf, "nodes" | "outputs">): FileOf => ({
  ...file,
  outputs: { y: undefined },
  nodes: steps.map(({ op, rest = [], attributes }, index) => ({
    ...{ op, name: `${op}_${index}`, inputs: [index === 0 ? "x" : `v${index}`, ...rest] },
    outputs: [index === steps.length - 1 ? "y" : `v${index + 1}`],
    ...(attributes ? { attributes } : {}),
  })),
});

const one = (
  op: string,
  file: Partial<FileOf> = {},
  attributes?: NodeOf["attributes"],
  rest: readonly string[] = [],
): FileOf => chain([{ op, rest, ...(attributes ? { attributes } : {}) }], { inputs: IMAGE, ...file });

/** An op whose result is no float, as floats. */
const asFloats = (steps: readonly Step[], file: Omit<FileOf, "nodes" | "outputs">): FileOf =>
  chain([...steps, { op: "Cast", attributes: { to: 1 } }], file);

const REDUCTIONS = ["L1", "L2", "LogSumExp", "Max", "Min", "Prod", "Sum", "Mean"].map((name) => `Reduce${name}`);

/** A reduction by an attribute, by an input, over all axes, of an image and of rows. */
const reductions = REDUCTIONS.flatMap((op): [string, FileOf][] => [
  ...(op === "ReduceSum"
    ? []
    : ([[`${op}, axes in an attribute`, one(op, { opset: 13 }, { axes: [-1, 1], keepdims: 0 })]] as [
        string,
        FileOf,
      ][])),
  [`${op}, axes in an input`, one(op, { opset: 18, initializers: { axes: ints(2) } }, {}, ["axes"])],
  [`${op} of an image's rows`, one(op, { opset: 18, initializers: { axes: ints(2, -1) } }, { keepdims: 0 }, ["axes"])],
]);

const resize = (
  mode: "nearest" | "linear",
  coordinates: string,
  size: readonly [number, number],
  more: { rounding?: string; opset?: number; by?: "sizes" | "scales" } = {},
): FileOf => {
  const { rounding, opset = 13, by = "scales" } = more;
  const scales: FileTensorOf = { shape: [4], data: [1, 1, size[0] / 6, size[1] / 8] };
  return one(
    "Resize",
    // Sizes name the batch too: the file is of one batch.
    {
      opset,
      inputs: by === "sizes" ? { x: [2, 4, 6, 8] } : IMAGE,
      initializers: { none: { shape: [0], data: [] }, scales, sizes: ints(2, 4, ...size) },
    },
    {
      mode,
      coordinate_transformation_mode: coordinates,
      ...(rounding === undefined ? {} : { nearest_mode: rounding }),
    },
    by === "scales" ? ["none", "scales"] : ["none", "none", "sizes"],
  );
};

/** A number of 16 bits, of f16 by its parts, as bits. */
const half = (sign: number, exponent: number, fraction: number) => (sign << 15) | (exponent << 10) | fraction;

const HALVES = [
  half(0, 15, 0),
  half(1, 16, 512),
  half(0, 1, 1),
  half(1, 0, 3),
  half(0, 30, 1023),
  0,
  half(1, 14, 77),
  0x3555,
];
const BRAINS = [0x3f80, 0xc020, 0x0080, 0x8001, 0x7f00, 0, 0xbf4d, 0x3eab];

/** What is added to a row of 8 values, held as some type. */
const added = (tensor: FileTensorOf): FileOf =>
  chain(
    [{ op: "Add", rest: ["w32"] }],
    // Turned to floats by a node, which the file's reader computes.
    { inputs: { x: ["n", 8] }, initializers: { w: tensor } },
  );

const held = (tensor: FileTensorOf): FileOf => {
  const file = added(tensor);
  const cast: NodeOf = { op: "Cast", inputs: ["w"], outputs: ["w32"], attributes: { to: 1 }, name: "held" };
  return { ...file, nodes: [cast, ...file.nodes] };
};

export const OPS: Readonly<Record<string, FileOf>> = {
  ...Object.fromEntries(reductions),
  "Min of three": {
    inputs: ROWS,
    outputs: { y: ["n", 3, 5] },
    initializers: { a: floats(5), b: floats(3, 1) },
    nodes: [{ op: "Min", inputs: ["x", "a", "b"], outputs: ["y"] }],
  },
  "Sum and Mean of several": {
    inputs: IMAGE,
    outputs: { y: ["n", 4, 6, 8] },
    initializers: { a: floats(4, 1, 1), b: floats(8) },
    nodes: [
      { op: "Sum", inputs: ["x", "a", "b"], outputs: ["s"] },
      { op: "Mean", inputs: ["s", "x", "a"], outputs: ["y"] },
    ],
  },
  "Sum of one": one("Sum"),
  "Mean of one": one("Mean"),
  "Expand to more axes": one("Expand", { inputs: { x: ["n", 1, 5] }, initializers: { shape: ints(1, 3, 1) } }, {}, [
    "shape",
  ]),
  "Expand by the shape of another": {
    inputs: IMAGE,
    outputs: { y: ["n", 4, 6, 8] },
    nodes: [
      { op: "ReduceMax", inputs: ["x"], outputs: ["m"], attributes: { axes: [2, 3] } },
      { op: "Shape", inputs: ["x"], outputs: ["s"] },
      { op: "Expand", inputs: ["m", "s"], outputs: ["e"] },
      { op: "Sub", inputs: ["x", "e"], outputs: ["y"] },
    ],
  },
  "ArgMax along channels": asFloats([{ op: "ArgMax", attributes: { axis: 1 } }], { inputs: IMAGE }),
  "ArgMax without its axis": asFloats([{ op: "ArgMax", attributes: { axis: -1, keepdims: 0 } }], { inputs: IMAGE }),
  Gelu: one("Gelu", { opset: 20 }),
  "Gelu by tanh": one("Gelu", { opset: 20 }, { approximate: "tanh" }),
  Mish: one("Mish", { opset: 18 }),
  CumSum: one("CumSum", { initializers: { axis: { shape: [], data: [1], type: 7 } } }, {}, ["axis"]),
  "CumSum backwards, without itself": one(
    "CumSum",
    { initializers: { axis: { shape: [], data: [-1], type: 7 } } },
    { exclusive: 1, reverse: 1 },
    ["axis"],
  ),
  "Not of Less": asFloats([{ op: "Less", rest: ["a"] }, { op: "Not" }], {
    inputs: ROWS,
    initializers: { a: floats(5) },
  }),
  "Equal of whole numbers": asFloats(
    [
      { op: "Cast", attributes: { to: 7 } },
      { op: "Equal", rest: ["zero"] },
    ],
    { inputs: IMAGE, initializers: { zero: { shape: [], data: [0], type: 7 } } },
  ),
  "Cast to whole numbers and back": asFloats([{ op: "Cast", attributes: { to: 6 } }], { inputs: IMAGE }),
  "Cast to truth": asFloats([{ op: "Relu" }, { op: "Cast", attributes: { to: 9 } }], { inputs: ROWS }),
  "Cast to f64": asFloats([{ op: "Cast", attributes: { to: 11 } }], { inputs: ROWS }),
  "GreaterOrEqual, LessOrEqual, Where": {
    inputs: IMAGE,
    outputs: { y: ["n", 4, 6, 8] },
    initializers: { a: floats(4, 1, 1), b: floats(8), c: scalar(0.5) },
    nodes: [
      { op: "GreaterOrEqual", inputs: ["x", "a"], outputs: ["g"] },
      { op: "LessOrEqual", inputs: ["b", "x"], outputs: ["l"] },
      { op: "Where", inputs: ["g", "x", "c"], outputs: ["w"] },
      { op: "Where", inputs: ["l", "w", "b"], outputs: ["y"] },
    ],
  },
  "Unsqueeze, Squeeze by an input": chain(
    [
      { op: "Unsqueeze", rest: ["two"] },
      { op: "Tanh" },
      { op: "Squeeze", rest: ["two"] },
      { op: "Unsqueeze", rest: ["last"] },
    ],
    { inputs: ROWS, initializers: { two: ints(2), last: ints(-1, 1) } },
  ),
  "Unsqueeze, Squeeze by an attribute": chain(
    [{ op: "Unsqueeze", attributes: { axes: [1, 4] } }, { op: "Relu" }, { op: "Squeeze", attributes: { axes: [4] } }],
    { opset: 11, inputs: ROWS },
  ),
  "Squeeze of an image's single row": chain([{ op: "Relu" }, { op: "Squeeze", rest: ["row"] }], {
    ...{ inputs: { x: ["n", 4, 1, 8] }, initializers: { row: ints(2) } },
  }),
  "DepthToSpace, depth first": one("DepthToSpace", { inputs: { x: ["n", 12, 3, 5] } }, { blocksize: 2 }),
  "Pad with a value": one(
    "Pad",
    { initializers: { pads: ints(0, 1, 2, 0, 0, 0, 1, 3), value: scalar(-1.5) } },
    { mode: "constant" },
    ["pads", "value"],
  ),
  "Pad by the edge": one("Pad", { initializers: { pads: ints(0, 0, 2, 0, 0, 1, 7, 3) } }, { mode: "edge" }, ["pads"]),
  "Pad by a mirror": one("Pad", { initializers: { pads: ints(0, 0, 5, 0, 0, 0, 1, 3) } }, { mode: "reflect" }, [
    "pads",
  ]),
  "Pad of some axes": one(
    "Pad",
    { opset: 18, initializers: { pads: ints(1, 2, 3, 0), value: scalar(0.25), axes: ints(-1, 1) } },
    {},
    ["pads", "value", "axes"],
  ),
  "Pad by attributes": one(
    "Pad",
    { opset: 10 },
    { pads: [0, 0, 1, 2, 0, 0, 0, 1], value: { float: 2 }, mode: "constant" },
  ),
  "Upsample by an input": one(
    "Upsample",
    { opset: 9, initializers: { scales: { shape: [4], data: [1, 1, 2, 3] } } },
    { mode: "nearest" },
    ["scales"],
  ),
  "Upsample between pixels": one(
    "Upsample",
    { opset: 9, initializers: { scales: { shape: [4], data: [1, 1, 2, 1.5] } } },
    { mode: "linear" },
    ["scales"],
  ),
  "Resize of opset 10": one(
    "Resize",
    { opset: 10, initializers: { scales: { shape: [4], data: [1, 1, 1.5, 2] } } },
    { mode: "nearest" },
    ["scales"],
  ),
  "Resize, nearest, whole": resize("nearest", "half_pixel", [12, 24], { rounding: "round_prefer_floor" }),
  "Resize, nearest, floor of corners": resize("nearest", "asymmetric", [9, 20], { rounding: "floor" }),
  "Resize, nearest, smaller": resize("nearest", "asymmetric", [3, 5], { rounding: "floor", by: "sizes" }),
  "Resize, linear, corners on corners": resize("linear", "align_corners", [11, 13], { by: "sizes" }),
  "Resize, linear, corners on corners, to one row": resize("linear", "align_corners", [1, 4], { by: "sizes" }),
  "Resize, linear, smaller": resize("linear", "half_pixel", [3, 5], { by: "sizes" }),
  "Resize, linear, from corners": resize("linear", "asymmetric", [9, 20]),
  "Resize, linear, as PyTorch does": resize("linear", "pytorch_half_pixel", [7, 4], { by: "sizes" }),
  "Resize, linear, as PyTorch does, to one row": resize("linear", "pytorch_half_pixel", [1, 20], { by: "sizes" }),
  "weights of f16": held({ shape: [8], data: HALVES, type: 10 }),
  "weights of f16 as whole numbers": held({ shape: [8], data: HALVES, type: 10, inField: true }),
  "weights of bf16": held({ shape: [8], data: BRAINS, type: 16 }),
  "weights of bf16 as whole numbers": held({ shape: [8], data: BRAINS, type: 16, inField: true }),
  "weights of f64": held({ ...floats(8), type: 11 }),
  "weights of f64 in their field": held({ ...floats(8), type: 11, inField: true }),
  "weights of f32 in their field": held({ ...floats(8), inField: true }),
  "weights of i8": held({ shape: [8], data: [-128, -1, 0, 1, 2, 127, 5, -9], type: 3 }),
  "weights of u8": held({ shape: [8], data: [0, 1, 2, 255, 128, 127, 5, 9], type: 2 }),
  "weights of i32 in their field": held({
    shape: [8],
    data: [-(2 ** 24), -1, 0, 1, 2, 2 ** 24, 5, -9],
    type: 6,
    inField: true,
  }),
  "weights of i64 in their field": held({
    shape: [8],
    data: [-(2 ** 24), -1, 0, 1, 2, 2 ** 24, 5, -9],
    type: 7,
    inField: true,
  }),
  "weights of truth values": held({ shape: [8], data: [0, 1, 1, 0, 1, 0, 0, 1], type: 9 }),
};
