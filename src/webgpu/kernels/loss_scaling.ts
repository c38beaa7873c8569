import stepShader from "../../../shaders/loss_scale_step.wgsl?raw";
import unscaleShader from "../../../shaders/unscale_gradients.wgsl?raw";
import { LEAST_LOSS_SCALE, MOST_LOSS_SCALE } from "../../graph/loss_scaling.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { workgroupThreads } from "./sizes.ts";

/**
 * Divides an arena's gradient partials by the loss scale and notes whether all are finite. Bindings: gradientPartials,
 * blockTable as in `optimizerUpdate`, loss scale, counters (u32 [3]).
 */
export function unscaleGradients({ arenaSize }: { readonly arenaSize: number }, traits: DeviceTraits): KernelSpec {
  const threads = workgroupThreads(traits);
  return {
    name: "unscale_gradients",
    shader: unscaleShader,
    constants: { THREADS: threads, ARENA_VECTORS: arenaSize / 4 },
    bindings: ["readWrite", "read", "read", "readWrite"],
    workgroups: linearWorkgroups(arenaSize / 4, threads),
    flops: arenaSize,
  };
}

/**
 * Moves the loss scale, and sizes the update: none where a gradient was not finite. Bindings: step (u32), loss scale,
 * counters (u32 [3]), finished updates and whether there is one now (u32 [2]), workgroups of the update (u32 [3]).
 */
export function lossScaleStep(options: {
  readonly growthInterval: number;
  readonly updateSize: readonly number[];
}): KernelSpec {
  return {
    name: "loss_scale_step",
    shader: stepShader,
    constants: {
      GROWTH_INTERVAL: options.growthInterval,
      UPDATE_SIZE: options.updateSize,
      LEAST_SCALE: { f32: LEAST_LOSS_SCALE },
      MOST_SCALE: { f32: MOST_LOSS_SCALE },
    },
    bindings: ["read", "readWrite", "readWrite", "write", "write"],
    workgroups: [1, 1, 1],
    flops: 0,
  };
}
