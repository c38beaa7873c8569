import { expect, test } from "vitest";
import { drawMutants } from "../../scripts/mutate/draw.ts";
import { applyMutant, type Mutant, mutantsOf } from "../../scripts/mutate/mutant.ts";
import { keyOf, type Result, summarize } from "../../scripts/mutate/report.ts";
import { mutatedFiles, possibleMutants } from "../../scripts/mutate/sources.ts";
import { typescriptPlaces } from "../../scripts/mutate/typescript_places.ts";
import { wgslPlaces } from "../../scripts/mutate/wgsl_places.ts";

const SHADER = `// rows * columns < 3 is only said here
#include linear_index
enable f16;
@group(0) @binding(1) var<storage, read> input: array<f32>;
#if TILE > 1 && WIDE // a - b
fn at(row: u32, column: u32) -> f32 { return input[row * 4u + column]; }
#endif
@compute @workgroup_size(64)
fn main() {
  if (index >= SIZE) { return; } // 1 + 2
  let sum_$(lane + 1) = min(-at(row, column), 0.5);
}`;

const RULE = `import { one } from "./a+b.ts";
// 1 + 1
interface Size { length: 2 }
export function area(height: number, width: number, grid: number[]): number {
  if (height < 1) throw new ShapeError(\`got \${height - 1}\`);
  const label = "rows + " + "1";
  grid[height] += Math.min(height * width, -3);
  return height + width;
}`;

function changes(mutants: readonly Mutant[]): string[] {
  return mutants.map(({ line, change, description }) => `${line} ${change}: ${description}`).sort();
}

test("a shader is changed in its code and its directives, not in comments, names of files and attributes", () => {
  expect(changes(mutantsOf("a.wgsl", SHADER, wgslPlaces(SHADER)))).toEqual([
    "10 comparison: if (index ⟦>= → >⟧ SIZE) { return;",
    "10 inverted check: if (⟦index >= SIZE → !(index >= SIZE)⟧) { return; } //",
    "11 axis: + 1) = min(-at(⟦row → column⟧, column), 0.5);",
    "11 axis: = min(-at(row, ⟦column → row⟧), 0.5);",
    "11 constant: et sum_$(lane + ⟦1 → 2⟧) = min(-at(row,",
    "11 constant: t(row, column), ⟦0.5 → 1.5⟧);",
    "11 dropped term: let sum_$(lane⟦ + 1 → ⟧) = min(-at(row,",
    "11 min/max: m_$(lane + 1) = ⟦min → max⟧(-at(row, column",
    "11 operator: let sum_$(lane ⟦+ → -⟧ 1) = min(-at(ro",
    "11 sign: lane + 1) = min(⟦- → ⟧at(row, column),",
    "5 comparison: #if TILE ⟦> → >=⟧ 1 && WIDE // a",
    "5 constant: #if TILE > ⟦1 → 2⟧ && WIDE // a -",
    "5 inverted check: #if ⟦TILE > 1 && WIDE → !(TILE > 1 && WIDE)⟧ // a - b",
    "5 logic: #if TILE > 1 ⟦&& → ||⟧ WIDE // a - b",
    "6 axis: nput[row * 4u + ⟦column → row⟧]; }",
    "6 axis: { return input[⟦row → column⟧ * 4u + column];",
    "6 constant: urn input[row * ⟦4u → 5u⟧ + column]; }",
    "6 dropped term: n input[row * 4u⟦ + column → ⟧]; }",
    "6 index: ow * 4u + column⟦ →  + 1⟧]; }",
    "6 index: ow * 4u + column⟦ →  - 1⟧]; }",
    "6 operator: eturn input[row ⟦* → /⟧ 4u + column]; }",
    "6 operator: input[row * 4u ⟦+ → -⟧ column]; }",
  ]);
});

test("a rule is changed in its code, not in comments, strings, types, imports and messages", () => {
  expect(changes(mutantsOf("a.ts", RULE, typescriptPlaces(RULE)))).toEqual([
    "5 axis: if (⟦height → width⟧ < 1) throw new",
    "5 comparison: if (height ⟦< → <=⟧ 1) throw new Sh",
    "5 constant: if (height < ⟦1 → 2⟧) throw new Shap",
    "5 inverted check: if (⟦height < 1 → !(height < 1)⟧) throw new Shap",
    "7 axis: grid[⟦height → width⟧] += Math.min(he",
    "7 axis: ht] += Math.min(⟦height → width⟧ * width, -3);",
    "7 axis: th.min(height * ⟦width → height⟧, -3);",
    "7 constant: eight * width, -⟦3 → 4⟧);",
    "7 index: grid[height⟦ →  + 1⟧] += Math.min(he",
    "7 index: grid[height⟦ →  - 1⟧] += Math.min(he",
    "7 min/max: height] += Math.⟦min → max⟧(height * width,",
    "7 operator: Math.min(height ⟦* → /⟧ width, -3);",
    "7 operator: grid[height] ⟦+= → -=⟧ Math.min(height",
    "7 sign: height * width, ⟦- → ⟧3);",
    "8 axis: return height + ⟦width → height⟧;",
    "8 axis: return ⟦height → width⟧ + width;",
    "8 dropped term: return height⟦ + width → ⟧;",
    "8 operator: return height ⟦+ → -⟧ width;",
  ]);
});

test("each mutant of each source differs from it in one place alone", () => {
  for (const [file, source] of [
    ["a.wgsl", SHADER],
    ["a.ts", RULE],
  ] as const) {
    const places = file === "a.ts" ? typescriptPlaces(source) : wgslPlaces(source);
    const texts = mutantsOf(file, source, places).map((mutant) => {
      const changed = applyMutant(source, mutant);
      expect(changed).not.toBe(source);
      expect(changed.slice(0, mutant.start)).toBe(source.slice(0, mutant.start));
      expect(changed.slice(mutant.start + mutant.replacement.length)).toBe(source.slice(mutant.end));
      expect(source.split("\n")[mutant.line - 1]?.trim()).toBe(mutant.text);
      return changed;
    });
    expect(new Set(texts).size).toBe(texts.length);
  }
});

test("the same seed draws the same mutants, another one others, and every file has its share", () => {
  const files = new Map(
    mutatedFiles()
      .filter((file) => /^src\/cpu|^shaders\/[a-c]/.test(file))
      .map((file) => [file, possibleMutants(file)]),
  );
  const keys = (seed: number) =>
    drawMutants(seed, 120, files).map(({ file, start, change }) => `${file} ${start} ${change}`);
  const drawn = drawMutants(3, 120, files);
  expect(drawn).toHaveLength(120);
  expect(new Set(keys(3)).size).toBe(120);
  expect(keys(3)).toEqual(keys(3));
  expect(keys(4)).not.toEqual(keys(3));
  const offering = [...files].filter(([, mutants]) => mutants.length > 0).map(([file]) => file);
  expect([...new Set(drawn.map(({ file }) => file))].sort()).toEqual(offering.sort());
  // What else is drawn from changes nothing for a file.
  const file = "shaders/argmax.wgsl";
  const alone = drawMutants(3, 1, new Map([[file, files.get(file) ?? []]]));
  expect(drawn.filter((mutant) => mutant.file === file)).toEqual(alone);
});

test("the report leaves out what is listed as equivalent and survived, and nothing else", () => {
  const [first, second, third, fourth] = mutantsOf("shaders/a.wgsl", SHADER, wgslPlaces(SHADER)) as Mutant[];
  const result = (mutant: Mutant | undefined, outcome: "caught" | "survived"): Result => ({
    mutant: mutant as Mutant,
    verdict: { outcome, by: "a test", seconds: 1 },
  });
  const listed = [first, second].map((mutant) => ({ ...(mutant as Mutant), reason: "the guard is wide" }));
  const results = [
    result(first, "survived"),
    result(second, "caught"),
    result(third, "caught"),
    result(fourth, "survived"),
  ];
  const { share, text } = summarize(results, listed);
  expect(share).toBe(2 / 3);
  expect(text).toContain("| all | 2 | 1 | 1 | 4 | 66.7 % |");
  expect(text).toContain("## Survivors (1)");
  expect(text).toMatch(/## Equivalent \(1\)\n\n.*: the guard is wide/);
  expect(keyOf(results[0]!.mutant)).not.toBe(keyOf(results[1]!.mutant));
});
