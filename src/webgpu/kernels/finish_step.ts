import shader from "../../../shaders/finish_step.wgsl?raw";
import { ArgumentError } from "../../core/errors.ts";
import { LEAST_LOSS_SCALE, MOST_LOSS_SCALE } from "../../graph/loss_scaling.ts";
import { Arena } from "../../graph/node.ts";
import type { DeviceTraits, KernelSpec } from "../kernel.ts";
import { workgroupThreads } from "./sizes.ts";

export interface FinishStepOptions {
  /** Elements of each recorded value, in order. */
  readonly sizes: readonly number[];
  /** Rows of the ring that take steps. */
  readonly capacity: number;
  /** How many counters there are. */
  readonly counters: number;
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

/** WebGPU's default limit of storage buffers a shader stage. */
const MOST_BINDINGS = 8;
const MOST_WORKGROUPS = 256;

/**
 * Decides on a step and records it (graph/ops/finish_step.ts). Bindings: verdict (u32 [GUARDS_PLACE + …]); with
 * `checkedArena` gradientPartials and blockTable as in `optimizerUpdate`; each value; ring [capacity + 1, Σ sizes]; each
 * counter (u32); with `growthInterval` the loss scale and its counters (u32 [3]).
 */
export function finishStep(options: FinishStepOptions, traits: DeviceTraits): KernelSpec {
  const { sizes, capacity, counters, guards, checkedArena = 0, growthInterval } = options;
  const check = checkedArena > 0;
  const scaled = growthInterval !== undefined;
  const threads = workgroupThreads(traits);
  const vectors = checkedArena / 4;
  const workgroups = Math.max(1, Math.min(MOST_WORKGROUPS, Math.ceil(vectors / (4 * threads))));
  const offsets: number[] = [];
  let rowSize = 0;
  for (const size of sizes) {
    offsets.push(rowSize);
    rowSize += size;
  }
  const bindings: KernelSpec["bindings"] = [
    "readWrite",
    ...(check ? (["read", "read"] as const) : []),
    ...sizes.map(() => "read" as const),
    "readWrite",
    ...Array.from({ length: counters + (scaled ? 2 : 0) }, () => "readWrite" as const),
  ];
  if (bindings.length > MOST_BINDINGS) {
    throw new ArgumentError(
      `finishStep: ${sizes.length} values and ${counters} counters need ${bindings.length} buffers, more than ` +
        `${MOST_BINDINGS}; record fewer values, or one that concat() makes of them.`,
    );
  }
  return {
    name: "finish_step",
    shader,
    constants: {
      THREADS: threads,
      VALUES: sizes.length,
      SIZES: sizes,
      OFFSETS: offsets,
      ROW_SIZE: rowSize,
      CAPACITY: capacity,
      COUNTERS: counters,
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
