/** Tables of pixels, as people have them. */
import { describe, expect, it } from "vitest";
import { ArgumentError, csv, FormatError } from "../../src/index.ts";

const pixels = (row: number) => Array.from({ length: 784 }, (_, column) => (row * 31 + column * 7) % 256);

describe("csv", () => {
  it("reads MNIST's tables: the label first, 784 pixels, with a header or none, and any line ends", () => {
    const rows = [3, 0, 9].map((label, row) => [label, ...pixels(row)].join(","));
    const header = [
      "label",
      ...Array.from({ length: 784 }, (_, column) => `${Math.floor(column / 28)}x${column % 28}`),
    ].join(",");
    const all = Uint8Array.from([0, 1, 2].flatMap(pixels));
    for (const text of [
      rows.join("\n"),
      `${header}\n${rows.join("\n")}\n`,
      `\ufeff${header}\r\n${rows.join("\r\n\r\n")}\r\n`,
      rows.join("\r"),
    ]) {
      const data = csv(text);
      expect(data).toMatchObject({ count: 3, shape: [28, 28, 1], classes: 10 });
      expect([...data.labels]).toEqual([3, 0, 9]);
      expect(data.images).toEqual(all);
      expect(csv(new TextEncoder().encode(text))).toEqual(data);
    }
  });

  it("finds the label in another column, by its place or name, and makes classes of names", () => {
    const text = 'width;height;"kind of ""flower"""\n1.5;2;rose 10\n-3;4e-1;rose 2\n0.25;1;tulip\n';
    const data = csv(text, { label: 'kind of "flower"' });
    expect(data).toMatchObject({ count: 3, shape: [2], classes: 3, classNames: ["rose 2", "rose 10", "tulip"] });
    expect([...data.labels]).toEqual([1, 0, 2]);
    expect(data.images).toEqual(Float32Array.of(1.5, 2, -3, 0.4, 0.25, 1));
    expect(csv(text, { label: "last" })).toEqual(data);
    expect([...csv(text, { label: "last", classNames: ["tulip", "rose 10", "rose 2"] }).labels]).toEqual([1, 2, 0]);
    expect(csv("0\t1\t2\n1\t3\t4").images).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect([...csv("5|007|1\n6|7|1", { separator: "|", label: "last" }).images]).toEqual([5, 7, 6, 7]);
    // Labels of whole numbers with names given are names.
    expect(csv("7,1,2\n3,4,5", { classNames: ["3", "7"] })).toMatchObject({ labels: Int32Array.of(1, 0), classes: 2 });
  });

  it("tells bytes from numbers: pixels from 0 to 255, or values as they are", () => {
    expect(csv("0,0,255\n1,17,2").images).toBeInstanceOf(Uint8Array);
    expect(csv("0,0,1\n1,1,0").images).toEqual(Float32Array.of(0, 1, 1, 0));
    expect(csv("0,0,1\n1,1,0", { dtype: "u8" }).images).toEqual(Uint8Array.of(0, 1, 1, 0));
    expect(csv("0,0,256\n1,17,2").images).toEqual(Float32Array.of(0, 256, 17, 2));
    expect(csv("0,7,2\n1,0.5,2").images).toEqual(Float32Array.of(7, 2, 0.5, 2));
    expect(csv("0,7,2\n1,5,2", { dtype: "f32" }).images).toEqual(Float32Array.of(7, 2, 5, 2));
    expect(csv("0,1,2,3,4\n1,5,6,7,8", { shape: [2, 2, 1] }).shape).toEqual([2, 2, 1]);
  });

  it("holds tables of any length: a hundred thousand rows", () => {
    const data = csv(
      Array.from({ length: 100_000 }, (_, row) => `${row % 10},${row % 256},${(row * 3) % 256}`).join("\n"),
    );
    expect(data.count).toBe(100_000);
    expect([data.images[2 * 99_999], data.images[2 * 99_999 + 1], data.labels[99_999]]).toEqual([
      99_999 % 256,
      (99_999 * 3) % 256,
      9,
    ]);
  });

  it.each<[string, string | Uint8Array, object, RegExp]>([
    ["nothing", "", {}, /the table has no rows/],
    ["empty lines", "\n\r\n  \n", {}, /the table has no rows/],
    ["a header alone", "label,a,b\n", {}, /a header and no rows/],
    ["one column", "1\n2\n", {}, /the first row has one field, "1"/],
    ["a short row", "1,2,3\n\n4,5\n", {}, /line 3 has 2 fields, the first row has 3/],
    ["a long row", "1,2,3\n4,5,6,7\n", {}, /line 2 has 4 fields/],
    ["a word among pixels", "1,2,3\n4,x,6\n", {}, /line 2, field 2 is "x", which is no number/],
    ["a missing pixel", "1,2,3\n4,,6\n", {}, /line 2, field 2 is "", which is no number/],
    ["an infinite pixel", "1,2,3\n4,1e999,6\n", {}, /line 2, field 2 is "1e999"/],
    ["a quote without an end", '1,2,3\n4,"5,6\n', {}, /the quote that opens in line 2 does not end/],
    ["text behind a quote", '1,2,3\n4,"5"6,6\n', {}, /line 2 goes on behind a closing quote/],
    ["a zip archive", Uint8Array.from([0x50, 0x4b, 3, 4, 0, 0]), {}, /this is no text; this looks like a zip archive/],
  ])("refuses %s as a file", (_, source, options, message) => {
    expect(() => csv(source, options)).toThrow(FormatError);
    expect(() => csv(source, options)).toThrow(message);
  });

  it.each<[string, string, object, RegExp]>([
    [
      "a column that is not there",
      "label,a,b\n1,2,3\n",
      { label: "labels" },
      /there is no column "labels"; did you mean "label"\?/,
    ],
    [
      "a column by name without a header",
      "1,2,3\n",
      { label: "kind", header: false },
      /there is no column "kind"; say "first"/,
    ],
    ["a shape that does not fit", "1,2,3\n", { shape: [3] }, /an image of \[3\] has 3 values, a row has 2/],
    ["bytes that are none", "1,2,300\n", { dtype: "u8" }, /all pixels must be whole numbers/],
    ["another type", "1,2,3\n", { dtype: "u16" }, /dtype must be "u8" or "f32"/],
    ["a separator of two", "1,2,3\n", { separator: ", " }, /separator must be one character/],
    [
      "a label that is no class",
      "rose,2,3\n",
      { classNames: ["tulip"], header: false },
      /the label "rose" of image 0 is none/,
    ],
    ["pandas' word", "1,2,3\n", { sep: ";" }, /it is "separator"/],
  ])("refuses %s as an option", (_, source, options, message) => {
    expect(() => csv(source, options)).toThrow(ArgumentError);
    expect(() => csv(source, options)).toThrow(message);
  });
});
