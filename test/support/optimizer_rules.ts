import { slotNames, type UpdateRule } from "../../src/graph/update_rule.ts";
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamw,
  ftrl,
  lion,
  nadam,
  type Optimizer,
  rmsprop,
  sgd,
} from "../../src/nn/optimizers.ts";

/** Each rule that works element by element (LAMB and Adafactor do not), with each of its options somewhere, and each way of treating gradients and weights. */
export const optimizersOfEachKind: readonly [string, Optimizer][] = [
  ["sgd", sgd()],
  ["sgd, momentum, decay", sgd({ momentum: 0.9, weightDecay: 0.01 })],
  [
    "sgd, Nesterov, decoupled decay",
    sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.1, decoupledWeightDecay: true }),
  ],
  ["sgd, dampening, clipped values", sgd({ momentum: 0.9, dampening: 0.2, clipValue: 0.5 })],
  ["adam", adam()],
  [
    "adam, Keras' epsilon, decay",
    adam({ beta1: 0.7, beta2: 0.9, epsilon: 1e-3, epsilonAs: "keras", weightDecay: 0.1 }),
  ],
  ["adam, amsgrad, clipped tensors", adam({ amsgrad: true, epsilon: 1e-3, clipNorm: 0.7 })],
  ["adamw, average, clipped together", adamw({ weightDecay: 0.1, epsilon: 1e-3, globalClipNorm: 1, useEma: true })],
  ["nadam", nadam({ epsilon: 1e-3 })],
  ["nadam, slow momentum", nadam({ momentumDecay: 0.004, epsilon: 1e-3 })],
  ["adamax", adamax({ epsilon: 1e-3 })],
  ["adamax, Keras' epsilon", adamax({ epsilon: 1e-3, epsilonAs: "keras" })],
  ["rmsprop", rmsprop({ epsilon: 1e-3 })],
  ["rmsprop, momentum, Keras' epsilon", rmsprop({ momentum: 0.9, epsilon: 1e-3, epsilonAs: "keras" })],
  [
    "rmsprop, all, average put back",
    rmsprop({
      rho: 0.8,
      momentum: 0.5,
      centered: true,
      epsilon: 0.1,
      useEma: true,
      emaMomentum: 0.5,
      emaOverwriteFrequency: 2,
    }),
  ],
  ["adagrad", adagrad({ epsilon: 1e-3 })],
  ["adagrad, Keras' epsilon", adagrad({ epsilon: 1e-3, epsilonAs: "keras", initialAccumulatorValue: 0 })],
  ["adadelta", adadelta({ epsilon: 1e-3 })],
  ["lion", lion({ weightDecay: 0.1 })],
  ["ftrl", ftrl({ initialAccumulatorValue: 0.5 })],
  [
    "ftrl, all",
    ftrl({
      learningRatePower: -0.2,
      initialAccumulatorValue: 0.4,
      l1RegularizationStrength: 0.05,
      l2RegularizationStrength: 0.1,
      l2ShrinkageRegularizationStrength: 0.01,
      beta: 0.3,
    }),
  ],
];

/** One element under a rule, by the formulas of the papers, in f64: `gradient` is the clipped one. */
export function referenceStep(
  rule: UpdateRule,
  start: number,
  gradient: number,
  slots: Record<string, number>,
  step: number,
  rate: number,
): number {
  const t = step + 1;
  const slot = (name: string) => slots[name] as number;
  const decay = (name: string, beta: number, value: number) => {
    slots[name] = beta * slot(name) + (1 - beta) * value;
    return slot(name);
  };
  let g = gradient;
  let p = start;
  if (rule.decoupledWeightDecay) p -= rate * rule.weightDecay * p;
  else g += rule.weightDecay * p;
  switch (rule.kind) {
    case "sgd":
      if (rule.momentum !== 0) {
        slots["velocity"] = rule.momentum * slot("velocity") + (step === 0 ? 1 : 1 - rule.dampening) * g;
        g = rule.nesterov ? g + rule.momentum * slot("velocity") : slot("velocity");
      }
      p -= rate * g;
      break;
    case "adam": {
      const m = decay("m", rule.beta1, g) / (1 - rule.beta1 ** t);
      let v = decay("v", rule.beta2, g * g);
      if (rule.amsgrad) {
        v = Math.max(v, slot("vMax"));
        slots["vMax"] = v;
      }
      const lack = 1 - rule.beta2 ** t;
      p -=
        rule.epsilonAs === "keras"
          ? (rate * m * Math.sqrt(lack)) / (Math.sqrt(v) + rule.epsilon)
          : (rate * m) / (Math.sqrt(v / lack) + rule.epsilon);
      break;
    }
    case "nadam": {
      const mu = (i: number) => rule.beta1 * (1 - 0.5 * 0.96 ** (i * rule.momentumDecay));
      let product = 1;
      for (let i = 1; i <= t; i++) product *= mu(i);
      const m = decay("m", rule.beta1, g);
      const v = decay("v", rule.beta2, g * g) / (1 - rule.beta2 ** t);
      const ahead = (mu(t + 1) * m) / (1 - product * mu(t + 1)) + ((1 - mu(t)) * g) / (1 - product);
      p -= (rate * ahead) / (Math.sqrt(v) + rule.epsilon);
      break;
    }
    case "adamax": {
      const m = decay("m", rule.beta1, g) / (1 - rule.beta1 ** t);
      const keras = rule.epsilonAs === "keras";
      slots["v"] = Math.max(rule.beta2 * slot("v"), Math.abs(g) + (keras ? 0 : rule.epsilon));
      p -= (rate * m) / (slot("v") + (keras ? rule.epsilon : 0));
      break;
    }
    case "rmsprop": {
      let v = decay("v", rule.rho, g * g);
      if (rule.centered) v = Math.max(0, v - decay("meanGradient", rule.rho, g) ** 2);
      g /= rule.epsilonAs === "keras" ? Math.sqrt(v + rule.epsilon) : Math.sqrt(v) + rule.epsilon;
      if (rule.momentum !== 0) {
        g += rule.momentum * slot("velocity");
        slots["velocity"] = g;
      }
      p -= rate * g;
      break;
    }
    case "adagrad": {
      const a = slot("accumulator") + g * g;
      slots["accumulator"] = a;
      p -= (rate * g) / (rule.epsilonAs === "keras" ? Math.sqrt(a + rule.epsilon) : Math.sqrt(a) + rule.epsilon);
      break;
    }
    case "adadelta": {
      const a = decay("accumulator", rule.rho, g * g);
      g *= Math.sqrt((slot("movement") + rule.epsilon) / (a + rule.epsilon));
      decay("movement", rule.rho, g * g);
      p -= rate * g;
      break;
    }
    case "lion":
      p -= rate * Math.sign(rule.beta1 * slot("m") + (1 - rule.beta1) * g);
      decay("m", rule.beta2, g);
      break;
    case "lamb":
    case "adafactor":
      throw new Error(`${rule.kind} does not work element by element`);
    case "ftrl": {
      const [old, power] = [slot("accumulator"), -rule.learningRatePower];
      const a = old + g * g;
      const z = slot("linear") + g + 2 * rule.l2Shrinkage * p - ((a ** power - old ** power) / rate) * p;
      slots["accumulator"] = a;
      slots["linear"] = z;
      const quadratic = a ** power / rate + 2 * (rule.l2 + rule.beta / (2 * rate));
      p = Math.abs(z) <= rule.l1 ? 0 : (Math.sign(z) * rule.l1 - z) / quadratic;
      break;
    }
  }
  if (rule.ema) {
    const kept = step === 0 ? 0 : rule.ema.momentum;
    const average = decay("average", kept, p);
    if (rule.ema.overwriteFrequency > 0 && t % rule.ema.overwriteFrequency === 0) p = average;
  }
  return p;
}

/** What a rule's clipping makes of the gradients of several parameters. */
export function referenceClip({ clip }: UpdateRule, gradients: readonly Float64Array[]): Float64Array[] {
  const norm = (...parts: readonly Float64Array[]) => Math.hypot(...parts.flatMap((part) => [...part]));
  return gradients.map((gradient) =>
    gradient.map((g) => {
      if (clip === undefined) return g;
      if (clip.by === "value") return Math.min(Math.max(g, -clip.limit), clip.limit);
      const length = clip.by === "norm" ? norm(gradient) : norm(...gradients);
      return length > clip.limit ? (g * clip.limit) / length : g;
    }),
  );
}

/** Slots before the first step; state begins as f32. */
export function freshSlots(rule: UpdateRule): Record<string, number> {
  const initial = "initialAccumulatorValue" in rule ? Math.fround(rule.initialAccumulatorValue) : 0;
  return Object.fromEntries(slotNames(rule).map((name) => [name, name === "accumulator" ? initial : 0]));
}
