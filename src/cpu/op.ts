import { ArgumentError } from "../core/errors.ts";
import type { Attributes, Node, Variable } from "../graph/node.ts";
import { isOp, type MatchedNode, type OpDefinition } from "../graph/op.ts";

/** Storage of a value: f32 tensors are held as f64 (or f32 on request), the others as their type. */
export type CpuArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;

/** What an op computes with. Lengths follow from the node's shapes. */
export interface CpuContext<A extends Attributes> {
  readonly node: MatchedNode<A>;
  readonly attributes: A;
  /** The `index`-th input's values. */
  input(index: number): CpuArray;
  readonly inputCount: number;
  /** To be filled; holds the values of the step before. */
  readonly output: CpuArray;
  /** Storage of a variable, for effects. */
  variable(variable: Variable): CpuArray;
}

export interface CpuOp {
  readonly op: string;
  bind(
    node: Node,
    inputs: readonly CpuArray[],
    output: CpuArray,
    variable: (variable: Variable) => CpuArray,
  ): () => void;
}

/** Declares how the CPU computes `op`: plain loops over the whole tensor. */
export function defineCpuOp<A extends Attributes>(op: OpDefinition<A>, run: (context: CpuContext<A>) => void): CpuOp {
  return {
    op: op.name,
    bind(node, inputs, output, variable) {
      if (!isOp(node, op)) throw new Error(`"${op.name}" was given a "${node.op.name}"`);
      const context: CpuContext<A> = {
        node,
        attributes: node.attributes,
        input(index) {
          const values = inputs[index];
          if (values === undefined) throw new ArgumentError(`"${op.name}" has no input ${index}.`);
          return values;
        },
        inputCount: inputs.length,
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
