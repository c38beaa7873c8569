/** How a random network is trained. */
import type { RandomData } from "../../support/random.ts";
import type { DrawnOptimizer, OptimizerName, OptimizerOptions } from "./question.ts";
import { drawRate } from "./schedules.ts";

/** f32 numbers, which are the same in JSON, in PyTorch and on a GPU. */
const f32 = Math.fround;

/** An optimizer's formula with its rate, and whether a schedule may move its momentum. */
interface Formula {
  readonly name: OptimizerName;
  readonly rate: number;
  readonly options: OptimizerOptions;
  readonly hasMomentum: boolean;
}

function drawFormula(random: RandomData): Formula {
  const chance = (share: number) => random.uniform() < share;
  const name = random.pick([
    ...(["sgd", "sgd", "adam", "adam", "adamw", "nadam", "nadam"] as const),
    ...(["adamax", "rmsprop", "rmsprop", "adagrad", "adadelta"] as const),
  ]);
  const epsilon = f32(random.pick([1e-3, 1e-4]));
  const betas = chance(0.5) ? { beta1: f32(0.8), beta2: f32(0.95) } : {};
  const amsgrad = chance(0.3) ? { amsgrad: true } : {};
  switch (name) {
    case "sgd": {
      const momentum = chance(0.6) ? { momentum: f32(random.pick([0.5, 0.9])) } : {};
      const hasMomentum = "momentum" in momentum;
      const form = hasMomentum ? random.pick([{}, { nesterov: true }, { dampening: 0.25 }]) : {};
      return { name, rate: f32(random.pick([0.01, 0.05])), options: { ...momentum, ...form }, hasMomentum };
    }
    case "adam":
    case "adamw":
      return { name, rate: f32(0.003), options: { epsilon, ...betas, ...amsgrad }, hasMomentum: true };
    case "nadam": {
      // Keras' default and PyTorch's.
      const momentumDecay = f32(random.pick([1, 0.004]));
      return { name, rate: f32(0.003), options: { epsilon, ...betas, momentumDecay }, hasMomentum: false };
    }
    case "adamax":
      return { name, rate: f32(0.004), options: { epsilon, ...betas }, hasMomentum: false };
    case "rmsprop": {
      const form = { ...(chance(0.4) ? { momentum: 0.5 } : {}), ...(chance(0.4) ? { centered: true } : {}) };
      const rho = f32(random.pick([0.9, 0.95]));
      return { name, rate: f32(0.002), options: { rho, epsilon, ...form }, hasMomentum: "momentum" in form };
    }
    case "adagrad": {
      const initialAccumulatorValue = random.pick([0.125, 0.125, 0]);
      return { name, rate: f32(0.01), options: { initialAccumulatorValue, epsilon }, hasMomentum: false };
    }
    case "adadelta": {
      const rho = chance(0.5) ? { rho: f32(0.9) } : {};
      return { name, rate: f32(0.5), options: { epsilon: f32(1e-5), ...rho }, hasMomentum: false };
    }
  }
}

/** For a training of so many steps. */
export function drawOptimizer(random: RandomData, steps: number): DrawnOptimizer {
  const { name, rate, options, hasMomentum } = drawFormula(random);
  const chance = (share: number) => random.uniform() < share;
  const decay = chance(0.4) ? { weightDecay: f32(random.pick([1e-3, 0.01, 0.1])) } : {};
  const clips = [{}, {}, { clipNorm: 0.25 }, { globalClipNorm: 0.5 }, { clipValue: 0.0625 }];
  const average = chance(0.15) ? { useEma: true, emaMomentum: random.pick([0.5, 0.875]) } : {};
  return {
    name,
    options: { ...options, ...decay, ...random.pick(clips), ...average },
    rate: drawRate(random, rate, steps, hasMomentum),
  };
}
