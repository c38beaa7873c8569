/** The curves of the demo: what a run notes, how it is smoothed, and which points are drawn. */
import { describe, expect, it } from "vitest";
import { completed, emptyRun, measure, note, record, truncated } from "../../demo/run.ts";
import { curve, grid } from "../../demo/train/curve_data.ts";
import { factorAt, MOST_SMOOTHING, placeOf, smoothed } from "../../demo/train/smoothing.ts";

function runOf(losses: readonly number[]) {
  const run = emptyRun();
  losses.forEach((loss, step) => {
    record(run, { step, loss, accuracy: step / losses.length });
  });
  return run;
}

describe("smoothing", () => {
  it("keeps a constant from its first value on", () => {
    for (const factor of [0, 0.5, 0.85, 0.99, 0.999]) {
      for (const value of smoothed(Array(500).fill(2.3), factor)) expect(value).toBeCloseTo(2.3, 12);
    }
  });

  it("is the weighted mean that its formula says", () => {
    const values = [3, 1, 4, 1, 5];
    const factor = 0.9;
    const weights = values.map((_, index) => factor ** (values.length - 1 - index));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const expected = values.reduce((sum, value, index) => sum + value * (weights[index] ?? 0), 0) / total;
    expect(smoothed(values, factor).at(-1)).toBeCloseTo(expected, 12);
    expect(smoothed(values, 0)).toEqual(values);
  });

  it("has no value where there is none, and goes on as if it had not been there", () => {
    expect(smoothed([1, null, Number.NaN, 1, Number.POSITIVE_INFINITY], 0.9)).toEqual([1, null, null, 1, null]);
  });

  it("has a slider from none to 0.999, evenly in the weight of the newest value", () => {
    expect(factorAt(0)).toBe(0);
    expect(factorAt(1)).toBe(MOST_SMOOTHING);
    expect(factorAt(1 / 3)).toBeCloseTo(0.9, 12);
    for (const factor of [0, 0.3, 0.85, 0.99, 0.999]) expect(factorAt(placeOf(factor))).toBeCloseTo(factor, 12);
  });
});

describe("the points of a curve", () => {
  it.each([
    [1, false],
    [63, false],
    [100_000, false],
    [2, true],
    [63, true],
    [100_000, true],
  ])("cover %d steps in order, at most some 1,200 of them (logarithmic: %s)", (last, logarithmic) => {
    const starts = grid(last, 1200, logarithmic);
    expect(starts[0]).toBe(logarithmic ? 1 : 0);
    expect(starts.at(-1)).toBe(last);
    expect(starts.length).toBeLessThanOrEqual(1202);
    expect(starts.every((start, index) => index === 0 || start > (starts[index - 1] ?? 0))).toBe(true);
  });

  it("are the means of their batches, with the newest smoothed value and the newest measurement", () => {
    const run = runOf([4, 2, 3, 1]);
    measure(run, { step: 1, loss: 7, accuracy: 0.1, count: 500 });
    measure(run, { step: 2, loss: 6, accuracy: 0.2, count: 500 });
    measure(run, { step: 4, loss: 5, accuracy: 0.3, count: 500 });
    const points = curve(run, "loss", [0, 2, 4], 0);
    expect(points).toEqual({ raw: [3, 2, null], smooth: [2, 1, null], heldOut: [7, 6, 5] });
  });

  it("leave out a loss that is not a number", () => {
    const run = runOf([1, Number.NaN]);
    expect(curve(run, "loss", [0, 1, 2], 0.5)).toMatchObject({ raw: [1, null, null], smooth: [1, null, null] });
  });
});

describe("the event log", () => {
  it("says with each measurement how the training batches since the last one were", () => {
    const run = runOf([4, 2, 3, 1]);
    measure(run, { step: 0, loss: 9, accuracy: 0.1, count: 500 });
    measure(run, { step: 2, loss: 6, accuracy: 0.2, count: 500 });
    measure(run, { step: 4, loss: 5, accuracy: 0.3, count: 500 });
    expect(run.measurements.map(({ trainingLoss }) => trainingLoss)).toEqual([undefined, 3, 2]);
    // Measured again at the same step, as after a pause.
    measure(run, { step: 4, loss: 4, accuracy: 0.4, count: 10_000 });
    expect(run.measurements).toHaveLength(3);
    expect(run.measurements.at(-1)).toMatchObject({ loss: 4, trainingLoss: 2 });
  });

  it("keeps the last of several changes at one step, and forgets what came after a step it goes back to", () => {
    const run = runOf([4, 2, 3, 1]);
    note(run, { step: 1, kind: "learningRate", value: 0.1 });
    note(run, { step: 1, kind: "learningRate", value: 0.01 });
    note(run, { step: 3, kind: "lesson" });
    expect(truncated(run, 2).events).toEqual([{ step: 1, kind: "learningRate", value: 0.01 }]);
    expect(truncated(run, 2).id).toBe(run.id);
    // After none another run begins.
    expect(truncated(run, 0)).toEqual({ ...emptyRun(), id: expect.any(String) });
    expect(truncated(run, 0).id).not.toBe(run.id);
  });

  it("reads what an earlier version of the page kept", () => {
    const { losses, accuracies, measurements } = runOf([1, 2]);
    expect(completed({ losses, accuracies, measurements }).events).toEqual([]);
  });
});
