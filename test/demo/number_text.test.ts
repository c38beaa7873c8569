/** Numbers as people type them, in the languages of the page. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { marksOf, readNumber, writeNumber } from "../../demo/number_text.ts";

const read = (text: string, locale: string) => readNumber(text, marksOf(locale));

describe("a number in a field", () => {
  it.each([
    ["0,01", "es", 0.01],
    ["0,01", "es-ES", 0.01],
    ["0.01", "es", 0.01],
    ["0.001", "es", 0.001],
    ["1.500", "es", 1500],
    ["1.500,5", "es", 1500.5],
    ["1500", "es", 1500],
    ["0.01", "es-MX", 0.01],
    ["0,01", "es-MX", 0.01],
    ["1,500", "es-MX", 1500],
    ["0.01", "en", 0.01],
    ["0,01", "en", 0.01],
    ["0,001", "en", 0.001],
    ["1,500", "en", 1500],
    ["1,5", "en", 1.5],
    ["25 088", "es", 25088],
    ["25\u202f088,5", "es", 25088.5],
    [" 7 ", "en", 7],
    ["1e-3", "en", 0.001],
    ["1,5E-3", "es", 0.0015],
    ["1E30", "es", 1e30],
    ["\u22120,5", "es", -0.5],
    [".5", "en", 0.5],
    ["5.", "en", 5],
    ["１２", "en", 12],
  ] as const)("%s in %s is %d", (text, locale, value) => {
    expect(read(text, locale)).toBe(value);
  });

  it.each(["", "abc", "0,0,1", "1.2.3", "1 2", "12a", "--1", "e5", "0x10", "1/2", "Infinity", "NaN", "1.50.000"])(
    "%s is none, in either language",
    (text) => {
      expect(read(text, "es")).toBeUndefined();
      expect(read(text, "en")).toBeUndefined();
    },
  );

  it("that was written is read as the same number, to the figures of a 32-bit float", () => {
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom("en", "en-IN", "es", "es-MX", "es-419"),
        (value, locale) => {
          expect(read(writeNumber(value, locale), locale)).toBe(Number(value.toPrecision(7)) || 0);
        },
      ),
      { seed: 6, numRuns: 500 },
    );
  });
});
