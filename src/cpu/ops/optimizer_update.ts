import { rateFromTable } from "../../core/schedule.ts";
import { at } from "../../graph/op.ts";
import { optimizerUpdateOp, type UpdateRule } from "../../graph/ops/optimizer_update.ts";
import { type CpuArray, defineCpuOp, read } from "../op.ts";

type Sgd = Extract<UpdateRule, { kind: "sgd" }>;
type Adam = Extract<UpdateRule, { kind: "adam" }>;

/**
 * g ← gradient + weightDecay · p
 * velocity ← momentum · velocity + g
 * p ← p − learningRate · (nesterov ? g + momentum · velocity : velocity)
 *
 * PyTorch's form of the heavy ball (Sutskever et al. 2013 for Nesterov).
 */
function sgdStep(
  rule: Sgd,
  p: CpuArray,
  gradient: CpuArray,
  velocity: CpuArray | undefined,
  learningRate: number,
): void {
  for (let i = 0; i < p.length; i++) {
    const g = read(gradient, i) + rule.weightDecay * read(p, i);
    let direction = g;
    if (velocity !== undefined) {
      const v = rule.momentum * read(velocity, i) + g;
      velocity[i] = v;
      direction = rule.nesterov ? g + rule.momentum * v : v;
    }
    p[i] = read(p, i) - learningRate * direction;
  }
}

/**
 * m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²
 * p ← p − learningRate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
 *
 * Kingma and Ba 2015, algorithm 1; weight decay decoupled, p ← p − learningRate · weightDecay · p first
 * (Loshchilov and Hutter 2019). t counts from 1.
 */
function adamStep(
  rule: Adam,
  p: CpuArray,
  gradient: CpuArray,
  m: CpuArray,
  v: CpuArray,
  learningRate: number,
  t: number,
): void {
  const { beta1, beta2, epsilon, weightDecay } = rule;
  const correction1 = 1 - beta1 ** t;
  const correction2 = 1 - beta2 ** t;
  for (let i = 0; i < p.length; i++) {
    const g = read(gradient, i);
    const mean = beta1 * read(m, i) + (1 - beta1) * g;
    const square = beta2 * read(v, i) + (1 - beta2) * g * g;
    m[i] = mean;
    v[i] = square;
    const decayed = read(p, i) * (1 - learningRate * weightDecay);
    p[i] = decayed - (learningRate * (mean / correction1)) / (Math.sqrt(square / correction2) + epsilon);
  }
}

export const optimizerUpdateOps = [
  defineCpuOp(optimizerUpdateOp, ({ attributes: { rule, parameters, slots }, input, variable }) => {
    const finished = read(input(0), 0);
    const t = finished + 1;
    const learningRate = rateFromTable(input(1), finished);
    parameters.variables.forEach((parameter, index) => {
      const p = variable(parameter);
      const gradient = input(index + 2);
      const state = slots.map((slot) => variable(at(slot.variables, index)));
      if (rule.kind === "sgd") sgdStep(rule, p, gradient, state[0], learningRate);
      else adamStep(rule, p, gradient, at(state, 0), at(state, 1), learningRate, t);
    });
  }),
];
