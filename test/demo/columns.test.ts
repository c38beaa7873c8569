/** Which layers the first screen shows, and where their values come from. */
import { describe, expect, it } from "vitest";
import { IMAGE } from "../../demo/setup.ts";
import { columnsOf, gridOf } from "../../demo/stage/columns.ts";
import { buildDesign, preset } from "../../demo/train/design.ts";
import {
  batchNormalization,
  conv2d,
  dense,
  dropout,
  elu,
  flatten,
  leakyReLU,
  maxPooling2d,
  prelu,
  reLU,
  sequential,
} from "../../src/index.ts";

describe("the columns of the first screen", () => {
  it.each([
    ["reLU", reLU()],
    ["leakyReLU", leakyReLU()],
    ["elu", elu()],
    ["prelu", prelu()],
    ["dropout", dropout({ rate: 0.2 })],
  ])("show a convolution with what changes its values one by one as one (%s)", (_, layer) => {
    const model = sequential({ inputShape: [28, 28, 1] }, [
      conv2d({ filters: 4, kernelSize: 3 }),
      batchNormalization(),
      layer,
      maxPooling2d(),
      flatten(),
      dense({ units: 10 }),
    ]);
    const columns = columnsOf(model);
    expect(columns.map(({ opens, from }) => [model.layers[opens]?.layer.config.kind, from])).toEqual([
      ["conv2d", [-1]],
      ["maxPooling2d", [0]],
    ]);
  });

  it("say where a branch comes from", () => {
    const model = buildDesign(preset("residual"), IMAGE, 1);
    const columns = columnsOf(model);
    const sum = columns.findIndex(({ opens }) => model.layers[opens]?.layer.config.kind === "add");
    expect(columns[sum]?.from.length).toBe(2);
    expect(columns[sum]?.from.every((place) => place >= 0 && place < sum)).toBe(true);
  });

  it("lie a pixel a value, upright, or as wide as there is room", () => {
    expect(gridOf([28, 28, 32])).toEqual({ perRow: 4, width: 115, height: 231 });
    expect(gridOf([28, 28, 32], 358)).toEqual({ perRow: 12, width: 347, height: 86 });
    expect(gridOf([128]).width).toBe(128);
  });
});
