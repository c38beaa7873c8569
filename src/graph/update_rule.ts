import { at } from "../core/at.ts";
import { type Shape, sizeOf } from "../core/shape.ts";
import { factoredSlots, factoredSpecs } from "./factored_moments.ts";
import { Arena, type Variable } from "./node.ts";

/**
 * Where ε stands, for rules that the two libraries write differently:
 *
 * | rule | "pytorch" | "keras" |
 * | --- | --- | --- |
 * | Adam | √v̂ + ε, v̂ the corrected moment (Kingma and Ba 2015, algorithm 1) | √v + ε, v as it is ("ε̂" of their section 2) |
 * | Adamax | u ← max(β₂u, \|g\| + ε) | u + ε |
 * | RMSprop | √v + ε | √(v + ε) |
 * | Adagrad | √a + ε | √(a + ε) |
 */
export type EpsilonPlace = "pytorch" | "keras";

/** The formula of a rule; each is written out in `cpu/ops/optimizer_update.ts`. */
export type UpdateFormula =
  | { readonly kind: "sgd"; readonly momentum: number; readonly dampening: number; readonly nesterov: boolean }
  | {
      readonly kind: "adam";
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly epsilonAs: EpsilonPlace;
      readonly amsgrad: boolean;
    }
  | {
      readonly kind: "nadam";
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly momentumDecay: number;
    }
  | {
      readonly kind: "adamax";
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly epsilonAs: EpsilonPlace;
    }
  | {
      readonly kind: "rmsprop";
      readonly rho: number;
      readonly momentum: number;
      readonly epsilon: number;
      readonly epsilonAs: EpsilonPlace;
      readonly centered: boolean;
    }
  | {
      readonly kind: "adagrad";
      readonly initialAccumulatorValue: number;
      readonly epsilon: number;
      readonly epsilonAs: EpsilonPlace;
    }
  | { readonly kind: "adadelta"; readonly rho: number; readonly epsilon: number }
  | { readonly kind: "lamb"; readonly beta1: number; readonly beta2: number; readonly epsilon: number }
  | { readonly kind: "lion"; readonly beta1: number; readonly beta2: number }
  | {
      readonly kind: "adafactor";
      readonly beta2Decay: number;
      readonly epsilon1: number;
      readonly epsilon2: number;
      readonly clipThreshold: number;
    }
  | {
      readonly kind: "ftrl";
      readonly learningRatePower: number;
      readonly initialAccumulatorValue: number;
      readonly l1: number;
      readonly l2: number;
      readonly l2Shrinkage: number;
      readonly beta: number;
    };

/** What happens around the formula, the same for every rule. In this order: clip, decay, formula, average. */
export interface UpdateTreatment {
  /** λ: adds λ · p to the gradient (L2), or, decoupled, first takes learningRate · λ · p from the parameter. */
  readonly weightDecay: number;
  /** Whether decay bypasses the gradient. */
  readonly decoupledWeightDecay: boolean;
  /**
   * "value": every element into [−limit, limit]. "norm": a parameter's gradient is shortened to `limit` where its
   * Euclidean norm is larger. "globalNorm": all gradients by the one factor that shortens the norm of them all.
   */
  readonly clip?: { readonly by: "value" | "norm" | "globalNorm"; readonly limit: number };
  /**
   * Keeps a ← momentum · a + (1 − momentum) · p of each moved parameter (at the first step a = p), and puts it into the
   * parameter after every `overwriteFrequency`-th step; 0 is never.
   */
  readonly ema?: { readonly momentum: number; readonly overwriteFrequency: number };
}

/** How parameters move: plain data. */
export type UpdateRule = UpdateFormula & UpdateTreatment;

export type UpdateKind = UpdateRule["kind"];
export type RuleOf<Kind extends UpdateKind> = Extract<UpdateRule, { kind: Kind }>;

/** The average of the parameters, where a rule keeps one. */
export const EMA_SLOT = "average";

function formulaSlots(rule: UpdateFormula): readonly string[] {
  switch (rule.kind) {
    case "sgd":
      return rule.momentum === 0 ? [] : ["velocity"];
    case "adam":
      return rule.amsgrad ? ["m", "v", "vMax"] : ["m", "v"];
    case "nadam":
    case "adamax":
    case "lamb":
      return ["m", "v"];
    case "rmsprop":
      return ["v", ...(rule.centered ? ["meanGradient"] : []), ...(rule.momentum === 0 ? [] : ["velocity"])];
    case "adagrad":
      return ["accumulator"];
    case "adadelta":
      return ["accumulator", "movement"];
    case "lion":
      return ["m"];
    case "adafactor":
      // Its moments have shapes of their own: factored_moments.ts.
      return [];
    case "ftrl":
      return ["accumulator", "linear"];
  }
}

/** Names of the state that a rule keeps for each parameter element, in the order of its kernel's slots. */
export function slotNames(rule: UpdateRule): readonly string[] {
  return [...formulaSlots(rule), ...(rule.ema ? [EMA_SLOT] : [])];
}

/** What a slot's elements are before the first step. */
function initialOf(rule: UpdateRule, slot: string): number {
  return slot === "accumulator" && "initialAccumulatorValue" in rule ? rule.initialAccumulatorValue : 0;
}

/** Slots that share one arena of state, so that the update's kernel has a binding for each of its buffers. */
export function slotsPerArena(rule: UpdateRule): number {
  // LAMB needs a binding more, for what it measures first.
  const buffers = rule.kind === "lamb" ? 1 : 2;
  return Math.max(1, Math.ceil(slotNames(rule).length / buffers));
}

/** What a rule is called: Adam with decoupled weight decay is AdamW. */
export function ruleName({ kind, decoupledWeightDecay }: Pick<UpdateRule, "kind" | "decoupledWeightDecay">): string {
  return kind === "adam" && decoupledWeightDecay ? "adamw" : kind;
}

/** What a schedule of the momentum moves: the momentum, or β₁; undefined for rules without, and for those that it leaves alone. */
export function momentumOf(rule: UpdateRule): number | undefined {
  if (rule.kind === "adam") return rule.beta1;
  if (rule.kind === "sgd" || rule.kind === "rmsprop") return rule.momentum === 0 ? undefined : rule.momentum;
  return undefined;
}

/** The rule with another momentum or β₁. */
export function withMomentum(rule: UpdateRule, momentum: number): UpdateRule {
  if (rule.kind === "adam") return { ...rule, beta1: momentum };
  return rule.kind === "sgd" || rule.kind === "rmsprop" ? { ...rule, momentum } : rule;
}

/** The multiple of the parameter that is added to its gradient; LAMB adds it to the direction instead. */
export function l2DecayOf({ kind, weightDecay, decoupledWeightDecay }: UpdateRule): number {
  return decoupledWeightDecay || kind === "lamb" ? 0 : weightDecay;
}

/**
 * A rule's state for the parameters of an arena. Each arena holds up to `slotsPerArena` slots one behind the other,
 * every slot laid out as the parameters; variables are named "optimizer/<slot>/<parameter>". Adafactor's begins with an
 * arena of factored moments (`factoredSpecs`).
 */
export function stateArenas(rule: UpdateRule, parameters: Arena): Arena[] {
  const slots = slotNames(rule);
  const perArena = slotsPerArena(rule);
  const arenas: Arena[] =
    rule.kind === "adafactor" ? [new Arena("optimizer/factored moments", factoredSpecs(parameters))] : [];
  for (let first = 0; first < slots.length; first += perArena) {
    const names = slots.slice(first, first + perArena);
    const specs = names.flatMap((slot) =>
      parameters.variables.map(({ name, shape, size }) => {
        const value = initialOf(rule, slot);
        const initial = value === 0 ? {} : { initial: new Float32Array(size).fill(value) };
        return { name: `optimizer/${slot}/${name}`, shape, ...initial };
      }),
    );
    arenas.push(new Arena(`optimizer/${names.join(" + ")}`, specs));
  }
  return arenas;
}

/** Numbers that a rule keeps for the parameters of an arena: what `stateArenas` makes, counted. */
export function stateSize(rule: UpdateRule, parameters: Arena): number {
  const total = (list: readonly { readonly shape: Shape }[]) => list.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const factored = rule.kind === "adafactor" ? total(factoredSpecs(parameters)) : 0;
  return slotNames(rule).length * total(parameters.variables) + factored;
}

/** The state of each parameter, in the order of the formula's slots, then its average where the rule keeps one. */
export function stateOfParameters(rule: UpdateRule, parameters: Arena, state: readonly Arena[]): Variable[][] {
  const factored = rule.kind === "adafactor" ? at(state, 0) : undefined;
  const kept = factored ? factoredSlots(parameters, factored) : parameters.variables.map(() => []);
  const slots = state.flatMap((arena) => (arena === factored ? [] : arena.variables));
  const count = parameters.variables.length;
  return kept.map((own, index) => [...own, ...slots.filter((_, place) => place % count === index)]);
}

/** Momentum of Nadam's step t (from 1): μₜ = β₁ (1 − 0.96^(t · momentumDecay) / 2), Dozat 2016. */
export function nadamMomentum({ beta1, momentumDecay }: RuleOf<"nadam">, t: number): number {
  return beta1 * (1 - 0.96 ** (t * momentumDecay) / 2);
}

/** Products of Nadam's momenta, ∏ μᵢ for i ≤ 1, 2, …: entry t − 1 is that of step t, until they vanish beside 1. */
export function nadamMomentumProducts(rule: RuleOf<"nadam">): number[] {
  const products: number[] = [];
  for (let product = 1, t = 1; product >= 2 ** -54; t++) {
    product *= nadamMomentum(rule, t);
    products.push(product);
  }
  return products;
}
