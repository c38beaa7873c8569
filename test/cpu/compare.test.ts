import { describe, expect, it } from "vitest";
import { expectClose, expectExact } from "../support/compare.ts";

describe("expectClose", () => {
  it("allows 8 · √K · 2⁻²⁴ · Σ|a||b| and no more", () => {
    const allowed = 8 * 3 * 2 ** -24 * 10;
    expect(() => expectClose([1 + 0.99 * allowed], [1], { absSum: 10, k: 9 })).not.toThrow();
    expect(() => expectClose([1 + 1.01 * allowed], [1], { absSum: [10], k: 9 })).toThrow(/value 0/);
  });

  it("names the worst value", () => {
    expect(() => expectClose([1.1, 3, 1], [1, 1, 1])).toThrow(/value 1 is 3, expected 1/);
  });

  it("refuses NaN, infinities and other lengths, unless they are expected", () => {
    expect(() => expectClose([Number.NaN], [1])).toThrow(/value 0 is NaN/);
    expect(() => expectClose([1, 9], [Number.NaN, 1])).toThrow(/value 0/);
    expect(() => expectClose([1], [Number.POSITIVE_INFINITY], { absSum: 1 })).toThrow();
    expect(() => expectClose([1], [1, 2])).toThrow(/1 values, expected 2/);
    expectClose([Number.NaN, Number.POSITIVE_INFINITY], [Number.NaN, Number.POSITIVE_INFINITY]);
  });

  it("forgives a flushed subnormal", () => expectClose([0], [1e-40]));
});

describe("expectExact", () => {
  it("takes −0 for 0 and NaN for NaN, and nothing else for another", () => {
    expectExact([-0, Number.NaN, 3], [0, Number.NaN, 3]);
    expect(() => expectExact([1, 2], [1, 2 + 2 ** -50])).toThrow(/value 1/);
    expect(() => expectExact([Number.NaN], [0])).toThrow();
  });
});
