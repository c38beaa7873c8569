import { sizeOf } from "../core/shape.ts";
import { type Attributes, type Node, Operands, type Variable } from "../graph/node.ts";
import { isNodeOf, type MatchedNode, type OpDefinition } from "../graph/op.ts";

/** Storage of a value: f32 tensors are held as f32 (or f64 on request), the others as their type. */
export type CpuArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;

/** What an op computes with. Lengths follow from the node's shapes. */
export interface CpuContext<A extends Attributes> {
  readonly node: MatchedNode<A>;
  readonly attributes: A;
  /** Values of the operand of that name. */
  input(name: string): CpuArray;
  /** Values of the operand of that name; undefined where it was left out. */
  optionalInput(name: string): CpuArray | undefined;
  /** Values of all operands that the op declares as "...name". */
  inputs(name: string): readonly CpuArray[];
  /** To be filled; holds whatever another value left there. */
  readonly output: CpuArray;
  /** Storage of a variable, for effects. */
  variable(variable: Variable): CpuArray;
}

export interface CpuOp {
  readonly op: string;
  /** Floating-point operations of one run, for the program's table. */
  flops(node: Node): number;
  bind(
    node: Node,
    inputs: readonly CpuArray[],
    output: CpuArray,
    variable: (variable: Variable) => CpuArray,
  ): () => void;
}

/**
 * Declares how the CPU computes `op`: plain loops over the whole tensor. `flops` counts them; by default one an
 * element of the result.
 */
export function defineCpuOp<A extends Attributes>(
  op: OpDefinition<A>,
  run: (context: CpuContext<A>) => void,
  flops: (node: MatchedNode<A>) => number = (node) => sizeOf(node.shape),
): CpuOp {
  function matched(node: Node): MatchedNode<A> {
    if (!isNodeOf(node, op)) throw new Error(`"${op.name}" was given a "${node.op.name}"`);
    return node;
  }
  return {
    op: op.name,
    flops: (node) => flops(matched(node)),
    bind(anyNode, inputs, output, variable) {
      const node = matched(anyNode);
      const values = new Operands(op, inputs);
      const context: CpuContext<A> = {
        node,
        attributes: node.attributes,
        input: (name) => values.operand(name),
        optionalInput: (name) => values.optionalOperand(name),
        inputs: (name) => values.operands(name),
        output,
        variable,
      };
      return () => run(context);
    },
  };
}

/** Element `index`, which the caller's loop keeps in range. */
export function read(values: CpuArray | readonly number[], index: number): number {
  return values[index] as number;
}

/** Largest sums that share memory: 8 MB. */
const MOST_SHARED = 2 ** 20;
let shared = new Float64Array(0);

/**
 * Sums nothing yet, in f64 whatever the output is held as: the output itself where it is f64, else memory that all ops share.
 * An op has one of these at a time, and hands it over before it ends.
 */
export function zeroSums(output: CpuArray): Float64Array {
  if (output instanceof Float64Array) return output.fill(0);
  if (output.length > MOST_SHARED) return new Float64Array(output.length);
  if (shared.length < output.length) shared = new Float64Array(output.length);
  return shared.subarray(0, output.length).fill(0);
}

/** Hands sums over to the output, unless they were added up there. */
export function storeSums(sums: Float64Array, output: CpuArray): void {
  if (sums !== output) output.set(sums);
}
