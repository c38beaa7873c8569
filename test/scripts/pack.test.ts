/** What the packed scripts for a machine with a GPU compute without one (bench/pack). */
import { describe, expect, it } from "vitest";
import { CARDS } from "../../bench/isa/model.ts";
import { cardOf, compare, type Measured, type Prediction } from "../../bench/pack/predictions.ts";
import { worksOf } from "../../bench/pack/works.ts";

const of = (microseconds: number) =>
  Object.fromEntries(CARDS.map(({ name }, place) => [name, microseconds * (place + 1)]));

const PREDICTED: Prediction = {
  work: "train reference 64",
  kernels: [
    { kernel: "fetch_batch", layer: "input", microseconds: of(2) },
    { kernel: "conv2d_staged", layer: "layer2", microseconds: of(40) },
    { kernel: "optimizer_update", layer: "optimizer", microseconds: of(8) },
  ],
};

const kernel = (name: string, milliseconds: number) => ({
  ...{ layer: "layer", op: "op", kernel: name, milliseconds, flops: 0, bytes: 0 },
});

/** A profile with times that were made up. */
const MEASURED: Measured = {
  work: "train reference 64",
  stepMicroseconds: 100,
  profile: {
    ...{ timing: "timestamps", steps: 5, peakGflops: 1 },
    kernels: [kernel("fetch_batch", 0.003), kernel("conv2d_staged", 0.06), kernel("other_update", 0.004)],
  },
};

describe("the table of a profile beside the model of time", () => {
  const first = CARDS[0]?.name ?? "";
  const linesOf = (text: string) => text.split("\n").map((line) => line.trim().split(/\s{2,}/));

  it("has each dispatch, and sums of those that are the same kernel", () => {
    const lines = linesOf(compare([PREDICTED], [MEASURED], first));
    expect(lines).toEqual(
      expect.arrayContaining([
        ["layer fetch_batch", "3.00", "2.00", "1.50"],
        ["layer conv2d_staged", "60.0", "40.0", "1.50"],
        ["layer other_update", "4.00", "another kernel", "–"],
        ["the same kernels, 2 of 3", "63.0", "42.0", "1.50"],
        ["the step, many in one submission", "100", "50.0", "2.00"],
      ]),
    );
  });

  it("is that of the card which was asked for", () => {
    const second = CARDS[1]?.name ?? "";
    expect(linesOf(compare([PREDICTED], [MEASURED], second))).toContainEqual([
      "layer fetch_batch",
      "3.00",
      "4.00",
      "0.750",
    ]);
    expect(() => compare([PREDICTED], [MEASURED], "Voodoo 2")).toThrow(`the model has ${first}`);
  });

  it("says so where nothing was expected", () => {
    expect(compare([], [MEASURED], first)).toBe("train reference 64: nothing was expected of it");
  });
});

it("the card is the one that the adapter's name has in it", () => {
  expect(cardOf("nvidia · hopper · NVIDIA H100 80GB HBM3")).toBe("H100");
  expect(cardOf("AMD Radeon RX 6800 (RADV NAVI21)")).toBe("RX 6800");
  expect(cardOf("google · swiftshader")).toBeUndefined();
});

it("works are networks and batches", () => {
  expect(worksOf("reference:64,vgg64:8")).toEqual([
    { kind: "train", network: "reference", batch: 64 },
    { kind: "train", network: "vgg64", batch: 8 },
  ]);
  expect(() => worksOf("alexnet:64")).toThrow("the network is one of reference");
  expect(() => worksOf("reference:0")).toThrow("the batch is a whole number");
  expect(() => worksOf("reference")).toThrow("the batch is a whole number");
});
