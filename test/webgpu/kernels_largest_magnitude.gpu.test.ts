import { describe, expect, test } from "vitest";
import { largestMagnitude } from "../../src/webgpu/kernels/largest_magnitude.ts";
import { openDevice } from "../support/device.ts";
import { outputOf, traitsOfEachKind } from "./kernels_support.ts";

const device = await openDevice();

describe.each(traitsOfEachKind)("%s", (_, traits) => {
  // The buffer is longer than the values: what lies behind them is nobody's.
  test.each([1, 5, 64, 300])("of %i values, wherever it is, and not what lies behind them", async (size) => {
    for (const place of new Set([0, size >> 1, size - 1])) {
      const values = Float32Array.from({ length: size + 4 }, (_, i) => (i < size ? Math.sin(i) : 1000));
      values[place] = -7.5;
      const [largest] = await outputOf(device, largestMagnitude(size, traits), [values], 1);
      expect(largest, `at ${place}`).toBe(7.5);
    }
  });
});
