import clipFactorsShader from "../../../shaders/clip_factors.wgsl?raw";
import squaresShader from "../../../shaders/gradient_squares.wgsl?raw";
import updateShader from "../../../shaders/optimizer_update.wgsl?raw";
import sumSlicesShader from "../../../shaders/sum_slices.wgsl?raw";
import trustShader from "../../../shaders/trust_ratios.wgsl?raw";
import { alignTo } from "../../core/align_to.ts";
import { SCHEDULE_ROWS } from "../../core/schedule.ts";
import { Arena } from "../../graph/node.ts";
import {
  l2DecayOf,
  nadamMomentumProducts,
  slotNames,
  slotsPerArena,
  type UpdateKind,
  type UpdateRule,
} from "../../graph/update_rule.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, numberedBindings, presentBindings } from "../kernel.ts";
import type { ShaderConstants } from "../preprocess.ts";
import { loneWorkgroupThreads, workgroupReduction, workgroupThreads } from "./sizes.ts";

/** A rule's flag in the shader, and its arithmetic an element, roughly. */
const RULES: Readonly<Record<UpdateKind, { flag: string; flops: number }>> = {
  sgd: { flag: "SGD", flops: 6 },
  adam: { flag: "ADAM", flops: 16 },
  nadam: { flag: "NADAM", flops: 20 },
  adamax: { flag: "ADAMAX", flops: 11 },
  rmsprop: { flag: "RMSPROP", flops: 14 },
  adagrad: { flag: "ADAGRAD", flops: 7 },
  adadelta: { flag: "ADADELTA", flops: 16 },
  lamb: { flag: "LAMB", flops: 18 },
  lion: { flag: "LION", flops: 10 },
  adafactor: { flag: "ADAFACTOR", flops: 3 },
  ftrl: { flag: "FTRL", flops: 20 },
};

const f32 = (value: number) => ({ f32: value });

/** β, 1 − β and ln β as constants of the shader. */
function decay(name: string, beta: number): ShaderConstants {
  return {
    [name]: f32(beta),
    [`ONE_MINUS_${name}`]: f32(1 - beta),
    // ln 0 is −∞, which WGSL cannot write; exp of this is 0 all the same.
    [`LN_${name}`]: f32(Math.max(Math.log(beta), -1000)),
  };
}

function formulaConstants(rule: UpdateRule): ShaderConstants {
  switch (rule.kind) {
    case "sgd":
      return {
        MOMENTUM_SLOT: rule.momentum !== 0,
        NESTEROV: rule.nesterov,
        DAMPENING: rule.dampening !== 0,
        MOMENTUM: f32(rule.momentum),
        ONE_MINUS_DAMPENING: f32(1 - rule.dampening),
      };
    case "adam":
      return {
        ...decay("BETA1", rule.beta1),
        ...decay("BETA2", rule.beta2),
        EPSILON: f32(rule.epsilon),
        EPSILON_INSIDE: rule.epsilonAs === "keras",
        AMSGRAD: rule.amsgrad,
      };
    case "nadam":
      return {
        ...decay("BETA1", rule.beta1),
        ...decay("BETA2", rule.beta2),
        EPSILON: f32(rule.epsilon),
        LN_MOMENTUM_DECAY: f32(Math.log(0.96) * rule.momentumDecay),
        MOMENTUM_CORRECTIONS: nadamMomentumProducts(rule).length,
      };
    case "adamax":
      return {
        ...decay("BETA1", rule.beta1),
        ...decay("BETA2", rule.beta2),
        EPSILON: f32(rule.epsilon),
        EPSILON_INSIDE: rule.epsilonAs === "pytorch",
      };
    case "rmsprop":
      return {
        ...decay("RHO", rule.rho),
        MOMENTUM_SLOT: rule.momentum !== 0,
        MOMENTUM: f32(rule.momentum),
        EPSILON: f32(rule.epsilon),
        EPSILON_INSIDE: rule.epsilonAs === "keras",
        CENTERED: rule.centered,
      };
    case "adagrad":
      return { EPSILON: f32(rule.epsilon), EPSILON_INSIDE: rule.epsilonAs === "keras" };
    case "adadelta":
      return { ...decay("RHO", rule.rho), EPSILON: f32(rule.epsilon) };
    case "lamb":
      return {
        ...decay("BETA1", rule.beta1),
        ...decay("BETA2", rule.beta2),
        EPSILON: f32(rule.epsilon),
        DIRECTION_DECAY: f32(rule.decoupledWeightDecay ? 0 : rule.weightDecay),
      };
    case "lion":
      return { ...decay("BETA1", rule.beta1), ...decay("BETA2", rule.beta2) };
    case "adafactor":
      return {};
    case "ftrl":
      return {
        SQUARE_ROOT: rule.learningRatePower === -0.5,
        ROOT: f32(-rule.learningRatePower),
        L1: f32(rule.l1),
        L2: f32(rule.l2),
        L2_SHRINKAGE: f32(rule.l2Shrinkage),
        BETA: f32(rule.beta),
      };
  }
}

/** Whether gradients are multiplied by factors that `clipFactors` makes of their norms. */
export function clipsByNorm({ clip }: UpdateRule): boolean {
  return clip?.by === "norm" || clip?.by === "globalNorm";
}

/** What happens to gradients before the formula and to parameters around it, as constants of the shaders. */
export function treatmentConstants(rule: UpdateRule) {
  const { weightDecay, decoupledWeightDecay, clip, ema } = rule;
  const frequency = ema?.overwriteFrequency ?? 0;
  return {
    L2_DECAY: l2DecayOf(rule) !== 0,
    DECOUPLED_DECAY: weightDecay !== 0 && decoupledWeightDecay,
    WEIGHT_DECAY: f32(weightDecay),
    CLIP_FACTORS: clipsByNorm(rule),
    CLIP_VALUE: clip?.by === "value",
    LIMIT: f32(clip?.limit ?? 0),
    EMA: ema !== undefined,
    EMA_SLOT: slotNames(rule).length - 1,
    EMA_MOMENTUM: f32(ema?.momentum ?? 0),
    OVERWRITE: frequency > 0,
    OVERWRITE_FREQUENCY: frequency,
  } as const;
}

export interface OptimizerUpdateOptions {
  readonly rule: UpdateRule;
  /** Elements of the arena, a multiple of 64. */
  readonly arenaSize: number;
  /** Every start and slice stride of the block table is a multiple of four: partial sums are read as vectors. Default true. */
  readonly alignedPartials?: boolean;
  /** LAMB's first pass, which moves nothing: its last binding takes Σ p² and Σ direction² of each four elements. Default false. */
  readonly measure?: boolean;
  /** The schedule's second table is that of the momentum, or of β₁ (`momentumOf`). Default false. */
  readonly schedulesMomentum?: boolean;
  /** `step` is followed by 0 where nothing is to move, as `finishStep` writes it. Default false. */
  readonly skippable?: boolean;
}

/**
 * Moves every parameter of an arena, in one dispatch. The schedule is f32 [SCHEDULE_ROWS, SCHEDULE_COLUMNS], twice as many
 * rows with `schedulesMomentum`; `state_0` … are the arenas of the rule's state (`stateArenas`). A rule that clips by norm
 * takes the `gradientFactors` of `clipFactors`, LAMB the `trustRatios` of the kernel of that name; Adafactor's takes
 * directions for gradients and no factors, but the `directionScales` of `adafactorScales`. The block table holds four u32
 * for each 64 elements of the arena: first element of the block in slice 0 of its gradient (within gradientPartials), number
 * of slices, elements from one slice to the next, and how many of the block's elements exist (0–64); the others stay
 * untouched. Behind the blocks come the rule's own numbers, `ruleTable`.
 */
export function optimizerUpdate(
  {
    rule,
    arenaSize,
    alignedPartials = true,
    measure = false,
    schedulesMomentum = false,
    skippable = false,
  }: OptimizerUpdateOptions,
  traits: DeviceTraits,
): KernelSpec {
  const threads = workgroupThreads(traits);
  const slots = slotNames(rule).length;
  const slotsPerBuffer = slotsPerArena(rule);
  const stateBuffers = Math.ceil(slots / slotsPerBuffer);
  return {
    name: "optimizer_update",
    shader: updateShader,
    constants: {
      THREADS: threads,
      ARENA_VECTORS: arenaSize / 4,
      ALIGNED_PARTIALS: alignedPartials,
      SCHEDULE_ROWS,
      MEASURE: measure,
      SKIPPABLE: skippable,
      MOMENTUM_SCHEDULE: schedulesMomentum,
      SLOTS: slots,
      SLOTS_PER_BUFFER: slotsPerBuffer,
      STATE_BUFFERS: stateBuffers,
      ...Object.fromEntries(Object.entries(RULES).map(([kind, { flag }]) => [flag, kind === rule.kind])),
      ...treatmentConstants(rule),
      // Adafactor's update gets directions, made of gradients that have been treated.
      ...(rule.kind === "adafactor" ? { L2_DECAY: false, CLIP_FACTORS: false, CLIP_VALUE: false } : {}),
      ...formulaConstants(rule),
    },
    bindings: presentBindings({
      parameters: "readWrite",
      gradientPartials: "read",
      blockTable: "read",
      finishedSteps: "read",
      schedule: "read",
      ...numberedBindings("state", stateBuffers, "readWrite"),
      gradientFactors: clipsByNorm(rule) && rule.kind !== "adafactor" && "read",
      squares: rule.kind === "lamb" && measure && "write",
      trustRatios: rule.kind === "lamb" && !measure && "read",
      directionScales: rule.kind === "adafactor" && "read",
    }),
    workgroups: linearWorkgroups(arenaSize / 4, threads),
    variant: measure ? `${rule.kind}, norms` : rule.kind,
    flops: arenaSize * RULES[rule.kind].flops,
  };
}

/** What follows the blocks in an update's table: f32 as u32, whole rows of four. Nadam's 1 / (1 − ∏ μᵢ); else nothing. */
export function ruleTable(rule: UpdateRule): Uint32Array {
  if (rule.kind !== "nadam") return new Uint32Array(0);
  const corrections = nadamMomentumProducts(rule).map((product) => 1 / (1 - product));
  const table = new Float32Array(alignTo(corrections.length, 4));
  table.set(corrections);
  return new Uint32Array(table.buffer);
}

/** Σ g² of each 64 elements of an arena. The partials and the table are those of `optimizerUpdate`. */
export function gradientSquares(
  { arenaSize, alignedPartials = true }: Pick<OptimizerUpdateOptions, "arenaSize" | "alignedPartials">,
  traits: DeviceTraits,
): KernelSpec {
  const threads = workgroupThreads(traits);
  return {
    name: "gradient_squares",
    shader: squaresShader,
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
    constants: { ...workgroupReduction(loneWorkgroupThreads(most, traits), traits), LIMIT: f32(limit) },
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
    constants: workgroupReduction(loneWorkgroupThreads(most, traits), traits),
    bindings: { squares: "read", groups: "read", ratios: "write" },
    workgroups: [groups.length, 1, 1],
    flops: groups.reduce((sum, [, blocks]) => sum + blocks * 32, 0),
  };
}

export interface SumSlicesOptions {
  /** Elements of a slice that are summed. */
  readonly size: number;
  readonly slices: number;
  /** Elements from one slice to the next; default `size`. */
  readonly sliceStride?: number;
}

/** Σ over slices, in their order. */
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
    bindings: { partials: "read", output: "write" },
    workgroups: linearWorkgroups(elements, threads),
    variant: `${slices} slices`,
    flops: size * slices,
  };
}
