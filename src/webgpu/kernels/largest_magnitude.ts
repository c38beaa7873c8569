import shader from "../../../shaders/largest_magnitude.wgsl?raw";
import type { DeviceTraits, KernelSpec } from "../kernel.ts";
import { loneWorkgroupThreads } from "./sizes.ts";

/** The largest magnitude of `size` f32 values. `largest` is one f32. */
export function largestMagnitude(size: number, traits: DeviceTraits): KernelSpec {
  return {
    name: "largest_magnitude",
    shader,
    constants: { THREADS: loneWorkgroupThreads(size, traits), SIZE: size },
    bindings: { values: "read", largest: "write" },
    workgroups: [1, 1, 1],
    flops: size,
  };
}
