import updateShader from "../../../shaders/optimizer_update.wgsl?raw";
import sumSlicesShader from "../../../shaders/sum_slices.wgsl?raw";
import { SCHEDULE_ROWS } from "../../core/schedule.ts";
import { slotNames, type UpdateRule } from "../../graph/ops/optimizer_update.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import type { ShaderConstants } from "../preprocess.ts";
import { workgroupThreads } from "./sizes.ts";

export interface OptimizerUpdateOptions {
  readonly rule: UpdateRule;
  /** Elements of the arena, a multiple of 64. */
  readonly arenaSize: number;
  /** Every start and slice stride of the block table is a multiple of four: partial sums are read as vectors. Default true. */
  readonly alignedPartials?: boolean;
}

function ruleConstants(rule: UpdateRule): ShaderConstants {
  if (rule.kind === "adam") {
    return {
      ADAM: true,
      MOMENTUM_SLOT: false,
      NESTEROV: false,
      BETA1: { f32: rule.beta1 },
      BETA2: { f32: rule.beta2 },
      ONE_MINUS_BETA1: { f32: 1 - rule.beta1 },
      ONE_MINUS_BETA2: { f32: 1 - rule.beta2 },
      // ln 0 is −∞, which WGSL cannot write; exp of this is 0 all the same.
      LN_BETA1: { f32: Math.max(Math.log(rule.beta1), -1000) },
      LN_BETA2: { f32: Math.max(Math.log(rule.beta2), -1000) },
      EPSILON: { f32: rule.epsilon },
      WEIGHT_DECAY: { f32: rule.weightDecay },
    };
  }
  return {
    ADAM: false,
    MOMENTUM_SLOT: rule.momentum !== 0,
    NESTEROV: rule.nesterov,
    MOMENTUM: { f32: rule.momentum },
    WEIGHT_DECAY: { f32: rule.weightDecay },
  };
}

/**
 * Moves every parameter of an arena, in one dispatch. Bindings: parameters, gradientPartials, blockTable, step (u32),
 * schedule (f32 [SCHEDULE_ROWS, SCHEDULE_COLUMNS]), then the rule's slots (`slotNames`). The block table holds four u32 for each 64 elements of the
 * arena: first element of the block in slice 0 of its gradient (within gradientPartials), number of slices, elements
 * from one slice to the next, and how many of the block's elements exist (0–64); the others stay untouched.
 */
export function optimizerUpdate(
  { rule, arenaSize, alignedPartials = true }: OptimizerUpdateOptions,
  traits: DeviceTraits,
): KernelSpec {
  const threads = workgroupThreads(traits);
  const slots = slotNames(rule);
  return {
    name: "optimizer_update",
    shader: updateShader,
    constants: {
      THREADS: threads,
      ARENA_VECTORS: arenaSize / 4,
      ALIGNED_PARTIALS: alignedPartials,
      SCHEDULE_ROWS,
      ...ruleConstants(rule),
    },
    bindings: ["readWrite", "read", "read", "read", "read", ...slots.map(() => "readWrite" as const)],
    workgroups: linearWorkgroups(arenaSize / 4, threads),
    variant: rule.kind,
    flops: arenaSize * (rule.kind === "adam" ? 16 : 6),
  };
}

export interface SumSlicesOptions {
  /** Elements of a slice that are summed. */
  readonly size: number;
  readonly slices: number;
  /** Elements from one slice to the next; default `size`. */
  readonly sliceStride?: number;
}

/** Σ over slices, in their order. Bindings: partials, output. */
export function sumSlices({ size, slices, sliceStride = size }: SumSlicesOptions, traits: DeviceTraits): KernelSpec {
  const threads = workgroupThreads(traits);
  const vector = size % 4 === 0 && sliceStride % 4 === 0;
  const elements = vector ? size / 4 : size;
  return {
    name: "sum_slices",
    shader: sumSlicesShader,
    constants: {
      THREADS: threads,
      VECTOR: vector,
      SIZE: elements,
      SLICES: slices,
      SLICE_STRIDE: vector ? sliceStride / 4 : sliceStride,
    },
    bindings: ["read", "write"],
    workgroups: linearWorkgroups(elements, threads),
    variant: `${slices} slices`,
    flops: size * slices,
  };
}
