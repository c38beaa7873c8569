import shader from "../../../shaders/one_hot.wgsl?raw";
import { sizeOf } from "../../core/shape.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { workgroupThreads } from "./sizes.ts";

/** A one in the column of each index (i32 [rows]): f32 [rows, depth]. */
export function oneHot({ rows, depth }: { rows: number; depth: number }, traits: DeviceTraits): KernelSpec {
  const threads = workgroupThreads(traits);
  return {
    name: "one_hot",
    shader,
    constants: { THREADS: threads, ROWS: rows, DEPTH: depth },
    bindings: { indices: "read", output: "write" },
    workgroups: linearWorkgroups(rows * depth, threads),
    flops: 0,
  };
}

export const oneHotLowerings: readonly Lowering[] = [
  lowering("oneHot", (node, values, output, emit) => {
    const sizes = { rows: sizeOf(node.operand("indices").shape), depth: node.attributes.depth };
    emit.dispatch(oneHot(sizes, emit.traits), { indices: values.operand("indices"), output });
  }),
];
