import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import type { DropoutOptions } from "../../src/graph/ops/dropout.ts";
import { Graph } from "../../src/graph.ts";
import { ArgumentError, ShapeError } from "../../src/index.ts";

const SIZE = 20000;

/** What dropout makes of ones at a step, and the gradient of the sum of what it makes. */
async function dropped(options: Omit<DropoutOptions, "step">, step: number, shape: readonly number[] = [SIZE]) {
  const graph = new Graph();
  const x = graph.input("x", shape);
  const y = graph.dropout(x, { ...options, step: graph.input("step", [], "u32") });
  const [dx] = graph.gradients(graph.sum(y), [x]);
  const program = await cpu({ precision: "f64" }).compile(graph, { outputs: { y, dx: dx as NonNullable<typeof dx> } });
  const ones = new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(1);
  const out = await program.run({ x: ones, step: [step] });
  return { y: [...(out["y"]?.data ?? [])], dx: [...(out["dx"]?.data ?? [])] };
}

describe("dropout", () => {
  it.each([0.1, 0.5, 0.9])(
    "drops a share of %f and keeps the expectation; the gradient has the same mask",
    async (rate) => {
      const { y, dx } = await dropped({ rate, seed: 3, stream: 4 }, 5);
      expect(new Set(y)).toEqual(new Set([0, 1 / (1 - rate)]));
      const share = y.filter((value) => value === 0).length / SIZE;
      // Five standard errors.
      expect(Math.abs(share - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / SIZE));
      expect(dx).toEqual(y);
    },
  );

  it("is a function of seed, stream, step and place, and of nothing else", async () => {
    const mask = async (seed: number, stream: number, step: number) =>
      (await dropped({ rate: 0.5, seed, stream }, step)).y.map((value) => Number(value === 0));
    const first = await mask(1, 2, 3);
    expect(await mask(1, 2, 3)).toEqual(first);
    for (const other of [await mask(2, 2, 3), await mask(1, 3, 3), await mask(1, 2, 4)]) {
      const both = other.filter((value, place) => value === 1 && first[place] === 1).length;
      // Independent masks meet in a quarter of all places.
      expect(Math.abs(both / SIZE - 0.25)).toBeLessThan(5 * Math.sqrt(0.1875 / SIZE));
    }
  });

  it("shares a decision along the axes on which the mask is 1", async () => {
    const { y, dx } = await dropped({ rate: 0.5, noiseShape: [50, 1, 4] }, 0, [50, 3, 4]);
    for (let image = 0; image < 50; image++) {
      for (let channel = 0; channel < 4; channel++) {
        const column = [0, 1, 2].map((row) => y[(image * 3 + row) * 4 + channel]);
        expect(new Set(column).size).toBe(1);
      }
    }
    expect(new Set(y)).toEqual(new Set([0, 2]));
    expect(dx).toEqual(y);
  });

  it("refuses a rate out of range, a mask that does not stretch, and a step that is no count", () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 3]);
    for (const rate of [-0.1, 1, Number.NaN]) expect(() => graph.dropout(x, { rate })).toThrow(ArgumentError);
    expect(() => graph.dropout(x, { rate: 0.5, noiseShape: [2, 2] })).toThrow(ShapeError);
    expect(() => graph.dropout(x, { rate: 0.5, noiseShape: [3] })).toThrow(ShapeError);
    expect(() => graph.dropout(x, { rate: 0.5, step: graph.input("step", []) })).toThrow(/wants u32 as step, got f32/);
  });
});
