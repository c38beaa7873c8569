import shader from "../../../shaders/non_finite.wgsl?raw";
import { type DeviceTraits, type KernelSpec, numberedBindings } from "../kernel.ts";
import { workgroupThreads } from "./sizes.ts";

/** Tensors that one dispatch looks through: WebGPU's default of 8 storage buffers a stage, less the result's. */
export const MOST_WATCHED = 7;

const MOST_WORKGROUPS = 256;

/**
 * Looks for floats that are not finite in tensors of these sizes, `source_0` …; `found` gets an f32 for each of
 * `workgroups[0]` workgroups that is 1 where it saw one, else 0.
 */
export function nonFinite(sizes: readonly number[], traits: DeviceTraits): KernelSpec {
  const threads = workgroupThreads(traits);
  const most = Math.max(...sizes);
  const workgroups = Math.max(1, Math.min(MOST_WORKGROUPS, Math.ceil(most / (4 * threads))));
  return {
    name: "non_finite",
    shader,
    constants: { THREADS: threads, SOURCES: sizes.length, SIZES: sizes, WORKGROUPS: workgroups },
    bindings: { ...numberedBindings("source", sizes.length, "read"), found: "write" },
    workgroups: [workgroups, 1, 1],
    flops: 0,
  };
}
