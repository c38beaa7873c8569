import formulas from "../../../shaders/other_update_formulas.wgsl?raw";
import helpers from "../../../shaders/other_update_helpers.wgsl?raw";
import { alignTo } from "../../core/align_to.ts";
import { nadamMomentumProducts, type RuleOf, type UpdateRule } from "../../graph/update_rule.ts";
import type { ShaderConstants } from "../preprocess.ts";
import { decay, f32, type UpdateFormula } from "./optimizer_update.ts";

type OtherRule = Exclude<UpdateRule, { kind: "sgd" | "adam" }>;

/** A rule's flag in the shader, and its arithmetic an element, roughly. */
const RULES: Readonly<Record<OtherRule["kind"], { flag: string; flops: number }>> = {
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

function formulaConstants(rule: OtherRule): ShaderConstants {
  switch (rule.kind) {
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

/** The formula of a rule that the update's kernel does not have itself. */
export function otherFormula(rule: OtherRule): UpdateFormula {
  const { kind } = rule;
  return {
    constants: {
      SGD: false,
      ADAM: false,
      CORRECTED: ["nadam", "adamax", "lamb"].includes(kind),
      HAS_MOMENTUM: kind === "rmsprop",
      ...Object.fromEntries(Object.entries(RULES).map(([other, { flag }]) => [flag, other === kind])),
      ...formulaConstants(rule),
    },
    flops: RULES[kind].flops,
    ...(rule.kind === "nadam" && { table: momentumTable(rule) }),
    includes: { other_update_helpers: helpers, other_update_formulas: formulas },
  };
}

/** Nadam's 1 / (1 − ∏ μᵢ). */
function momentumTable(rule: RuleOf<"nadam">): Uint32Array {
  const corrections = nadamMomentumProducts(rule).map((product) => 1 / (1 - product));
  const table = new Float32Array(alignTo(corrections.length, 4));
  table.set(corrections);
  return new Uint32Array(table.buffer);
}
