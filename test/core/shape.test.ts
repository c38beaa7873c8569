import { expect, it } from "vitest";
import { formatShape } from "../../src/core/shape.ts";

it("a shape of a million axes makes a short message", () => {
  expect(formatShape([2, 28, 28, 1])).toBe("[2, 28, 28, 1]");
  expect(formatShape(new Array<number>(1e6).fill(1))).toBe(`[${"1, ".repeat(12)}… 999988 more axes]`);
});
