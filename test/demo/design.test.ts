/** The network builder's rows: the address, the counts, what cannot work; against the library's own models. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  analyse,
  buildDesign,
  decodeEdit,
  encodeEdit,
  encodeRows,
  newRow,
  PRESETS,
  preset,
  ROW_KINDS,
  ROWS,
  type Row,
} from "../../demo/train/design.ts";
import { CortezaError } from "../../src/index.ts";

const IMAGE = [28, 28, 1];

const anyRow: fc.Arbitrary<Row> = fc
  .constantFrom(...ROW_KINDS)
  .chain((kind) =>
    fc
      .record(
        Object.fromEntries(
          ROWS[kind].fields.map((field) => [
            field.name,
            "choices" in field
              ? fc.constantFrom(...field.choices)
              : fc.integer({ min: 0, max: Math.min(12, field.most) }),
          ]),
        ),
      )
      .map((options) => newRow(kind, options as Record<string, number | string>)),
  );
const anyRows = fc.array(anyRow, { maxLength: 8 });

describe("presets", () => {
  it.each(PRESETS)("%s has the counts that the model itself gives", (name) => {
    const { counts, problem } = analyse(preset(name), IMAGE, 10);
    expect(problem).toBeUndefined();
    const summary = buildDesign(preset(name), IMAGE, 1).summary();
    const total = (read: (one: (typeof counts)[number]) => number) => counts.reduce((sum, one) => sum + read(one), 0);
    expect(784 + total((one) => one.neurons)).toBe(summary.neurons);
    expect(total((one) => one.parameters)).toBe(summary.parameters);
    expect(total((one) => one.multiplyAdds)).toBe(summary.multiplyAdds);
  });

  it("begins with the reference network and its figures", () => {
    const { counts } = analyse(preset("reference"), IMAGE, 10);
    expect(counts.map(({ neurons }) => neurons)).toEqual([25088, 6272, 12544, 3136, 3136, 10]);
    expect(counts.map(({ parameters }) => parameters)).toEqual([320, 0, 18496, 0, 0, 31370]);
  });
});

describe("the address", () => {
  it("brings every list of rows back, from every preset", () => {
    fc.assert(
      fc.property(fc.constantFrom(...PRESETS), anyRows, (name, rows) => {
        const edit = encodeEdit(preset(name), rows);
        expect(edit === undefined ? preset(name) : decodeEdit(preset(name), edit)).toEqual(rows);
      }),
      { seed: 3 },
    );
  });

  it("holds nothing of what is as in the preset", () => {
    const rows = preset("reference");
    expect(encodeEdit(rows, rows)).toBeUndefined();
    const changed = rows.map((row, index) => (index === 2 ? newRow("conv", { filters: 48, kernel: 5 }) : row));
    expect(encodeEdit(rows, changed)).toBe("2-1_c48.5");
  });

  it("says so of what is no network", () => {
    for (const text of ["", "x", "0-9", "0-1_q", "0-1_c1.2.3", "0-1_c1.2.relu.same.1.1", "0-1_c-3"]) {
      expect(decodeEdit(preset("reference"), text), text).toBeUndefined();
    }
  });
});

describe("any rows", () => {
  it("either make a model with ten scores, or are explained at the first row where no model can be made", () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const { counts, problem } = analyse(rows, IMAGE, 10);
        if (problem === undefined) {
          const model = buildDesign(rows, IMAGE, 1);
          expect(model.outputShape).toEqual([10]);
          expect(counts.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(model.summary().parameters);
        } else if (problem.message !== undefined) {
          expect(counts).toHaveLength(problem.row);
          expect(() => buildDesign(rows.slice(0, problem.row + 1), IMAGE, 1)).toThrow(CortezaError);
        } else {
          expect(["classes", "empty", "nothingToLearn", "tooLarge", "wantsRow"]).toContain(problem.why);
        }
      }),
      { seed: 4, numRuns: 150 },
    );
  });

  it.each([
    ["a convolution after flatten", [newRow("flatten"), newRow("conv")], 1, "wantsMaps"],
    ["dense on maps", [newRow("dense")], 0, "wantsRow"],
    ["a window larger than the maps", [newRow("maxPool", { size: 8 }), newRow("maxPool", { size: 8 })], 1, "window"],
    ["no filters", [newRow("conv", { filters: 0 })], 0, "value"],
    ["an end without ten scores", [newRow("conv")], 0, "classes"],
    ["nothing", [], 0, "empty"],
  ] as const)("%s is named for what it is", (_, rows, row, why) => {
    const { problem } = analyse(rows, IMAGE, 10);
    expect(problem).toMatchObject({ row, why });
  });

  it("encode shorter where values are as usual", () => {
    expect(encodeRows(preset("reference"))).toBe("c_p_c64_p_f_d");
  });
});
