/** How many steps a submission takes, on clocks of every kind. */
import { describe, expect, it } from "vitest";
import { Pace } from "../../src/train/pace.ts";

/** Submissions one after the other, of steps that take so long, told of by a clock that moves in ticks. */
function bundles(millisecondsPerStep: number, tick: number, count: number): number[] {
  const pace = new Pace();
  const clock = (time: number) => Math.floor(time / tick) * tick;
  let now = 0;
  return Array.from({ length: count }, () => {
    const steps = pace.steps();
    const sent = now;
    now += steps * millisecondsPerStep;
    pace.done(steps, clock(sent), clock(now));
    return steps;
  });
}

describe("the steps of a submission", () => {
  it("grow to about 10 ms of work", () => {
    expect(bundles(1, 0.01, 12).at(-1)).toBe(10);
    expect(bundles(0.01, 0.01, 12).at(-1)).toBe(64);
    expect(bundles(40, 0.01, 12).at(-1)).toBe(1);
  });

  it.each([1, 16, 100])("at most double, so that a clock of %s ms sends no long work by mistake", (tick) => {
    // Each takes 7 ms; the first seem to take none.
    const steps = bundles(7, tick, 40);
    steps.forEach((count, index) => {
      expect(count).toBeLessThanOrEqual(2 * Math.max(...steps.slice(0, index), 0.5));
    });
    expect(Math.max(...steps) * 7, `${steps.join(" ")} steps`).toBeLessThan(Math.max(30, 2.5 * tick));
  });
});
