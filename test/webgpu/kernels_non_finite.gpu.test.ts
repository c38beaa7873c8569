import { describe, expect, test } from "vitest";
import { nonFinite } from "../../src/webgpu/kernels/non_finite.ts";
import { openDevice } from "../support/device.ts";
import { outputOf, traitsOfEachKind, uniform } from "./kernels_support.ts";

const device = await openDevice();

describe.each(traitsOfEachKind)("%s", (_, traits) => {
  // Buffers may be longer than the values in them: what lies behind is nobody's.
  test("finds what is not finite at every place of every tensor, and nothing behind their ends", async () => {
    const sizes = [5, 3];
    const spec = nonFinite(sizes, traits);
    const found = async (source: number, place: number, value: number) => {
      const tensors = [uniform(8, 1), uniform(8, 2)];
      (tensors[source] as Float32Array)[place] = value;
      const flags = await outputOf(device, spec, tensors, spec.workgroups[0]);
      return Array.from(flags).some((flag) => flag === 1);
    };
    for (const [source, size] of sizes.entries()) {
      for (let place = 0; place < 8; place++) {
        const value = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][place % 3] as number;
        expect(await found(source, place, value), `${value} at ${place} of tensor ${source}`).toBe(place < size);
      }
    }
    expect(await found(0, 0, 3.4e38)).toBe(false);
  });
});
