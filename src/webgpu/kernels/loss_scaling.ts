import unscaleShader from "../../../shaders/unscale_gradients.wgsl?raw";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { workgroupThreads } from "./sizes.ts";

/**
 * Divides an arena's gradient partials by the loss scale and notes whether all are finite. Partials and table are those of
 * `optimizerUpdate`, the counters u32 [3].
 */
export function unscaleGradients({ arenaSize }: { readonly arenaSize: number }, traits: DeviceTraits): KernelSpec {
  const threads = workgroupThreads(traits);
  return {
    name: "unscale_gradients",
    shader: unscaleShader,
    constants: { THREADS: threads, ARENA_VECTORS: arenaSize / 4 },
    bindings: { gradientPartials: "readWrite", blockTable: "read", lossScale: "read", counters: "readWrite" },
    workgroups: linearWorkgroups(arenaSize / 4, threads),
    flops: arenaSize,
  };
}
