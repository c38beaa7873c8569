import { at } from "../../core/at.ts";
import { momentumFromTable, rateFromTable } from "../../core/schedule_rates.ts";
import type { Shape } from "../../core/shape.ts";
import { factoredShape } from "../../graph/factored_moments.ts";
import { optimizerUpdateOp } from "../../graph/ops/optimizer_update.ts";
import {
  l2DecayOf,
  nadamMomentum,
  nadamMomentumProducts,
  type RuleOf,
  stateOfParameters,
  type UpdateKind,
  type UpdateRule,
  withMomentum,
} from "../../graph/update_rule.ts";
import { type CpuArray, defineCpuOp, read } from "../op.ts";
import { verdictOf } from "./finish_step.ts";

/** What a formula works on: one parameter tensor, its treated gradient g, and the rule's slots for it. */
interface Move<Kind extends UpdateKind> {
  readonly rule: RuleOf<Kind>;
  readonly p: CpuArray;
  readonly shape: Shape;
  readonly gradient: CpuArray | Float64Array;
  readonly slots: readonly CpuArray[];
  readonly learningRate: number;
  /** The step, from 1. */
  readonly t: number;
}

/**
 * velocity ← momentum · velocity + (1 − dampening) · g; at the first step velocity = g
 * p ← p − learningRate · (nesterov ? g + momentum · velocity : velocity)
 *
 * PyTorch's form of the heavy ball (Sutskever et al. 2013 for Nesterov). Keras keeps learningRate · velocity instead,
 * which is the same until the rate changes.
 */
function sgdStep({ rule, p, gradient, slots: [velocity], learningRate, t }: Move<"sgd">): void {
  const { momentum, dampening, nesterov } = rule;
  const share = t === 1 ? 1 : 1 - dampening;
  for (let i = 0; i < p.length; i++) {
    const g = read(gradient, i);
    let direction = g;
    if (velocity !== undefined) {
      const v = momentum * read(velocity, i) + share * g;
      velocity[i] = v;
      direction = nesterov ? g + momentum * v : v;
    }
    p[i] = read(p, i) - learningRate * direction;
  }
}

/**
 * m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²
 * p ← p − learningRate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
 *
 * Kingma and Ba 2015, algorithm 1. ε as in Keras: (m / (1 − β₁ᵗ)) · √(1 − β₂ᵗ) / (√v + ε).
 * amsgrad puts the largest v so far in v's place (Reddi et al. 2018).
 */
function adamStep({ rule, p, gradient, slots, learningRate, t }: Move<"adam">): void {
  const { beta1, beta2, epsilon, epsilonAs } = rule;
  const [m, v, vMax] = [at(slots, 0), at(slots, 1), slots[2]];
  const correction1 = 1 - beta1 ** t;
  const correction2 = 1 - beta2 ** t;
  const reach = epsilonAs === "keras" ? epsilon / Math.sqrt(correction2) : epsilon;
  for (let i = 0; i < p.length; i++) {
    const g = read(gradient, i);
    const mean = beta1 * read(m, i) + (1 - beta1) * g;
    let square = beta2 * read(v, i) + (1 - beta2) * g * g;
    m[i] = mean;
    v[i] = square;
    if (vMax !== undefined) {
      square = Math.max(read(vMax, i), square);
      vMax[i] = square;
    }
    p[i] = read(p, i) - (learningRate * (mean / correction1)) / (Math.sqrt(square / correction2) + reach);
  }
}

/**
 * Adam with Nesterov's momentum, whose strength μₜ grows towards β₁ (Dozat 2016):
 * p ← p − learningRate · (μₜ₊₁ m / (1 − ∏μᵢ, i ≤ t + 1) + (1 − μₜ) g / (1 − ∏μᵢ, i ≤ t)) / (√(v / (1 − β₂ᵗ)) + ε)
 */
function nadamStep({ rule, p, gradient, slots, learningRate, t }: Move<"nadam">): void {
  const { beta1, beta2, epsilon } = rule;
  const [m, v] = [at(slots, 0), at(slots, 1)];
  const product = nadamMomentumProducts(rule)[t - 1] ?? 0;
  const [now, next] = [nadamMomentum(rule, t), nadamMomentum(rule, t + 1)];
  const correction2 = 1 - beta2 ** t;
  for (let i = 0; i < p.length; i++) {
    const g = read(gradient, i);
    const mean = beta1 * read(m, i) + (1 - beta1) * g;
    const square = beta2 * read(v, i) + (1 - beta2) * g * g;
    m[i] = mean;
    v[i] = square;
    const ahead = (next * mean) / (1 - product * next) + ((1 - now) * g) / (1 - product);
    p[i] = read(p, i) - (learningRate * ahead) / (Math.sqrt(square / correction2) + epsilon);
  }
}

/**
 * m ← β₁ m + (1 − β₁) g,   u ← max(β₂ u, |g| + ε)
 * p ← p − learningRate · (m / (1 − β₁ᵗ)) / u
 *
 * Kingma and Ba 2015, section 7. ε as in Keras: u ← max(β₂ u, |g|), divided by u + ε.
 */
function adamaxStep({ rule, p, gradient, slots, learningRate, t }: Move<"adamax">): void {
  const { beta1, beta2, epsilon, epsilonAs } = rule;
  const [m, u] = [at(slots, 0), at(slots, 1)];
  const correction1 = 1 - beta1 ** t;
  const [inside, outside] = epsilonAs === "keras" ? [0, epsilon] : [epsilon, 0];
  for (let i = 0; i < p.length; i++) {
    const g = read(gradient, i);
    const mean = beta1 * read(m, i) + (1 - beta1) * g;
    const largest = Math.max(beta2 * read(u, i), Math.abs(g) + inside);
    m[i] = mean;
    u[i] = largest;
    p[i] = read(p, i) - (learningRate * (mean / correction1)) / (largest + outside);
  }
}

/**
 * v ← ρ v + (1 − ρ) g²,   centered: a ← ρ a + (1 − ρ) g, and v − a² in v's place below
 * velocity ← momentum · velocity + g / (√v + ε)
 * p ← p − learningRate · velocity
 *
 * Hinton's lecture 6e (2012); centered after Graves 2013. ε as in Keras: g / √(v + ε).
 */
function rmspropStep({ rule, p, gradient, slots, learningRate }: Move<"rmsprop">): void {
  const { rho, momentum, epsilon, epsilonAs, centered } = rule;
  const v = at(slots, 0);
  const meanGradient = centered ? at(slots, 1) : undefined;
  const velocity = momentum === 0 ? undefined : at(slots, centered ? 2 : 1);
  for (let i = 0; i < p.length; i++) {
    const g = read(gradient, i);
    let variance = rho * read(v, i) + (1 - rho) * g * g;
    v[i] = variance;
    if (meanGradient !== undefined) {
      const mean = rho * read(meanGradient, i) + (1 - rho) * g;
      meanGradient[i] = mean;
      variance = Math.max(0, variance - mean * mean);
    }
    let direction = g / (epsilonAs === "keras" ? Math.sqrt(variance + epsilon) : Math.sqrt(variance) + epsilon);
    if (velocity !== undefined) {
      direction += momentum * read(velocity, i);
      velocity[i] = direction;
    }
    p[i] = read(p, i) - learningRate * direction;
  }
}

/**
 * a ← a + g²,   p ← p − learningRate · g / (√a + ε)
 *
 * Duchi, Hazan and Singer 2011. ε as in Keras: g / √(a + ε).
 */
function adagradStep({ rule, p, gradient, slots, learningRate }: Move<"adagrad">): void {
  const { epsilon, epsilonAs } = rule;
  const accumulator = at(slots, 0);
  for (let i = 0; i < p.length; i++) {
    const g = read(gradient, i);
    const sum = read(accumulator, i) + g * g;
    accumulator[i] = sum;
    const scale = epsilonAs === "keras" ? Math.sqrt(sum + epsilon) : Math.sqrt(sum) + epsilon;
    // Where no gradient has come yet, 0 / 0 would be no number.
    if (g !== 0) p[i] = read(p, i) - (learningRate * g) / scale;
  }
}

/**
 * a ← ρ a + (1 − ρ) g²,   δ = √(d + ε) / √(a + ε) · g,   d ← ρ d + (1 − ρ) δ²,   p ← p − learningRate · δ
 *
 * Zeiler 2012, algorithm 1; d is the slot "movement".
 */
function adadeltaStep({ rule, p, gradient, slots, learningRate }: Move<"adadelta">): void {
  const { rho, epsilon } = rule;
  const [accumulator, movement] = [at(slots, 0), at(slots, 1)];
  for (let i = 0; i < p.length; i++) {
    const g = read(gradient, i);
    const sum = rho * read(accumulator, i) + (1 - rho) * g * g;
    const delta = (Math.sqrt(read(movement, i) + epsilon) / Math.sqrt(sum + epsilon)) * g;
    accumulator[i] = sum;
    movement[i] = rho * read(movement, i) + (1 - rho) * delta * delta;
    p[i] = read(p, i) - learningRate * delta;
  }
}

/**
 * Adam's direction r = (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε) + λ p, scaled by the sizes of the tensors:
 * p ← p − learningRate · ‖p‖ / ‖r‖ · r, the ratio being 1 where either norm is 0
 *
 * You et al. 2020, algorithm 2. λ p is left out where weight decay is decoupled, as in Keras.
 */
function lambStep({ rule, p, gradient, slots, learningRate, t }: Move<"lamb">): void {
  const { beta1, beta2, epsilon, weightDecay, decoupledWeightDecay } = rule;
  const [m, v] = [at(slots, 0), at(slots, 1)];
  const [correction1, correction2] = [1 - beta1 ** t, 1 - beta2 ** t];
  const decay = decoupledWeightDecay ? 0 : weightDecay;
  const direction = new Float64Array(p.length);
  for (let i = 0; i < p.length; i++) {
    const g = read(gradient, i);
    const mean = beta1 * read(m, i) + (1 - beta1) * g;
    const square = beta2 * read(v, i) + (1 - beta2) * g * g;
    m[i] = mean;
    v[i] = square;
    direction[i] = mean / correction1 / (Math.sqrt(square / correction2) + epsilon) + decay * read(p, i);
  }
  const [size, length] = [Math.sqrt(squaredNorm(p)), Math.sqrt(squaredNorm(direction))];
  const ratio = size > 0 && length > 0 ? size / length : 1;
  for (let i = 0; i < p.length; i++) p[i] = read(p, i) - learningRate * ratio * read(direction, i);
}

/**
 * p ← p − learningRate · sign(β₁ m + (1 − β₁) g),   m ← β₂ m + (1 − β₂) g
 *
 * Chen et al. 2023, algorithm 2.
 */
function lionStep({ rule, p, gradient, slots, learningRate }: Move<"lion">): void {
  const { beta1, beta2 } = rule;
  const m = at(slots, 0);
  for (let i = 0; i < p.length; i++) {
    const g = read(gradient, i);
    p[i] = read(p, i) - learningRate * Math.sign(beta1 * read(m, i) + (1 - beta1) * g);
    m[i] = beta2 * read(m, i) + (1 - beta2) * g;
  }
}

/**
 * Second moments of a matrix by rows and columns only, of a vector by elements; β₂ = 1 − t^beta2Decay:
 * r ← β₂ r + (1 − β₂)(mean of the row's g² + ε₁),   c likewise by columns,   v = r c / mean r
 * u = g / √v,   p ← p − min(learningRate, 1/√t) · max(ε₂, RMS p) · u / max(1, RMS u / clipThreshold)
 *
 * Shazeer and Stern 2018, algorithm 4 with β₁ = 0, in Keras' parameters. The last two axes are the matrix.
 */
function adafactorStep({ rule, p, shape, gradient, slots, learningRate, t }: Move<"adafactor">): void {
  const { beta2Decay, epsilon1, epsilon2, clipThreshold } = rule;
  const share = t ** beta2Decay;
  const moved = (moment: CpuArray, index: number, meanSquare: number) => {
    moment[index] = (1 - share) * read(moment, index) + share * (meanSquare + epsilon1);
    return read(moment, index);
  };
  const direction = new Float64Array(p.length);
  const factored = factoredShape(shape);
  if (factored === undefined) {
    for (let i = 0; i < p.length; i++) {
      const g = read(gradient, i);
      direction[i] = g / Math.sqrt(moved(at(slots, 0), i, g * g));
    }
  } else {
    const { matrices, rows, columns } = factored;
    const [r, c] = [at(slots, 0), at(slots, 1)];
    for (let matrix = 0; matrix < matrices; matrix++) {
      const start = matrix * rows * columns;
      let mean = 0;
      for (let row = 0; row < rows; row++) {
        let sum = 0;
        for (let column = 0; column < columns; column++) sum += read(gradient, start + row * columns + column) ** 2;
        mean += moved(r, matrix * rows + row, sum / columns) / rows;
      }
      for (let column = 0; column < columns; column++) {
        let sum = 0;
        for (let row = 0; row < rows; row++) sum += read(gradient, start + row * columns + column) ** 2;
        const ofColumn = moved(c, matrix * columns + column, sum / rows);
        for (let row = 0; row < rows; row++) {
          const i = start + row * columns + column;
          direction[i] = read(gradient, i) / Math.sqrt((read(r, matrix * rows + row) / mean) * ofColumn);
        }
      }
    }
  }
  const rms = (values: CpuArray) => Math.sqrt(squaredNorm(values) / values.length);
  const size = Math.max(epsilon2, rms(p)) / Math.max(1, rms(direction) / clipThreshold);
  const rate = Math.min(learningRate, 1 / Math.sqrt(t));
  for (let i = 0; i < p.length; i++) p[i] = read(p, i) - rate * size * read(direction, i);
}

/**
 * a' = a + g²,   σ = (a'^−power − a^−power) / learningRate
 * z ← z + g + 2 · l2Shrinkage · p − σ p
 * p ← (clamp(z, −l1, l1) − z) / (a'^−power / learningRate + 2 · l2 + beta / learningRate)
 *
 * McMahan et al. 2013, algorithm 1, in Keras' parameters; z is the slot "linear".
 */
function ftrlStep({ rule, p, gradient, slots, learningRate }: Move<"ftrl">): void {
  const { l1, l2, l2Shrinkage, beta, learningRatePower } = rule;
  const [accumulator, linear] = [at(slots, 0), at(slots, 1)];
  // The formula divides by the rate; with none, nothing moves.
  if (learningRate === 0) return;
  for (let i = 0; i < p.length; i++) {
    const g = read(gradient, i);
    const sum = read(accumulator, i) + g * g;
    const power = sum ** -learningRatePower;
    const sigma = (power - read(accumulator, i) ** -learningRatePower) / learningRate;
    const z = read(linear, i) + g + 2 * l2Shrinkage * read(p, i) - sigma * read(p, i);
    accumulator[i] = sum;
    linear[i] = z;
    p[i] = (Math.min(Math.max(z, -l1), l1) - z) / (power / learningRate + 2 * l2 + beta / learningRate);
  }
}

const FORMULAS: { readonly [Kind in UpdateKind]: (move: Move<Kind>) => void } = {
  sgd: sgdStep,
  adam: adamStep,
  nadam: nadamStep,
  adamax: adamaxStep,
  rmsprop: rmspropStep,
  adagrad: adagradStep,
  adadelta: adadeltaStep,
  lamb: lambStep,
  lion: lionStep,
  adafactor: adafactorStep,
  ftrl: ftrlStep,
};

function squaredNorm(values: CpuArray): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += read(values, i) ** 2;
  return sum;
}

/** What shortens a gradient of this squared norm to `limit`: limit / norm, or 1 where it is short enough. */
function shortening(squared: number, limit: number): number {
  return limit / Math.max(Math.sqrt(squared), limit);
}

/** Clipped, and with L2 decay added. */
function treatedGradient(rule: UpdateRule, gradient: CpuArray, p: CpuArray, scale: number) {
  const { clip } = rule;
  const l2 = l2DecayOf(rule);
  const limit = clip?.by === "value" ? clip.limit : Number.POSITIVE_INFINITY;
  if (scale === 1 && l2 === 0 && clip?.by !== "value") return gradient;
  return Float64Array.from(gradient, (g, i) => Math.min(Math.max(scale * g, -limit), limit) + l2 * read(p, i));
}

export const optimizerUpdateOps = [
  defineCpuOp(optimizerUpdateOp, ({ attributes, input, inputs, variable }) => {
    const { parameters, state } = attributes;
    const decided = verdictOf(input("step"));
    if (!decided.moves) return;
    const { finished, divisor } = decided;
    const gradients = inputs("gradients").map((gradient) =>
      divisor === 1 ? gradient : Float64Array.from(gradient, (value) => value / divisor),
    );
    const t = finished + 1;
    const learningRate = rateFromTable(input("schedule"), finished);
    const momentum = momentumFromTable(input("schedule"), finished);
    const rule = momentum === undefined ? attributes.rule : withMomentum(attributes.rule, momentum);
    const stateOf = stateOfParameters(rule, parameters, state);
    const { clip, ema } = rule;
    const squares = clip && clip.by !== "value" ? gradients.map(squaredNorm) : [];
    const allSquares = squares.reduce((sum, square) => sum + square, 0);
    parameters.variables.forEach((parameter, index) => {
      const p = variable(parameter);
      let scale = 1;
      if (clip?.by === "norm") scale = shortening(at(squares, index), clip.limit);
      else if (clip?.by === "globalNorm") scale = shortening(allSquares, clip.limit);
      const gradient = treatedGradient(rule, at(gradients, index), p, scale);
      if (rule.decoupledWeightDecay) {
        for (let i = 0; i < p.length; i++) p[i] = read(p, i) * (1 - learningRate * rule.weightDecay);
      }
      const slots = at(stateOf, index).map(variable);
      const formula = FORMULAS[rule.kind] as (move: Move<UpdateKind>) => void;
      // The average is the last slot, and no business of the formula.
      const average = ema ? slots.pop() : undefined;
      formula({ rule, p, shape: parameter.shape, gradient, slots, learningRate, t });
      if (ema && average) {
        const kept = finished === 0 ? 0 : ema.momentum;
        for (let i = 0; i < p.length; i++) average[i] = kept * read(average, i) + (1 - kept) * read(p, i);
        if (ema.overwriteFrequency > 0 && t % ema.overwriteFrequency === 0) p.set(average);
      }
    });
  }),
];
