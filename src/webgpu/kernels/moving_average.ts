import movingAverageShader from "../../../shaders/moving_average.wgsl?raw";
import movingAveragesShader from "../../../shaders/moving_averages.wgsl?raw";
import { sizeOf } from "../../core/shape.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { workgroupThreads } from "./sizes.ts";

/** One step of a moving average; each tensor has `size` elements. */
export function movingAverage(
  { size, momentum }: { readonly size: number; readonly momentum: number },
  traits: DeviceTraits,
): KernelSpec {
  const threads = workgroupThreads(traits);
  return {
    name: "moving_average",
    shader: movingAverageShader,
    constants: {
      THREADS: threads,
      SIZE: size,
      MOMENTUM: { f32: momentum },
      ONE_MINUS_MOMENTUM: { f32: 1 - momentum },
    },
    bindings: { old: "read", value: "read", output: "write" },
    workgroups: linearWorkgroups(size, threads),
    flops: 3 * size,
  };
}

/**
 * Both moving statistics at once, where a step counts, which `counts` (u32) says; each has `size` elements.
 */
export function movingAverages(
  { size, momentum }: { readonly size: number; readonly momentum: number },
  traits: DeviceTraits,
): KernelSpec {
  return {
    ...movingAverage({ size, momentum }, traits),
    name: "moving_averages",
    shader: movingAveragesShader,
    bindings: {
      counts: "read",
      means: "read",
      variances: "read",
      movingMeans: "readWrite",
      movingVariances: "readWrite",
    },
    flops: 6 * size,
  };
}

export const movingAverageLowerings: readonly Lowering[] = [
  lowering("movingAverage", (node, values, output, emit) => {
    const options = { size: sizeOf(node.shape), momentum: node.attributes.momentum };
    emit.dispatch(movingAverage(options, emit.traits), {
      old: values.operand("old"),
      value: values.operand("value"),
      output,
    });
  }),
];
