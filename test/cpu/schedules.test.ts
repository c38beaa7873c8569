import { describe, expect, it, test } from "vitest";
import { momentumFromTable } from "../../src/core/schedule_rates.ts";
import { cpu } from "../../src/cpu.ts";
import { decodeCheckpoint } from "../../src/formats/checkpoint.ts";
import {
  adam,
  cosineDecay,
  cosineDecayRestarts,
  createTrainer,
  cyclicLearningRate,
  exponentialDecay,
  inverseTimeDecay,
  learningRateAt,
  lion,
  momentumAt,
  multiStepDecay,
  oneCycle,
  piecewiseConstantDecay,
  polynomialDecay,
  type Schedule,
  sgd,
  stepDecay,
  type Trainer,
  warmup,
} from "../../src/index.ts";
import { scaledTable } from "../../src/train/followers.ts";
import { barPictures, smallNetwork } from "../support/networks.ts";

/** Values of the formulas that Keras and PyTorch document, worked out here step by step. */
describe("schedules follow their formulas", () => {
  const rates = (schedule: Schedule, steps: readonly number[]) => steps.map((step) => learningRateAt(schedule, step));
  const expectRates = (got: readonly number[], want: readonly number[]) => {
    for (const [i, rate] of want.entries()) expect(got[i]).toBeCloseTo(rate, 12);
  };

  it("polynomial decay, with and without a hold", () => {
    const line = polynomialDecay({ initialLearningRate: 1, decaySteps: 10, endLearningRate: 0.2 });
    expectRates(rates(line, [0, 5, 10, 1000]), [1, 0.6, 0.2, 0.2]);
    const curve = polynomialDecay({ initialLearningRate: 2, decaySteps: 4, power: 2, holdSteps: 3 });
    expectRates(rates(curve, [0, 2, 3, 4, 5, 7, 9]), [2, 2, 2, 2 * 0.75 ** 2, 2 * 0.5 ** 2, 0, 0]);
  });

  it("cosine decay", () => {
    const schedule = cosineDecay({ initialLearningRate: 1, decaySteps: 8, alpha: 0.1 });
    const want = [0, 2, 4, 6, 8].map((step) => 0.1 + (0.9 * (1 + Math.cos((Math.PI * step) / 8))) / 2);
    expectRates(rates(schedule, [0, 2, 4, 6, 8, 80]), [...want, 0.1]);
  });

  it("cosine decay with restarts, rounds of 4, 8, 16 steps, each half as high", () => {
    const schedule = cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 4, mMul: 0.5 });
    expectRates(rates(schedule, [0, 2, 4, 8, 12, 20, 28]), [1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]);
    const even = cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 10, tMul: 1 });
    expectRates(rates(even, [0, 5, 10, 15, 990]), [1, 0.5, 1, 0.5, 1]);
  });

  it("exponential decay, smooth and in stairs; step decay", () => {
    const smooth = exponentialDecay({ initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5 });
    expectRates(rates(smooth, [0, 5, 10, 30]), [0.1, 0.1 * Math.SQRT1_2, 0.05, 0.0125]);
    const stairs = exponentialDecay({ initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5, staircase: true });
    expectRates(rates(stairs, [0, 9, 10, 19, 30]), [0.1, 0.1, 0.05, 0.05, 0.0125]);
    expectRates(rates(stepDecay({ initialLearningRate: 1, stepSize: 3 }), [2, 3, 5, 6]), [1, 0.1, 0.1, 0.01]);
  });

  it("piecewise constant: a boundary belongs to the value before it", () => {
    const schedule = piecewiseConstantDecay({ boundaries: [2, 5], values: [1, 0.5, 0.1] });
    expectRates(rates(schedule, [0, 2, 3, 5, 6, 99]), [1, 1, 0.5, 0.5, 0.1, 0.1]);
  });

  it("multi-step decay: a milestone is the first step at the lower rate", () => {
    const schedule = multiStepDecay({ initialLearningRate: 1, milestones: [2, 5], factor: 0.5 });
    expectRates(rates(schedule, [0, 1, 2, 4, 5, 99]), [1, 1, 0.5, 0.5, 0.25, 0.25]);
  });

  it("inverse time decay, smooth and in stairs", () => {
    const options = { initialLearningRate: 1, decaySteps: 10, decayRate: 0.5 };
    expectRates(rates(inverseTimeDecay(options), [0, 5, 10, 40]), [1, 0.8, 1 / 1.5, 1 / 3]);
    expectRates(rates(inverseTimeDecay({ ...options, staircase: true }), [9, 10, 19, 20]), [1, 1 / 1.5, 1 / 1.5, 0.5]);
  });

  it("cyclic rates: up, down, and half as high each round", () => {
    const options = { baseLearningRate: 1, maxLearningRate: 3, stepSizeUp: 4, stepSizeDown: 2 };
    expectRates(rates(cyclicLearningRate(options), [0, 2, 4, 5, 6, 10, 11]), [1, 2, 3, 2, 1, 3, 2]);
    const halving = cyclicLearningRate({ ...options, mode: "triangular2" });
    expectRates(rates(halving, [0, 4, 6, 10, 12, 16]), [1, 3, 1, 2, 1, 1.5]);
    const waves = cyclicLearningRate({ ...options, annealStrategy: "cos" });
    expectRates(rates(waves, [1, 2, 5, 7]), [2 - Math.SQRT1_2, 2, 2, 2 - Math.SQRT1_2]);
  });

  it("one-cycle: up within pctStart, down to the last step", () => {
    const schedule = oneCycle({ maxLearningRate: 1, totalSteps: 11, pctStart: 0.3, annealStrategy: "linear" });
    expectRates(rates(schedule, [0, 2, 10, 50]), [0.04, 1, 0.04 / 1e4, 0.04 / 1e4]);
    expectRates(rates(oneCycle({ maxLearningRate: 1, totalSteps: 101, pctStart: 0.5 }), [25, 50, 75]), [
      0.52,
      1,
      (1 + 0.04 / 1e4) / 2,
    ]);
  });

  it("warm-up rises to where the schedule begins, and shifts it", () => {
    const schedule = warmup(polynomialDecay({ initialLearningRate: 1, decaySteps: 10, holdSteps: 2 }), { steps: 4 });
    expectRates(rates(schedule, [0, 1, 4, 6, 11, 16]), [0, 0.25, 1, 1, 0.5, 0]);
    expectRates(rates(warmup(0.3, { steps: 3, from: 0.15 }), [0, 1, 3, 9]), [0.15, 0.2, 0.3, 0.3]);
  });
});

test.each<[string, RegExp, () => unknown]>([
  ["cosineDecay", /decaySteps must be a whole number/, () => cosineDecay({ initialLearningRate: 1, decaySteps: 0 })],
  ["oneCycle", /pctStart must be in \[0, 1\)/, () => oneCycle({ maxLearningRate: 1, totalSteps: 9, pctStart: 1 })],
  [
    "piecewise",
    /boundaries must rise, but 2 follows 3/,
    () => piecewiseConstantDecay({ boundaries: [3, 2], values: [1, 2, 3] }),
  ],
  ["piecewise", /one value more than boundaries/, () => piecewiseConstantDecay({ boundaries: [3], values: [1] })],
  ["restarts", /tMul/, () => cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 3, tMul: 0.5 })],
  ["adam", /learningRate must be a number of at least 0 or a schedule/, () => adam({ learningRate: "fast" as never })],
])("%s refuses nonsense: %s", (_, message, make) => {
  expect(make).toThrow(message);
});

describe("a one-cycle's momentum", () => {
  it("goes the other way than the rate, and waits while it warms up", () => {
    const schedule = oneCycle({
      maxLearningRate: 1,
      totalSteps: 10,
      pctStart: 0.5,
      baseMomentum: 0.8,
      maxMomentum: 0.9,
    });
    const half = 0.85;
    [0, 2, 4, 9].forEach((step, i) => {
      expect(momentumAt(schedule, step)).toBeCloseTo([0.9, half, 0.8, 0.9][i] as number, 12);
    });
    const warm = warmup(schedule, { steps: 5 });
    [0, 4, 5, 7, 9, 14].forEach((step, i) => {
      expect(momentumAt(warm, step)).toBeCloseTo([0.9, 0.9, 0.9, half, 0.8, 0.9][i] as number, 12);
    });
    expect(momentumAt(oneCycle({ maxLearningRate: 1, totalSteps: 10 }), 3)).toBeUndefined();
    expect(momentumAt(oneCycle({ maxLearningRate: 1, totalSteps: 10, cycleMomentum: true }), 0)).toBe(0.95);
  });

  it("wants an optimizer that has one, and a number in [0, 1)", () => {
    const learningRate = oneCycle({ maxLearningRate: 1, totalSteps: 10, cycleMomentum: true });
    expect(() => sgd({ learningRate })).toThrow(/sgd: the schedule moves the momentum/);
    expect(() => lion({ learningRate })).toThrow(/which lion does not have here/);
    expect(sgd({ learningRate, momentum: 0.9 }).rule.kind).toBe("sgd");
    expect(() => oneCycle({ maxLearningRate: 1, totalSteps: 10, maxMomentum: 1 })).toThrow(/maxMomentum must be/);
  });

  it("survives a checkpoint, stays under reduceOnPlateau's factor, and ends with setLearningRate", async () => {
    const learningRate = oneCycle({ maxLearningRate: 0.1, totalSteps: 12, cycleMomentum: true });
    const make = (rate: number | Schedule) =>
      createTrainer(smallNetwork(5), {
        backend: cpu(),
        loss: "sparseCategoricalCrossentropy",
        optimizer: sgd({ learningRate: rate, momentum: 0.5 }),
        batchSize: 16,
      });
    const weights = async (trainer: Trainer) => decodeCheckpoint(await trainer.checkpoint()).tensors;
    const whole = await make(learningRate);
    await whole.fit(barPictures(32), { epochs: 4 });
    const first = await make(learningRate);
    await first.fit(barPictures(32), { epochs: 2 });
    const second = await make(learningRate);
    await second.restore(await first.checkpoint());
    await second.fit(barPictures(32), { epochs: 2 });
    const [got, want] = [await weights(second), await weights(whole)];
    // Checkpoints hold f32, the CPU computes in f64.
    for (const [name, { data }] of want) {
      data.forEach((value, i) => {
        expect(got.get(name)?.data[i]).toBeCloseTo(value, 4);
      });
    }
    const table = want.get("trainer/learningRate");
    expect(table?.shape).toEqual([32, 8]);
    expect(momentumFromTable(scaledTable(table?.data ?? [], 0.5), 0)).toBeCloseTo(0.95, 6);
    second.setLearningRate(0.01);
    const set = (await weights(second)).get("trainer/learningRate")?.data ?? [];
    expect(momentumFromTable(set, 7)).toBe(0.5);
    const plain = await make(0.1);
    expect(() => plain.setLearningRate(learningRate)).toThrow(/only where its optimizer was made with one/);
  });
});
