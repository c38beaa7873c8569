/** Learning-rate schedules that PyTorch has too: how one is written down for both sides, drawn, and made. */
import {
  cosineDecay,
  cosineDecayRestarts,
  cyclicLearningRate,
  exponentialDecay,
  multiStepDecay,
  oneCycle,
  polynomialDecay,
  type Schedule,
  stepDecay,
  warmup,
} from "../../../src/index.ts";
import type { RandomData } from "../../support/random.ts";

type Options<Maker extends (options: never) => Schedule> = Parameters<Maker>[0];

/** A schedule with the options of the function that makes it. */
export type DrawnSchedule =
  | { readonly name: "constant"; readonly options: { readonly initialLearningRate: number } }
  | { readonly name: "stepDecay"; readonly options: Options<typeof stepDecay> }
  | { readonly name: "multiStepDecay"; readonly options: Options<typeof multiStepDecay> }
  | { readonly name: "exponentialDecay"; readonly options: Options<typeof exponentialDecay> }
  | { readonly name: "polynomialDecay"; readonly options: Options<typeof polynomialDecay> }
  | { readonly name: "cosineDecay"; readonly options: Options<typeof cosineDecay> }
  | { readonly name: "cosineDecayRestarts"; readonly options: Options<typeof cosineDecayRestarts> }
  | { readonly name: "cyclicLearningRate"; readonly options: Options<typeof cyclicLearningRate> }
  | { readonly name: "oneCycle"; readonly options: Options<typeof oneCycle> };

/** What an optimizer is given as its rate: a schedule, after a warm-up or not. */
export interface DrawnRate {
  readonly schedule: DrawnSchedule;
  readonly warmup?: { readonly steps: number; readonly from: number };
}

function made(schedule: DrawnSchedule): number | Schedule {
  switch (schedule.name) {
    case "constant":
      return schedule.options.initialLearningRate;
    case "stepDecay":
      return stepDecay(schedule.options);
    case "multiStepDecay":
      return multiStepDecay(schedule.options);
    case "exponentialDecay":
      return exponentialDecay(schedule.options);
    case "polynomialDecay":
      return polynomialDecay(schedule.options);
    case "cosineDecay":
      return cosineDecay(schedule.options);
    case "cosineDecayRestarts":
      return cosineDecayRestarts(schedule.options);
    case "cyclicLearningRate":
      return cyclicLearningRate(schedule.options);
    case "oneCycle":
      return oneCycle(schedule.options);
  }
}

/** The rate as this library takes it. */
export function rateOf({ schedule, warmup: before }: DrawnRate): number | Schedule {
  return before === undefined ? made(schedule) : warmup(made(schedule), before);
}

/**
 * A schedule that is at `rate` at its highest. All its numbers, and those that are made of them for the device's table, are
 * f32; `movesMomentum`: whether one-cycle may move the optimizer's momentum.
 */
export function drawRate(random: RandomData, rate: number, steps: number, movesMomentum: boolean): DrawnRate {
  const chance = (share: number) => random.uniform() < share;
  if (chance(0.35)) return { schedule: { name: "constant", options: { initialLearningRate: rate } } };
  const name = random.pick([
    ...(["warmup", "stepDecay", "multiStepDecay", "exponentialDecay", "polynomialDecay"] as const),
    ...(["cosineDecay", "cosineDecayRestarts", "cyclicLearningRate", "cosineCycle"] as const),
    ...(["oneCycle", "oneCycle", "oneCycle"] as const),
  ]);
  const { round } = Math;
  const alpha = random.pick([0, 0.125]);
  switch (name) {
    case "warmup": {
      const decays = [
        { name: "constant", options: { initialLearningRate: rate } },
        ...decaysOf(random, rate, steps),
      ] as const;
      return { schedule: random.pick(decays), warmup: { steps: random.integer(2, 6), from: rate * 0.25 } };
    }
    case "cosineDecayRestarts": {
      const options = { initialLearningRate: rate, firstDecaySteps: random.integer(3, 8), tMul: random.integer(1, 2) };
      return { schedule: { name, options: { ...options, alpha } } };
    }
    case "cyclicLearningRate": {
      const options = {
        ...{ baseLearningRate: rate / 4, maxLearningRate: rate },
        ...{ stepSizeUp: random.integer(2, 6), stepSizeDown: random.integer(2, 6) },
        mode: random.pick(["triangular", "triangular2"] as const),
      };
      return { schedule: { name, options } };
    }
    case "cosineCycle": {
      // PyTorch's CosineAnnealingLR, which climbs again behind its lowest point.
      const ends = { baseLearningRate: rate, maxLearningRate: rate * alpha };
      const options = { ...ends, stepSizeUp: random.integer(4, 9), annealStrategy: "cos" as const };
      return { schedule: { name: "cyclicLearningRate", options } };
    }
    case "oneCycle": {
      const momentum = movesMomentum && chance(0.8) ? { baseMomentum: 0.75, maxMomentum: 0.9375 } : {};
      const options = {
        // A quarter of it is whole: PyTorch's peak lies between two steps where it is not.
        ...{ maxLearningRate: rate, totalSteps: 4 * round(random.integer(steps, steps + 8) / 4), pctStart: 0.25 },
        ...{ divFactor: random.pick([4, 8]), finalDivFactor: random.pick([16, 64]) },
        annealStrategy: random.pick(["cos", "linear"] as const),
        ...momentum,
      };
      return { schedule: { name, options } };
    }
    default:
      return { schedule: decaysOf(random, rate, steps).find((one) => one.name === name) as DrawnSchedule };
  }
}

/** One of each kind that falls and stays. */
function decaysOf(random: RandomData, rate: number, steps: number): DrawnSchedule[] {
  const initialLearningRate = rate;
  const stepSize = random.integer(2, 7);
  const milestones = [random.integer(1, 5), random.integer(6, 10), random.integer(11, steps - 1)];
  const decayRate = random.pick([0.5, 0.75, 0.875]);
  return [
    { name: "stepDecay", options: { initialLearningRate, stepSize, factor: random.pick([0.5, 0.25, 0.75]) } },
    { name: "multiStepDecay", options: { initialLearningRate, milestones, factor: random.pick([0.5, 0.25]) } },
    { name: "exponentialDecay", options: { initialLearningRate, decaySteps: random.integer(1, 6), decayRate } },
    {
      name: "polynomialDecay",
      options: { initialLearningRate, decaySteps: random.integer(5, steps + 5), power: random.pick([1, 2, 0.5]) },
    },
    // PyTorch's climbs again at its end.
    {
      name: "cosineDecay",
      options: { initialLearningRate, decaySteps: random.integer(steps, steps + 10), alpha: random.pick([0, 0.125]) },
    },
  ];
}
