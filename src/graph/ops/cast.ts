import { ArgumentError } from "../../core/errors.ts";
import { describeValue } from "../../core/options.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { ANY_TYPE, defineOp } from "../op.ts";

/** What a cast may make. "bool" is this house's truth value: a u32 that is 1, or 0 where the value was 0. */
export type CastType = "f32" | "i32" | "u32" | "bool";

export const castOp = defineOp<{ to: CastType }>({
  name: "cast",
  operands: { x: ANY_TYPE },
  infer: (given, { to }) => ({ shape: given.operand("x").shape, dtype: to === "bool" ? "u32" : to }),
  // Steps have no gradient; a cast from f32 to f32 is no node.
  gradient: () => ({}),
});

/**
 * The same values as another type. f32 becomes whole by dropping the fraction, and stays within what both types hold
 * (the largest i32 that it gives is 2147483520); between i32 and u32 the bits stay. NaN becomes 0 on the CPU and is the
 * device's choice on WebGPU. u8 tensors may be read, not made. No gradient flows through a change of type.
 */
export function cast(graph: Graph, x: Node, to: CastType): Node {
  if (!["f32", "i32", "u32", "bool"].includes(to)) {
    throw new ArgumentError(`cast: knows f32, i32, u32 and bool, got ${describeValue(to)}.`);
  }
  return x.dtype === to ? x : graph.addNode(castOp, [x], { to });
}
