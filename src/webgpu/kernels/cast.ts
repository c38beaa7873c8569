import shader from "../../../shaders/cast.wgsl?raw";
import { sizeOf } from "../../core/shape.ts";
import type { DType } from "../../core/tensor.ts";
import type { CastType } from "../../graph/ops/cast.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { workgroupThreads } from "./sizes.ts";

/** `size` values as another type. */
export function cast(options: { size: number; from: DType; to: CastType }, traits: DeviceTraits): KernelSpec {
  const { size, from, to } = options;
  const threads = workgroupThreads(traits);
  return {
    name: "cast",
    shader,
    constants: {
      THREADS: threads,
      SIZE: size,
      FROM_F32: from === "f32",
      FROM_I32: from === "i32",
      FROM_U8: from === "u8",
      TO_F32: to === "f32",
      TO_I32: to === "i32",
      TO_BOOL: to === "bool",
    },
    bindings: { input: "read", output: "write" },
    workgroups: linearWorkgroups(size, threads),
    variant: `${from} to ${to}`,
    flops: 0,
  };
}

export const castLowerings: readonly Lowering[] = [
  lowering("cast", (node, values, output, emit) => {
    const options = { size: sizeOf(node.shape), from: node.operand("x").dtype, to: node.attributes.to };
    emit.dispatch(cast(options, emit.traits), { input: values.operand("x"), output });
  }),
];
