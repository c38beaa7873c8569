/** What a mutant changes; the table of the report counts them by it. */
export type Change =
  | "operator"
  | "comparison"
  | "logic"
  | "sign"
  | "constant"
  | "index"
  | "min/max"
  | "rounding"
  | "axis"
  | "dropped term"
  | "inverted check";

/** One change of one file: the characters `[start, end)` become `replacement`. */
export interface Mutant {
  /** Path from the project's root, with `/`. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  readonly change: Change;
  /** Of the changed place, from 1. */
  readonly line: number;
  /** For people, and for the list of equivalent mutants: `a + b → a - b`, as short as it is clear. */
  readonly description: string;
  /** The line before the change, without indentation: with the description it finds a mutant whose line has moved. */
  readonly text: string;
}

export function applyMutant(source: string, { start, end, replacement }: Mutant): string {
  return source.slice(0, start) + replacement + source.slice(end);
}

/** What places are found with: the offsets and texts that a mutant is made of. */
export type Place = Pick<Mutant, "start" | "end" | "replacement" | "change">;

/** Fills in what follows from a place and its file. */
export function mutantsOf(file: string, source: string, places: readonly Place[]): Mutant[] {
  const lines = source.split("\n");
  const starts: number[] = [];
  for (let start = 0, i = 0; i < lines.length; i++) {
    starts.push(start);
    start += (lines[i]?.length ?? 0) + 1;
  }
  return [...places]
    .sort((a, b) => a.start - b.start)
    .map((place) => {
      while ((starts[0] ?? Number.POSITIVE_INFINITY) <= place.start) starts.shift();
      const line = lines.length - starts.length;
      return { file, ...place, line, text: (lines[line - 1] ?? "").trim(), description: describe(source, place) };
    });
}

/** The changed characters with as much around them as tells the place from its neighbours on the line. */
function describe(source: string, { start, end, replacement }: Place): string {
  const before = /[^\n]*$/.exec(source.slice(Math.max(0, start - 16), start))?.[0].trimStart() ?? "";
  const after = /^[^\n]*/.exec(source.slice(end, end + 16))?.[0].trimEnd() ?? "";
  const was = source.slice(start, end);
  return `${before}⟦${oneLine(was)} → ${oneLine(replacement)}⟧${after}`;
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ");
}

/** Operators and what they turn into. */
export const SWAPS: Readonly<Record<string, readonly [string, Change]>> = {
  "+": ["-", "operator"],
  "-": ["+", "operator"],
  "*": ["/", "operator"],
  "/": ["*", "operator"],
  "+=": ["-=", "operator"],
  "-=": ["+=", "operator"],
  "*=": ["/=", "operator"],
  "/=": ["*=", "operator"],
  "<<": [">>", "operator"],
  ">>": ["<<", "operator"],
  "<": ["<=", "comparison"],
  "<=": ["<", "comparison"],
  ">": [">=", "comparison"],
  ">=": [">", "comparison"],
  "==": ["!=", "comparison"],
  "!=": ["==", "comparison"],
  "===": ["!==", "comparison"],
  "!==": ["===", "comparison"],
  "&&": ["||", "logic"],
  "||": ["&&", "logic"],
  "&": ["|", "logic"],
  "|": ["&", "logic"],
};

/** A number's text, one more. `1u` → `2u`, `0.5` → `1.5`; undefined for hexadecimal numbers, which are masks, and where it is the same f32. */
export function oneMore(literal: string): string | undefined {
  const match = /^(\d+(?:\.\d+)?(?:e[-+]?\d+)?)([uifh]?)$/.exec(literal.replaceAll("_", ""));
  if (!match) return undefined;
  const [, digits = "", suffix = ""] = match;
  const value = Number(digits) + 1;
  if (Math.fround(value) === Math.fround(Number(digits))) return undefined;
  // A float stays a float.
  const text = /[.e]/.test(digits) && Number.isInteger(value) ? value.toFixed(1) : String(value);
  return text + suffix;
}

/** Words of a name that mean the one axis or the other. Longer ones first. */
const AXES: readonly (readonly [string, string])[] = [
  ["HEIGHT", "WIDTH"],
  ["Height", "Width"],
  ["height", "width"],
  ["ROW", "COLUMN"],
  ["Row", "Column"],
  ["row", "column"],
  ["TOP", "LEFT"],
  ["Top", "Left"],
];

/** The same name for the other of two axes: `STRIDE_HEIGHT` → `STRIDE_WIDTH`, `inY` → `inX`; undefined without one. */
export function otherAxis(name: string): string | undefined {
  for (const [first, second] of AXES) {
    if (name.includes(first)) return name.replace(first, second);
    if (name.includes(second)) return name.replace(second, first);
  }
  const match = /^(.*[a-z])([XY])$/.exec(name);
  return match ? `${match[1]}${match[2] === "X" ? "Y" : "X"}` : undefined;
}
