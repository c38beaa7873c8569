import { beforeAll, describe, expect, test } from "vitest";
import { constantSchedule, scheduleTable } from "../../src/core/schedule.ts";
import { slotNames, type UpdateRule } from "../../src/graph/ops/optimizer_update.ts";
import {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  learningRateAt,
  oneCycle,
  piecewiseConstantDecay,
  polynomialDecay,
  type Schedule,
  stepDecay,
  warmup,
} from "../../src/nn/schedules.ts";
import { optimizerUpdate } from "../../src/webgpu/kernels/index.ts";
import { testDevice } from "../support/gpu.ts";
import { runKernel } from "../support/run_kernel.ts";
import { expectNear, traitsOfEachKind, uniform } from "./kernels_support.ts";

let device: GPUDevice;
beforeAll(async () => {
  device = await testDevice();
});

const [[, traits]] = traitsOfEachKind as [(typeof traitsOfEachKind)[number]];

/** One update in f64; `slots` and `parameters` change in place. */
function update(
  rule: UpdateRule,
  parameters: Float64Array,
  gradient: Float64Array,
  slots: Float64Array[],
  step: number,
  rate: number,
): void {
  gradient.forEach((plainGradient, i) => {
    const p = parameters[i] as number;
    if (rule.kind === "sgd") {
      const g = plainGradient + rule.weightDecay * p;
      const [velocities] = slots;
      const velocity = rule.momentum * (velocities?.[i] ?? 0) + g;
      if (velocities) velocities[i] = velocity;
      parameters[i] = p - rate * (rule.nesterov ? g + rule.momentum * velocity : velocity);
    } else {
      const [ms, vs] = slots as [Float64Array, Float64Array];
      const m = rule.beta1 * (ms[i] as number) + (1 - rule.beta1) * plainGradient;
      const v = rule.beta2 * (vs[i] as number) + (1 - rule.beta2) * plainGradient ** 2;
      ms[i] = m;
      vs[i] = v;
      const corrected =
        m / (1 - rule.beta1 ** (step + 1)) / (Math.sqrt(v / (1 - rule.beta2 ** (step + 1))) + rule.epsilon);
      parameters[i] = p - rate * rule.weightDecay * p - rate * corrected;
    }
  });
}

/** Parameters of these sizes behind each other in an arena, with a gradient in so many slices each. */
const layout = [
  { size: 288, slices: 5 },
  { size: 10, slices: 1 },
  { size: 61, slices: 16 },
  { size: 64, slices: 2 },
  { size: 1, slices: 3 },
];

const rules: readonly UpdateRule[] = [
  { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 },
  { kind: "sgd", momentum: 0.9, nesterov: false, weightDecay: 0.01 },
  { kind: "sgd", momentum: 0.9, nesterov: true, weightDecay: 0 },
  { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0 },
  { kind: "adam", beta1: 0.7, beta2: 0.9, epsilon: 1e-3, weightDecay: 0.1 },
];

describe.each(rules)("%j", (rule) => {
  test.each([
    { step: 0, aligned: true },
    { step: 1, aligned: false },
    { step: 9, aligned: true },
    { step: 5000, aligned: false },
  ])("update $step, aligned slices $aligned, is the formula's, and leaves padding alone", async ({ step, aligned }) => {
    const rate = 0.01;
    const arenaSize = layout.reduce((sum, { size }) => sum + Math.ceil(size / 64) * 64, 0);
    const table: number[] = [];
    const valid: boolean[] = [];
    let partialsEnd = aligned ? 0 : 3;
    const places: { arena: number; start: number; size: number; slices: number; stride: number }[] = [];
    for (const { size, slices } of layout) {
      const stride = aligned ? Math.ceil(size / 4) * 4 : size;
      places.push({ arena: valid.length, start: partialsEnd, size, slices, stride });
      for (let done = 0; done < size; done += 64) {
        const left = Math.min(64, size - done);
        table.push(partialsEnd + done, slices, stride, left);
        for (let i = 0; i < 64; i++) valid.push(i < left);
      }
      partialsEnd += slices * stride;
    }
    const partials = uniform(partialsEnd, 1);
    const parameters = uniform(arenaSize, 2);
    const slots = slotNames(rule).map((_, index) => uniform(arenaSize, 3 + index, index === 1 ? 0.01 : -0.1, 0.2));

    const expected = Float64Array.from(parameters);
    const expectedSlots = slots.map((slot) => Float64Array.from(slot));
    for (const { arena, start, size, slices, stride } of places) {
      const gradient = Float64Array.from({ length: size }, (_, i) => {
        let sum = 0;
        for (let slice = 0; slice < slices; slice++) sum += partials[start + slice * stride + i] as number;
        return sum;
      });
      const part = (values: Float64Array) => values.subarray(arena, arena + size);
      update(rule, part(expected), gradient, expectedSlots.map(part), step, rate);
    }

    const results = await runKernel(device, optimizerUpdate({ rule, arenaSize, alignedPartials: aligned }, traits), [
      parameters,
      partials,
      Uint32Array.from(table),
      Uint32Array.of(step),
      Float32Array.from(scheduleTable(constantSchedule(rate))),
      ...slots,
    ]);
    // Adam divides by √v, which may be small: its step is good to a few millionths of the rate.
    expectNear(results[0] as Float32Array, expected, 1e-6);
    for (const [index, slot] of expectedSlots.entries()) expectNear(results[5 + index] as Float32Array, slot, 2e-6);
    const moved = results[0] as Float32Array;
    const touchedPadding = valid.some((inside, i) => !inside && moved[i] !== parameters[i]);
    expect(touchedPadding).toBe(false);
    expect(slots.some((slot, s) => valid.some((inside, i) => !inside && results[5 + s]?.[i] !== slot[i]))).toBe(false);
  });
});

test("Adam's first step has the size of the learning rate to six digits, however close β is to 1", async () => {
  const rule: UpdateRule = { kind: "adam", beta1: 0.9, beta2: 0.9999, epsilon: 0, weightDecay: 0 };
  const parameters = new Float32Array(64);
  const [moved] = await runKernel(device, optimizerUpdate({ rule, arenaSize: 64 }, traits), [
    parameters,
    uniform(64, 9, 0.5, 2),
    Uint32Array.of(0, 1, 64, 64),
    Uint32Array.of(0),
    Float32Array.from(scheduleTable(constantSchedule(1))),
    new Float32Array(64),
    new Float32Array(64),
  ]);
  expectNear(moved as Float32Array, new Array(64).fill(-1), 2e-6);
});

test.each<[string, Schedule]>([
  [
    "polynomial",
    polynomialDecay({ initialLearningRate: 1, decaySteps: 50, holdSteps: 10, power: 2, endLearningRate: 0.1 }),
  ],
  ["cosine after warm-up", warmup(cosineDecay({ initialLearningRate: 0.5, decaySteps: 70 }), { steps: 7 })],
  ["restarts, doubling", cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 7, mMul: 0.5, alpha: 0.01 })],
  ["restarts, even", cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 10, tMul: 1 })],
  ["exponential", exponentialDecay({ initialLearningRate: 1, decaySteps: 30, decayRate: 0.4 })],
  ["stairs", stepDecay({ initialLearningRate: 1, stepSize: 10, factor: 0.5 })],
  ["pieces", piecewiseConstantDecay({ boundaries: [9, 20, 48], values: [1, 0.5, 0.25, 0.1] })],
  ["one-cycle", oneCycle({ maxLearningRate: 1, totalSteps: 100 })],
])("the device's %s schedule is the formula's, at its joints too", async (_, schedule) => {
  const rule: UpdateRule = { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 };
  for (const step of [0, 1, 6, 7, 9, 10, 11, 20, 21, 48, 49, 60, 99, 100, 1000]) {
    // With gradient 1, plain descent moves by the rate.
    const [moved] = await runKernel(device, optimizerUpdate({ rule, arenaSize: 64 }, traits), [
      new Float32Array(64),
      new Float32Array(64).fill(1),
      Uint32Array.of(0, 1, 64, 64),
      Uint32Array.of(step),
      Float32Array.from(scheduleTable(schedule)),
    ]);
    expect(-(moved?.[0] ?? Number.NaN), `step ${step}`).toBeCloseTo(learningRateAt(schedule, step), 5);
  }
});
