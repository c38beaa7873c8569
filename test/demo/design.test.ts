/** The network builder's rows: the address, the counts, what cannot work; against the library's own models. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  analyse,
  buildDesign,
  decodeEdit,
  decodeRows,
  encodeEdit,
  encodeRows,
  newRow,
  PRESETS,
  preset,
  ROW_KINDS,
  ROWS,
  type Row,
} from "../../demo/train/design.ts";
import { placeFor, remedyFor } from "../../demo/train/remedies.ts";
import { CortezaError } from "../../src/index.ts";

const IMAGE = [28, 28, 1];
const FRAME = { inputShape: IMAGE, classes: 10 };

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
          expect(["classes", "empty", "nothingToLearn", "tooLarge", "value", "wantsRow"]).toContain(problem.why);
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
    ["filters without number", [newRow("conv", { filters: 99999 })], 0, "value"],
    ["an end without ten scores", [newRow("conv")], 0, "classes"],
    ["nothing", [], 0, "empty"],
  ] as const)("%s is named for what it is", (_, rows, row, why) => {
    const { problem } = analyse(rows, IMAGE, 10);
    expect(problem).toMatchObject({ row, why });
  });

  it("become possible by one remedy after the other, whatever is wrong with them", () => {
    const anySize: fc.Arbitrary<readonly Row[]> = fc.array(
      anyRow.map((row) => ({
        ...row,
        options: Object.fromEntries(
          Object.entries(row.options).map(([name, value]) => [name, typeof value === "number" ? value ** 3 : value]),
        ),
      })),
      { maxLength: 7 },
    );
    fc.assert(
      fc.property(fc.oneof(anyRows, anySize), (rows) => {
        let now: readonly Row[] = rows;
        for (let press = 0; press <= 6 * rows.length + 6; press++) {
          const analysis = analyse(now, IMAGE, 10);
          const remedy = remedyFor(now, analysis, FRAME);
          expect(remedy === undefined).toBe(analysis.problem === undefined);
          if (remedy === undefined) return;
          expect(encodeRows(remedy.rows)).not.toBe(encodeRows(now));
          now = remedy.rows;
        }
        throw new Error(`${encodeRows(rows)} still does not work as ${encodeRows(now)}`);
      }),
      { seed: 5, numRuns: 300 },
    );
  });

  it.each([
    ["a convolution after Flatten", "c_p_f_c64_d", "c_p_c64_f_d", "moveBefore"],
    ["Dense on maps", "c_p_d", "c_p_f_d", "flattenBefore"],
    ["a pooling larger than the maps", "c_p4_p8_f_d", "c_p4_p7_f_d", "set"],
    ["a pooling of one pixel", "p8_p3_p_f_d", "p8_p3_f_d", "remove"],
    ["a second average", "c_g_g_d", "c_g_d", "remove"],
    ["no filters", "c0_f_d", "c1_f_d", "set"],
    ["too many filters", "c99999_f_d", "c512_f_d", "set"],
    ["another number of scores", "f_d7", "f_d", "set"],
    ["a hidden layer at the end", "f_d64.relu", "f_d64.relu_d", "end"],
    ["maps at the end", "c_p", "c_p_f_d", "end"],
    ["nothing", "", "f_d", "end"],
  ] as const)("%s has a remedy", (_, text, helped, kind) => {
    const rows = decodeRows(text) ?? [];
    const remedy = remedyFor(rows, analyse(rows, IMAGE, 10), FRAME);
    expect(remedy).toMatchObject({ kind });
    expect(encodeRows(remedy?.rows ?? [])).toBe(helped);
    expect(analyse(remedy?.rows ?? [], IMAGE, 10).problem).toBeUndefined();
  });

  it("too many parameters are brought down to what fits, and no further", () => {
    const rows = decodeRows("c64_f_d4096.relu_d") ?? [];
    const remedy = remedyFor(rows, analyse(rows, IMAGE, 10), FRAME);
    expect(remedy).toMatchObject({ kind: "set", field: "units" });
    const { counts, problem } = analyse(remedy?.rows ?? [], IMAGE, 10);
    expect(problem).toBeUndefined();
    const total = counts.reduce((sum, { parameters }) => sum + parameters, 0);
    // One more unit takes 28 · 28 · 64 weights.
    expect(total).toBeGreaterThan(20e6 - 2 * 28 * 28 * 64);
  });

  it("get new layers where these can work", () => {
    for (const name of PRESETS) {
      const rows = preset(name);
      for (const kind of ROW_KINDS) {
        // Maps can be averaged to one row once.
        if (kind === "globalAverage" && rows.some((row) => row.kind === kind)) continue;
        for (const preferred of [0, rows.length - 1, rows.length]) {
          const place = placeFor(rows, newRow(kind), preferred, FRAME);
          const { problem } = analyse([...rows.slice(0, place), newRow(kind), ...rows.slice(place)], IMAGE, 10);
          expect(problem, `${kind} in ${name}, asked for at ${preferred}`).toBeUndefined();
        }
      }
    }
    // Before Flatten, and before the pooling that leaves one value a map; where it was asked for, if it works there.
    const at = (text: string, kind: (typeof ROW_KINDS)[number], preferred: number) =>
      placeFor(decodeRows(text) ?? [], newRow(kind), preferred, FRAME);
    expect([at("c_p_f_d", "conv", 3), at("c_g_d", "conv", 2), at("c_p_f_d", "conv", 1)]).toEqual([2, 1, 1]);
    expect([at("c_p_f_d", "dense", 1), at("f_d", "conv", 1), at("", "dense", 0)]).toEqual([3, 0, 0]);
  });

  it("encode shorter where values are as usual", () => {
    expect(encodeRows(preset("reference"))).toBe("c_p_c64_p_f_d");
  });
});
