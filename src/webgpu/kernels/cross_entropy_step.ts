import stepShader from "../../../shaders/cross_entropy_step.wgsl?raw";
import workgroupSum from "../../../shaders/workgroup_sum.wgsl?raw";
import { type DeviceTraits, type KernelSpec, presentBindings } from "../kernel.ts";
import { type Rows, rowConstants } from "./rows.ts";
import { loneWorkgroupThreads, powerOfTwoAtLeast, powerOfTwoAtMost } from "./sizes.ts";

/** Threads of a lone workgroup that walks over rows, and how many of them share a row. */
export function loneRowKernel(shape: Rows, traits: DeviceTraits) {
  const useful = powerOfTwoAtMost(shape.columns / 16);
  const threads = loneWorkgroupThreads(shape.rows * useful, traits);
  const lanes = Math.min(useful, powerOfTwoAtLeast(threads / shape.rows), threads);
  return {
    constants: { ...rowConstants(shape, threads, lanes, traits), TURNS: Math.ceil((shape.rows * lanes) / threads) },
    workgroups: [1, 1, 1] as const,
    variant: `${threads} threads, ${lanes} a row`,
  };
}

/**
 * The mean loss over class indices, its gradient for an upstream of 1, and `countCorrect`'s two counts, in one
 * workgroup, with `columnSums` the gradient's sum over the rows too. It is right for any size; above rows × columns of
 * about 65,536 the separate kernels are faster. Labels are i32; if `scaled`, the loss scale [1] multiplies the gradient.
 */
export function crossEntropyStep(
  {
    batch,
    classes,
    columnSums = false,
    scaled = false,
  }: { readonly batch: number; readonly classes: number; readonly columnSums?: boolean; readonly scaled?: boolean },
  traits: DeviceTraits,
): KernelSpec {
  const shape = { rows: batch, columns: classes };
  const { constants, workgroups, variant } = loneRowKernel(shape, traits);
  return {
    name: "cross_entropy_step",
    shader: stepShader,
    includes: { workgroup_sum: workgroupSum },
    constants: {
      ...constants,
      LABEL_STEPS: Math.ceil(shape.rows / constants.THREADS),
      COLUMN_SUMS: columnSums,
      SCALED: scaled,
    },
    bindings: presentBindings({
      logits: "read",
      labels: "read",
      loss: "write",
      logitsGradient: "write",
      counts: "write",
      columnSums: columnSums && "write",
      lossScale: scaled && "read",
    }),
    workgroups,
    variant,
    flops: 8 * shape.rows * shape.columns,
  };
}
