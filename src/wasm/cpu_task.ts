import { sizeOf } from "../core/shape.ts";
import { bytesPerElement } from "../core/tensor.ts";
import type { CpuArray } from "../cpu/op.ts";
import { cpuOpOf } from "../cpu/op_of.ts";
import type { Node } from "../graph/node.ts";
import { isVerdict } from "../graph/op.ts";
import { Hidden, readsOf, type Task, type Value } from "./task.ts";

/** Floating-point operations of a node, as the CPU backend counts them. */
export const flopsOf = (node: Node): number => cpuOpOf(node).flops(node);

/**
 * A node that no kernel computes: the CPU backend's loops over the same memory. `inputs` stand for the node's operands; the loops
 * are given `standIns` in their place, where there is one.
 */
export function cpuTask(
  node: Node,
  inputs: readonly Value[] = node.inputs,
  standIns: readonly (CpuArray | undefined)[] = [],
): Task {
  const op = cpuOpOf(node);
  // Effects make no value, but for what the step's end decides.
  const makes = node.op.writes === undefined || isVerdict(node) ? [node] : [];
  return {
    layer: node.layer,
    op: node.op.name,
    kernel: "loops",
    shape: node.shape,
    flops: op.flops(node),
    reads: inputs,
    makes,
    scratch: [],
    tables: [],
    kernels: [],
    bind(places) {
      let generation = -1;
      let compute = () => {};
      return () => {
        // Views are empty once the memory has grown.
        if (generation !== places.generation()) {
          generation = places.generation();
          const output = makes.length === 0 ? new Float32Array(0) : places.array(node).values;
          const views = inputs.map((input, index) => standIns[index] ?? places.array(input).values);
          compute = op.bind(node, views, output, (variable) => places.variable(variable).values);
        }
        compute();
      };
    },
  };
}

/** Keeps what a variable holds before the first effect, for an effect that runs after it was changed. */
export function copyTask(node: Node): { task: Task; copy: Hidden } {
  const copy = new Hidden(node.dtype, sizeOf(node.shape), node);
  const task: Task = {
    layer: node.layer,
    op: "copy",
    kernel: "loops",
    shape: node.shape,
    flops: 0,
    reads: [node],
    makes: [copy],
    scratch: [],
    tables: [],
    kernels: [],
    bind: (places) => () => places.array(copy).values.set(places.array(node).values),
  };
  return { task, copy };
}

/** Bytes of everything that a task reads and writes, each once; what is done first for it alone is its own business. */
export function bytesOf(task: Task): number {
  return [...readsOf(task), ...task.makes].reduce((sum, value) => {
    const size = value instanceof Hidden ? value.size : sizeOf(value.shape);
    return sum + size * bytesPerElement(value.dtype);
  }, 0);
}
