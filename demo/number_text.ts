/** Numbers as people type them, in the page's language: "0,01" is a hundredth in Spanish. No page. */

/** The marks that a language writes numbers with. */
export interface Marks {
  readonly decimal: string;
  readonly group: string;
}

/** The marks of a language, by its tag. */
export function marksOf(locale: string): Marks {
  const parts = new Intl.NumberFormat(locale, { useGrouping: true }).formatToParts(1234567.5);
  const of = (type: string, usual: string) => parts.find((part) => part.type === type)?.value ?? usual;
  return { decimal: of("decimal", "."), group: of("group", ",") };
}

const POINTS = [".", ","];
const escaped = (mark: string) => `\\${mark}`;

/**
 * The number that a text means; undefined for what is none. The other language's point is taken where the text can mean
 * nothing else: "0.01" is a hundredth in Spanish too, but "1.500" is fifteen hundred there.
 */
export function readNumber(text: string, { decimal, group }: Marks): number | undefined {
  const plain = text
    .normalize("NFKC")
    .trim()
    .replace(/^[\u2212\u2013]/, "-")
    .replace(/([eE])\u2212/, "$1-")
    // Spaces and apostrophes between groups of three.
    .replace(/(\d)[\s'\u2019](?=\d{3}(?!\d))/g, "$1");
  const groups = POINTS.includes(group) ? escaped(group) : "(?!)";
  const grouped = new RegExp(`^[+-]?[1-9]\\d{0,2}(${groups}\\d{3})+(${escaped(decimal)}\\d*)?$`);
  if (grouped.test(plain)) return Number(plain.replaceAll(group, "").replace(decimal, "."));
  for (const point of [decimal, ...POINTS]) {
    const mark = escaped(point);
    const number = new RegExp(`^[+-]?(\\d+(${mark}\\d*)?|${mark}\\d+)(e[+-]?\\d+)?$`, "i");
    if (number.test(plain)) return Number(plain.replace(point, "."));
  }
  return undefined;
}

/** A number as `readNumber` reads it in the same language: no groups, and the figures that a 32-bit float has. */
export function writeNumber(value: number, locale: string): string {
  const size = Math.abs(value);
  const notation = value === 0 || (size >= 1e-6 && size < 1e15) ? "standard" : "scientific";
  return new Intl.NumberFormat(locale, { notation, useGrouping: false, maximumSignificantDigits: 7 }).format(
    value || 0,
  );
}
