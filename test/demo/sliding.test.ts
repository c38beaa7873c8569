import { describe, expect, it } from "vitest";
import { windowOf } from "../../demo/inside/maps.ts";
import { placesWithInk } from "../../demo/inside/sliding.ts";
import type { ConvGeometry } from "../../src/core/window_geometry.ts";
import { conv2d, type Model, sequential } from "../../src/index.ts";

const geometry = (model: Model) => windowOf(model, 0) as ConvGeometry;
const picture = (rows: number, columns: number, ...ink: [number, number][]) => {
  const data = new Float32Array(rows * columns);
  for (const [row, column] of ink) data[row * columns + column] = 0.5;
  return { shape: [rows, columns, 1], data };
};

describe("a window that slides", () => {
  it("stands where it has ink under it, from the first such place to the last, row by row", () => {
    const g = geometry(sequential({ inputShape: [6, 6, 1] }, [conv2d({ filters: 1, kernelSize: 3, padding: "same" })]));
    expect(placesWithInk(g, picture(6, 6, [2, 3]))).toEqual([8, 9, 10, 14, 15, 16, 20, 21, 22]);
    expect(placesWithInk(g, picture(6, 6, [0, 0]))).toEqual([0, 1, 6, 7]);
    expect(placesWithInk(g, picture(6, 6))).toHaveLength(36);
  });

  it("looks between the pixels that a dilated kernel leaves out, and steps as wide as the layer does", () => {
    const dilated = geometry(
      sequential({ inputShape: [5, 5, 1] }, [conv2d({ filters: 1, kernelSize: 2, dilationRate: 2 })]),
    );
    // Its corners lie two apart: places (0, 0), (0, 2), (2, 0) and (2, 2) see the middle.
    expect(placesWithInk(dilated, picture(5, 5, [2, 2]))).toEqual([0, 2, 6, 8]);
    const strided = geometry(
      sequential({ inputShape: [6, 6, 1] }, [conv2d({ filters: 1, kernelSize: 2, strides: 2 })]),
    );
    expect(placesWithInk(strided, picture(6, 6, [5, 5]))).toEqual([8]);
  });

  it("sees any channel of maps", () => {
    const g = geometry(sequential({ inputShape: [2, 2, 3] }, [conv2d({ filters: 1, kernelSize: 1 })]));
    const data = new Float32Array(12);
    data[3 * 2 + 1] = -1;
    expect(placesWithInk(g, { shape: [2, 2, 3], data })).toEqual([2]);
  });
});
