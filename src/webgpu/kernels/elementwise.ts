import shader from "../../../shaders/elementwise.wgsl?raw";
import { broadcastStrides, type Shape, sizeOf, stridesOf } from "../../core/shape.ts";
import type { DType } from "../../core/tensor.ts";
import { assignOp } from "../../graph/graph.ts";
import type { Attributes, Node } from "../../graph/node.ts";
import { at, type OpDefinition } from "../../graph/op.ts";
import { addOp, divOp, mulOp, subOp } from "../../graph/ops/arithmetic.ts";
import { broadcastToOp } from "../../graph/ops/broadcast_to.ts";
import { reluGradientOp, reluOp } from "../../graph/ops/relu.ts";
import { expOp, logOp, negOp, sqrtOp } from "../../graph/ops/unary.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { innermost, mergeAxes, quarterInnermost, vectorStrides } from "./axes.ts";
import { workgroupThreads } from "./sizes.ts";

export type BinaryOperation = "add" | "sub" | "mul" | "div" | "reluGradient";
export type UnaryOperation = "exp" | "log" | "neg" | "sqrt" | "relu" | "copy";

/**
 * One operation, element by element, over operands that stretch to `shape`: bindings are the operands, then the output.
 * Where the innermost merged axis divides by four, a thread makes four elements. With `inPlaceOf` the output replaces that
 * operand, which has no binding of its own then.
 */
export function elementwise(
  operation: BinaryOperation | UnaryOperation,
  operands: readonly Shape[],
  shape: Shape,
  traits: DeviceTraits,
  inPlaceOf: number | undefined = undefined,
): KernelSpec {
  const walk = mergeAxes({
    extents: shape,
    strides: operands.map((operand) => broadcastStrides(operand, shape)),
  });
  const vector = innermost(walk.extents) % 4 === 0;
  const extents = vector ? quarterInnermost(walk.extents) : walk.extents;
  const [x, y] = walk.strides.map((strides) => {
    const spread = innermost(strides) === 0;
    return {
      // Stretched along the innermost axis, so read as scalars.
      spread,
      strides: vector && !spread ? vectorStrides(strides) : strides,
      // Read at the same place as the output is written.
      dense: strides.length === 1 && !spread,
    };
  });
  if (x === undefined) throw new RangeError(`${operation} without an operand`);
  const size = sizeOf(extents);
  const threads = workgroupThreads(traits);
  return {
    name: "elementwise",
    shader,
    constants: {
      THREADS: threads,
      SIZE: size,
      VECTOR: vector,
      BITS: operation === "copy",
      BINARY: y !== undefined,
      RANK: extents.length,
      OUTPUT_STRIDES: stridesOf(extents),
      X_DENSE: x.dense,
      X_SPREAD: x.spread,
      X_STRIDES: x.strides,
      Y_DENSE: y?.dense ?? true,
      Y_SPREAD: y?.spread ?? false,
      Y_STRIDES: y?.strides ?? [0],
      ADD: operation === "add",
      SUB: operation === "sub",
      MUL: operation === "mul",
      DIV: operation === "div",
      RELU_GRADIENT: operation === "reluGradient",
      EXP: operation === "exp",
      LOG: operation === "log",
      NEG: operation === "neg",
      SQRT: operation === "sqrt",
      RELU: operation === "relu",
      X_IN_PLACE: inPlaceOf === 0,
      Y_IN_PLACE: inPlaceOf === 1,
    },
    bindings: [...operands.filter((_, index) => index !== inPlaceOf).map(() => "read" as const), "readWrite"],
    workgroups: linearWorkgroups(size, threads),
    variant: `${operation}, ${vector ? "4 elements" : "1 element"} a thread, ${extents.length} axes`,
    flops: operation === "copy" ? 0 : sizeOf(shape),
    inPlaceOf: (operand) => {
      const alone = inPlaceOf === undefined && operation !== "copy" && [x, y][operand]?.dense === true;
      return alone ? elementwise(operation, operands, shape, traits, operand) : undefined;
    },
  };
}

/** `size` elements of any type from one buffer to another, bit by bit: bindings input, output. */
export function copy({ size, dtype }: { size: number; dtype: DType }, traits: DeviceTraits): KernelSpec {
  const words = dtype === "u8" ? Math.ceil(size / 4) : size;
  return elementwise("copy", [[words]], [words], traits);
}

function lower<A extends Attributes>(op: OpDefinition<A>, operation: BinaryOperation | UnaryOperation): Lowering {
  return lowering(op, (node: Node<A>, inputs, output, emit) => {
    const shapes = node.inputs.map((input) => input.shape);
    emit.dispatch(elementwise(operation, shapes, node.shape, emit.traits), [...inputs, output]);
  });
}

export const elementwiseLowerings: readonly Lowering[] = [
  lower(addOp, "add"),
  lower(subOp, "sub"),
  lower(mulOp, "mul"),
  lower(divOp, "div"),
  lower(reluOp, "relu"),
  lower(reluGradientOp, "reluGradient"),
  lower(expOp, "exp"),
  lower(logOp, "log"),
  lower(negOp, "neg"),
  lower(sqrtOp, "sqrt"),
  lowering(broadcastToOp, (node, inputs, output, emit) => {
    emit.dispatch(elementwise("copy", [at(node.inputs, 0).shape], node.shape, emit.traits), [at(inputs, 0), output]);
  }),
  // An effect: after its inputs come the variables that it writes.
  lowering(assignOp, ({ attributes: { variable } }, inputs, _, emit) => {
    emit.dispatch(copy({ size: variable.size, dtype: variable.dtype }, emit.traits), inputs);
  }),
];
