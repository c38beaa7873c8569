import elementNan from "../../../shaders/element_nan.wgsl?raw";
import shader from "../../../shaders/elementwise.wgsl?raw";
import power from "../../../shaders/power.wgsl?raw";
import { broadcastStrides, stridesOf } from "../../core/axes.ts";
import { InternalError } from "../../core/errors.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import type { DType } from "../../core/tensor.ts";
import type { Node } from "../../graph/node.ts";
import type { OpName } from "../../graph/op_names.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, presentBindings } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import type { ShaderConstants } from "../preprocess.ts";
import { halvesIf, kernel } from "../variants.ts";
import { innermost, mergeAxes, quarterInnermost, vectorStrides } from "./axes.ts";
import { copy } from "./copy.ts";
import { flagOf, workgroupThreads } from "./sizes.ts";

const COMPARISONS = ["equal", "less", "lessOrEqual"] as const;
const BINARY = [
  "add",
  "sub",
  "mul",
  "div",
  "reluGradient",
  "minimum",
  "maximum",
  "prelu",
  "preluDerivative",
  "pow",
  "powBaseDerivative",
  "powExponentDerivative",
  ...COMPARISONS,
] as const;
const UNARY = ["exp", "log", "neg", "sqrt", "relu", "copy"] as const;
const OPERATIONS = [...BINARY, ...UNARY, "where"] as const;

export type BinaryOperation = (typeof BINARY)[number];
export type UnaryOperation = (typeof UNARY)[number];

/**
 * One operation, element by element, over operands x, y and z that stretch to `shape`. Where the innermost merged axis divides
 * by four, a thread makes four elements. `dtype` is that of the operands; copies and `where` take any of four bytes.
 */
export function elementwise(
  operation: (typeof OPERATIONS)[number],
  operands: readonly Shape[],
  shape: Shape,
  traits: DeviceTraits,
  { dtype = "f32" }: { dtype?: DType } = {},
): KernelSpec {
  const { vector, extents, x, y, z } = walkOf(operands, shape);
  if (x === undefined) throw new RangeError(`${operation} without an operand`);
  const comparison = COMPARISONS.some((name) => name === operation);
  const bits = operation === "copy" || operation === "where" || dtype === "u32";
  const size = sizeOf(extents);
  const threads = workgroupThreads(traits);
  const dense = Object.entries({ x, y, z }).flatMap(([name, operand]) => (operand?.dense ? [name] : []));
  return kernel(({ inPlace, halves = [] }) => {
    // An operand that has a binding of its own and is read as vectors.
    const half = (name: string, operand: Operand | undefined) =>
      operand !== undefined && !operand.spread && name !== inPlace && name;
    return {
      name: "elementwise",
      shader,
      includes: { element_nan: elementNan, power },
      constants: {
        THREADS: threads,
        SIZE: size,
        VECTOR: vector,
        // What changes how it is stored is no mere copy.
        BITS: bits && halves.length === 0,
        SIGNED: dtype === "i32",
        COMPARISON: comparison,
        BINARY: y !== undefined,
        TERNARY: z !== undefined,
        RANK: extents.length,
        OUTPUT_STRIDES: stridesOf(extents),
        ...operandConstants("X", x),
        ...operandConstants("Y", y),
        ...operandConstants("Z", z),
        X_IN_PLACE: inPlace === "x",
        Y_IN_PLACE: inPlace === "y",
        Z_IN_PLACE: inPlace === "z",
        ...Object.fromEntries(OPERATIONS.map((other) => [flagOf(other), other === operation])),
      },
      bindings: presentBindings({
        x: inPlace !== "x" && "read",
        y: y !== undefined && inPlace !== "y" && "read",
        z: z !== undefined && inPlace !== "z" && "read",
        output: "readWrite",
      }),
      workgroups: linearWorkgroups(size, threads),
      variant: `${operation}, ${vector ? "4 elements" : "1 element"} a thread, ${extents.length} axes`,
      flops: operation === "copy" || operation === "where" ? 0 : sizeOf(shape),
      inPlace: inPlace === undefined && operation !== "copy" && !comparison ? dense : [],
      role: "pointwise",
      halves: halvesIf(vector && dtype === "f32" && operation !== "where", {
        HALF_X: half("x", x),
        HALF_Y: half("y", y),
        HALF_Z: half("z", z),
        HALF_OUTPUT: !comparison && "output",
      }),
    };
  });
}

/** How an operand is read. */
interface Operand {
  /** Stretched along the innermost axis, so read as scalars. */
  readonly spread: boolean;
  readonly strides: readonly number[];
  /** Read at the same place as the output is written. */
  readonly dense: boolean;
}

/** The axes that are left when those are merged which are walked alike, and how each operand lies along them. */
function walkOf(operands: readonly Shape[], shape: Shape) {
  const walk = mergeAxes({
    extents: shape,
    strides: operands.map((operand) => broadcastStrides(operand, shape)),
  });
  const vector = innermost(walk.extents) % 4 === 0;
  const [x, y, z] = walk.strides.map((strides): Operand => {
    const spread = innermost(strides) === 0;
    return {
      spread,
      strides: vector && !spread ? vectorStrides(strides) : strides,
      dense: strides.length === 1 && !spread,
    };
  });
  return { vector, extents: vector ? quarterInnermost(walk.extents) : walk.extents, x, y, z };
}

function operandConstants(name: string, operand: Operand | undefined): ShaderConstants {
  return {
    [`${name}_DENSE`]: operand?.dense ?? true,
    [`${name}_SPREAD`]: operand?.spread ?? false,
    [`${name}_STRIDES`]: operand?.strides ?? [0],
  };
}

/** The op's operands, by name, that the kernel has as x, y and z. */
function lower(
  op: OpName,
  operation: (typeof OPERATIONS)[number],
  operands: { readonly x: string; readonly y?: string; readonly z?: string },
): Lowering {
  const names: string[] = Object.values(operands);
  return lowering(op, (node: Node, values, output, emit) => {
    const shapes = names.map((name) => node.operand(name).shape);
    const { dtype } = node.operand(operands.x);
    emit.dispatch(elementwise(operation, shapes, node.shape, emit.traits, { dtype }), {
      ...Object.fromEntries(Object.entries(operands).map(([binding, name]) => [binding, values.operand(name)])),
      output,
    });
  });
}

const ONE = { x: "x" };
const TWO = { x: "a", y: "b" };

export const elementwiseLowerings: readonly Lowering[] = [
  lower("add", "add", TWO),
  lower("sub", "sub", TWO),
  lower("mul", "mul", TWO),
  lower("div", "div", TWO),
  lower("standardize", "mul", { x: "centred", y: "inverse" }),
  lower("relu", "relu", ONE),
  lower("reluGradient", "reluGradient", { x: "y", y: "upstream" }),
  lower("exp", "exp", ONE),
  lower("log", "log", ONE),
  lower("neg", "neg", ONE),
  lower("sqrt", "sqrt", ONE),
  lower("minimum", "minimum", TWO),
  lower("maximum", "maximum", TWO),
  lower("prelu", "prelu", TWO),
  lower("preluDerivative", "preluDerivative", TWO),
  lower("pow", "pow", TWO),
  lower("powBaseDerivative", "powBaseDerivative", TWO),
  lower("powExponentDerivative", "powExponentDerivative", TWO),
  lower("equal", "equal", TWO),
  lower("less", "less", TWO),
  lower("lessOrEqual", "lessOrEqual", TWO),
  lower("where", "where", { x: "condition", y: "a", z: "b" }),
  lowering("broadcastTo", (node, values, output, emit) => {
    const { shape } = node.operand("x");
    emit.dispatch(elementwise("copy", [shape], node.shape, emit.traits), { x: values.operand("x"), output });
  }),
  lowering("assign", ({ attributes: { variable } }, values, target, emit) => {
    const value = values.operand("value");
    const counts = values.optionalOperand("verdict");
    if (counts === undefined) {
      emit.dispatch(copy({ size: variable.size, dtype: variable.dtype }, emit.traits), { x: value, output: target });
      return;
    }
    const size = [variable.size];
    const spec = elementwise("where", [[1], size, size], size, emit.traits).variants?.make({ inPlace: "z" });
    if (spec === undefined) throw new InternalError(`assign: "where" cannot write in the place of z`);
    emit.dispatch(spec, { x: counts, y: value, output: target });
  }),
];
