import gradientSum from "../../../shaders/gradient_sum.wgsl?raw";
import learningRate from "../../../shaders/learning_rate.wgsl?raw";
import updateShader from "../../../shaders/optimizer_update.wgsl?raw";
import { InternalError } from "../../core/errors.ts";
import { SCHEDULE_ROWS } from "../../core/schedule.ts";
import { l2DecayOf, slotNames, slotsPerArena, type UpdateRule } from "../../graph/update_rule.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, numberedBindings, presentBindings } from "../kernel.ts";
import type { ShaderConstants } from "../preprocess.ts";
import { workgroupThreads } from "./sizes.ts";

/** What the kernel of an update knows of a rule's formula. */
export interface UpdateFormula {
  readonly constants: ShaderConstants;
  /** Arithmetic an element, roughly. */
  readonly flops: number;
  /** What follows the blocks in an update's table: f32 as u32, whole rows of four. Default nothing. */
  readonly table?: Uint32Array;
  /** The shader's texts beside those of SGD and Adam. */
  readonly includes?: Readonly<Record<string, string>>;
}

/** A constant of the shader. */
export const f32 = (value: number) => ({ f32: value });

/** β, 1 − β and ln β as constants of the shader. */
export function decay(name: string, beta: number): ShaderConstants {
  return {
    [name]: f32(beta),
    [`ONE_MINUS_${name}`]: f32(1 - beta),
    // ln 0 is −∞, which WGSL cannot write; exp of this is 0 all the same.
    [`LN_${name}`]: f32(Math.max(Math.log(beta), -1000)),
  };
}

/** The formulas that the shader has: SGD's and Adam's; others come with other_updates.ts. */
function ownFormula(rule: UpdateRule): UpdateFormula {
  const flags = { SGD: rule.kind === "sgd", ADAM: rule.kind === "adam", CORRECTED: rule.kind === "adam" };
  switch (rule.kind) {
    case "sgd":
      return {
        flops: 6,
        constants: {
          ...flags,
          HAS_MOMENTUM: true,
          MOMENTUM_SLOT: rule.momentum !== 0,
          NESTEROV: rule.nesterov,
          DAMPENING: rule.dampening !== 0,
          MOMENTUM: f32(rule.momentum),
          ONE_MINUS_DAMPENING: f32(1 - rule.dampening),
        },
      };
    case "adam":
      return {
        flops: 16,
        constants: {
          ...flags,
          HAS_MOMENTUM: false,
          ...decay("BETA1", rule.beta1),
          ...decay("BETA2", rule.beta2),
          EPSILON: f32(rule.epsilon),
          EPSILON_INSIDE: rule.epsilonAs === "keras",
          AMSGRAD: rule.amsgrad,
        },
      };
    default:
      throw new InternalError(`an update by "${rule.kind}" without its formula`);
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

/** What the shader includes, with nothing in the place of formulas that are not its own. */
const updateIncludes = {
  gradient_sum: gradientSum,
  learning_rate: learningRate,
  other_update_helpers: "",
  other_update_formulas: "",
};

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
  /** Of a rule other than SGD and Adam, whose formulas the kernel has. */
  readonly formula?: UpdateFormula | undefined;
}

/**
 * Moves every parameter of an arena, in one dispatch. The schedule is f32 [SCHEDULE_ROWS, SCHEDULE_COLUMNS], twice as many
 * rows with `schedulesMomentum`; `state_0` … are the arenas of the rule's state (`stateArenas`). A rule that clips by norm
 * takes the `gradientFactors` of `clipFactors`, LAMB the `trustRatios` of the kernel of that name; Adafactor's takes
 * directions for gradients and no factors, but the `directionScales` of `adafactorScales`. The block table holds four u32
 * for each 64 elements of the arena: first element of the block in slice 0 of its gradient (within gradientPartials), number
 * of slices, elements from one slice to the next, and how many of the block's elements exist (0–64); the others stay
 * untouched. Behind the blocks come the formula's own numbers.
 */
export function optimizerUpdate(
  {
    rule,
    arenaSize,
    alignedPartials = true,
    measure = false,
    schedulesMomentum = false,
    skippable = false,
    formula = ownFormula(rule),
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
    includes: { ...updateIncludes, ...formula.includes },
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
      ...treatmentConstants(rule),
      // Adafactor's update gets directions, made of gradients that have been treated.
      ...(rule.kind === "adafactor" ? { L2_DECAY: false, CLIP_FACTORS: false, CLIP_VALUE: false } : {}),
      ...formula.constants,
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
    flops: arenaSize * formula.flops,
  };
}
