/** How the demo names a training: by what changed against the training before. */
import { describe, expect, it } from "vitest";
import { encodeRows, newRow, preset } from "../../demo/train/design.ts";
import { differences, type RunSettings } from "../../demo/train/run_settings.ts";

const REFERENCE: RunSettings = {
  network: encodeRows(preset("reference")),
  optimizer: "adam",
  learningRate: 0.001,
  batchSize: 32,
  seed: 1,
  vary: true,
  digits: 2000,
};

describe("a training differs from the one before", () => {
  it("in nothing where it is the same again", () => {
    expect(differences(REFERENCE, { ...REFERENCE })).toEqual([]);
  });

  it("in each setting that is another one, from the network down", () => {
    const other: RunSettings = {
      network: undefined,
      optimizer: "sgd",
      learningRate: 0.01,
      batchSize: 256,
      seed: 7,
      vary: false,
      digits: 60_000,
    };
    expect(differences(REFERENCE, other)).toEqual([
      { what: "network", value: undefined, removed: [], added: [] },
      { what: "optimizer", value: "sgd" },
      { what: "learningRate", value: 0.01 },
      { what: "batchSize", value: 256 },
      { what: "digits", value: 60_000 },
      { what: "vary", value: false },
      { what: "seed", value: 7 },
    ]);
  });

  it("in the rows that went and came, where those are few", () => {
    const rows = preset("reference");
    const with48 = encodeRows([...rows.slice(0, 2), newRow("conv", { filters: 48 }), ...rows.slice(3)]);
    const withMore = encodeRows([...rows.slice(0, 2), newRow("conv", { filters: 64 }), ...rows.slice(2)]);
    expect(differences(REFERENCE, { ...REFERENCE, network: with48 })).toEqual([
      {
        what: "network",
        value: with48,
        removed: [newRow("conv", { filters: 64 })],
        added: [newRow("conv", { filters: 48 })],
      },
    ]);
    expect(differences(REFERENCE, { ...REFERENCE, network: withMore })).toMatchObject([
      { removed: [], added: [newRow("conv", { filters: 64 })] },
    ]);
    expect(differences({ ...REFERENCE, network: withMore }, REFERENCE)).toMatchObject([
      { removed: [newRow("conv", { filters: 64 })], added: [] },
    ]);
  });

  it("in the whole network where little of it is the same", () => {
    const vgg = encodeRows(preset("vgg"));
    expect(differences(REFERENCE, { ...REFERENCE, network: vgg })).toEqual([
      { what: "network", value: vgg, removed: [], added: [] },
    ]);
  });
});
