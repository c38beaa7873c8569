import shader from "../../../shaders/finish_step.wgsl?raw";
import gradientSum from "../../../shaders/gradient_sum.wgsl?raw";
import { LEAST_LOSS_SCALE, MOST_LOSS_SCALE } from "../../graph/loss_scaling.ts";
import { Arena } from "../../graph/node.ts";
import { type DeviceTraits, type KernelSpec, presentBindings } from "../kernel.ts";
import { workgroupThreads } from "./sizes.ts";
import { checkRowBindings, type RowOptions, rowBindings, rowConstants, rowIncludes } from "./step_ring.ts";

export interface FinishStepOptions extends RowOptions {
  /** First element and elements of what each guard found, in the verdict's buffer. */
  readonly guards: readonly { readonly place: number; readonly size: number }[];
  /** Elements of the arena whose gradients are looked through; none where `unscaleGradients` does that. */
  readonly checkedArena?: number | undefined;
  /** Good steps after which the loss scale doubles; none without a loss scale. */
  readonly growthInterval?: number | undefined;
}

/** Where the verdict's buffer says once more whether the step counts, as a value that can be bound alone. */
export const COUNTS_PLACE = Arena.ALIGNMENT;
/** Where guards' findings may begin in the verdict's buffer. */
export const GUARDS_PLACE = 2 * Arena.ALIGNMENT;

const MOST_WORKGROUPS = 256;

/**
 * Decides on a step and records it (graph/ops/finish_step.ts). The verdict is u32 [GUARDS_PLACE + …]; gradientPartials and
 * blockTable, with `checkedArena`, are those of `optimizerUpdate`; the ring is [capacity + 1, Σ sizes], each counter u32,
 * the counters of the loss scale, with `growthInterval`, u32 [3].
 */
export function finishStep(options: FinishStepOptions, traits: DeviceTraits): KernelSpec {
  const { guards, checkedArena = 0, growthInterval } = options;
  const check = checkedArena > 0;
  const scaled = growthInterval !== undefined;
  const threads = workgroupThreads(traits);
  const vectors = checkedArena / 4;
  const workgroups = Math.max(1, Math.min(MOST_WORKGROUPS, Math.ceil(vectors / (4 * threads))));
  const bindings = presentBindings({
    verdict: "readWrite",
    gradientPartials: check && "read",
    blockTable: check && "read",
    ...rowBindings(options),
    lossScale: scaled && "readWrite",
    scaleCounters: scaled && "readWrite",
  });
  checkRowBindings("finishStep", options, Object.keys(bindings).length);
  return {
    name: "finish_step",
    shader,
    includes: { ...rowIncludes, gradient_sum: gradientSum },
    constants: {
      THREADS: threads,
      ...rowConstants(options),
      GUARDS: guards.length,
      GUARD_PLACES: guards.length === 0 ? [0] : guards.map(({ place }) => place),
      GUARD_SIZES: guards.length === 0 ? [0] : guards.map(({ size }) => size),
      COUNTS_PLACE,
      CHECK: check,
      ARENA_VECTORS: vectors,
      ALIGNED_PARTIALS: true,
      WORKGROUPS: workgroups,
      SCALED: scaled,
      GROWTH_INTERVAL: growthInterval ?? 0,
      LEAST_SCALE: { f32: LEAST_LOSS_SCALE },
      MOST_SCALE: { f32: MOST_LOSS_SCALE },
    },
    bindings,
    workgroups: [workgroups, 1, 1],
    variant: `${check ? "checks gradients, " : ""}${scaled ? "moves the loss scale, " : ""}${threads} threads`,
    flops: checkedArena,
  };
}
