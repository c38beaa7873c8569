import clipFactorsShader from "../../../shaders/clip_factors.wgsl?raw";
import squaresShader from "../../../shaders/gradient_squares.wgsl?raw";
import gradientSum from "../../../shaders/gradient_sum.wgsl?raw";
import trustShader from "../../../shaders/trust_ratios.wgsl?raw";
import workgroupElementSum from "../../../shaders/workgroup_element_sum.wgsl?raw";
import workgroupSum from "../../../shaders/workgroup_sum.wgsl?raw";
import { Arena } from "../../graph/node.ts";
import type { DeviceTraits, KernelSpec } from "../kernel.ts";
import { linearWorkgroups } from "../kernel.ts";
import type { OptimizerUpdateOptions } from "./optimizer_update.ts";
import { loneWorkgroupThreads, workgroupReduction, workgroupThreads } from "./sizes.ts";

/** Σ g² of each 64 elements of an arena. The partials and the table are those of `optimizerUpdate`. */
export function gradientSquares(
  { arenaSize, alignedPartials = true }: Pick<OptimizerUpdateOptions, "arenaSize" | "alignedPartials">,
  traits: DeviceTraits,
): KernelSpec {
  const threads = workgroupThreads(traits);
  return {
    name: "gradient_squares",
    shader: squaresShader,
    includes: { gradient_sum: gradientSum },
    constants: { THREADS: threads, ARENA_VECTORS: arenaSize / 4, ALIGNED_PARTIALS: alignedPartials },
    bindings: { squares: "write", gradientPartials: "read", blockTable: "read" },
    workgroups: linearWorkgroups(arenaSize / 4, threads),
    flops: arenaSize * 2,
  };
}

export interface ClipFactorsOptions {
  /** Largest norm of a group's gradient. */
  readonly limit: number;
  /** First block and number of blocks of each group of parameters that has one norm. */
  readonly groups: readonly (readonly [number, number])[];
}

/** The groups of blocks whose gradients share a norm: every parameter by itself, or all together. */
export function clipGroups(by: "norm" | "globalNorm", parameters: Arena): [number, number][] {
  if (by === "globalNorm") return [[0, parameters.size / Arena.ALIGNMENT]];
  const starts = parameters.offsets.map((offset) => offset / Arena.ALIGNMENT);
  return starts.map((start, i) => [start, (starts[i + 1] ?? parameters.size / Arena.ALIGNMENT) - start]);
}

/** What shortens each group's gradient to the limit. Groups are u32 [groups, 2]; there is a factor a block. */
export function clipFactors({ limit, groups }: ClipFactorsOptions, traits: DeviceTraits): KernelSpec {
  const most = Math.max(...groups.map(([, blocks]) => blocks));
  return {
    name: "clip_factors",
    shader: clipFactorsShader,
    includes: { workgroup_sum: workgroupSum },
    constants: { ...workgroupReduction(loneWorkgroupThreads(most, traits), traits), LIMIT: { f32: limit } },
    bindings: { squares: "read", groups: "read", factors: "write" },
    workgroups: [groups.length, 1, 1],
    variant: groups.length === 1 ? "one norm" : `${groups.length} norms`,
    flops: groups.reduce((sum, [, blocks]) => sum + blocks, 0),
  };
}

/** ‖p‖ / ‖direction‖ of each group of blocks. Squares are those of `measure`, groups u32 [groups, 2]; there is a ratio a block. */
export function trustRatios({ groups }: Pick<ClipFactorsOptions, "groups">, traits: DeviceTraits): KernelSpec {
  const most = Math.max(...groups.map(([, blocks]) => blocks)) * 16;
  return {
    name: "trust_ratios",
    shader: trustShader,
    includes: { workgroup_element_sum: workgroupElementSum },
    constants: workgroupReduction(loneWorkgroupThreads(most, traits), traits),
    bindings: { squares: "read", groups: "read", ratios: "write" },
    workgroups: [groups.length, 1, 1],
    flops: groups.reduce((sum, [, blocks]) => sum + blocks * 32, 0),
  };
}
