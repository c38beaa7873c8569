import { describe, expect, it } from "vitest";
import { KernelMemory } from "../../demo/inside/kernel_memory.ts";

const kernel = (value: number, side = 3) => ({
  shape: [side, side, 1, 1],
  data: new Float32Array(side * side).fill(value),
});
const seen = ({ moments }: KernelMemory) => moments.map(({ step, kernel: { data } }) => [step, data[0]]);

describe("the time lapse of the kernels", () => {
  it("has what was before any training, also where nothing was measured before the first steps", () => {
    const memory = new KernelMemory();
    memory.begin("a", () => kernel(7));
    memory.remember(8, kernel(8));
    expect(seen(memory)).toEqual([
      [0, 7],
      [8, 8],
    ]);
    // Measured at the beginning after all: the same moment once.
    memory.begin("a", () => kernel(1));
    memory.remember(0, kernel(7));
    memory.remember(8, kernel(9));
    expect(seen(memory)).toEqual([
      [0, 7],
      [8, 9],
    ]);
  });

  it("shows no moment of the training before, whose kernels may have the same shape", () => {
    const memory = new KernelMemory();
    memory.begin("a", () => kernel(7));
    memory.remember(8, kernel(8));
    memory.begin("b", () => kernel(1));
    memory.remember(16, kernel(2));
    expect(seen(memory)).toEqual([
      [0, 1],
      [16, 2],
    ]);
    // One that began elsewhere.
    memory.begin("c", () => undefined);
    memory.remember(70, kernel(5));
    expect(seen(memory)).toEqual([[70, 5]]);
  });

  it("forgets what came after the moment that the training went back to, and keeps its beginning when it is thinned out", () => {
    const memory = new KernelMemory();
    memory.begin("a", () => kernel(0));
    for (let step = 1; step <= 200; step++) memory.remember(step, kernel(step));
    expect(seen(memory)[0]).toEqual([0, 0]);
    expect(memory.moments.length).toBeLessThanOrEqual(64);
    memory.remember(100, kernel(-1));
    expect(seen(memory).at(-1)).toEqual([100, -1]);
    expect(seen(memory)[0]).toEqual([0, 0]);
  });
});
