import { describe, expect, it } from "vitest";
import { formatFloat, preprocess, type ShaderConstants } from "../../src/webgpu/preprocess.ts";

/** The text without the constants before it and without empty lines, each line trimmed. */
function expand(source: string, constants: ShaderConstants = {}, includes: Record<string, string> = {}): string[] {
  return preprocess(source, constants, includes)
    .split("\n")
    .slice(Object.keys(constants).length)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

describe("the shader preprocessor", () => {
  it("declares constants by their kind", () => {
    const text = preprocess("", { N: 8, SHIFT: -2, BIAS: true, SCALE: { f32: 0.5 }, ONE: { f32: 1 }, SHAPE: [2, 3] });
    expect(text.trim().split("\n")).toEqual([
      "const N: u32 = 8u;",
      "const SHIFT: i32 = -2i;",
      "const BIAS: bool = true;",
      "const SCALE: f32 = 0.5f;",
      "const ONE: f32 = 1.0f;",
      "const SHAPE: array<u32, 2> = array<u32, 2>(2u, 3u);",
    ]);
  });

  it("puts enable directives before the constants, each once", () => {
    const include = "#if N > 1\nenable subgroups;\n#endif\nfn f() {}";
    const source = "#include part\nenable subgroups;\nenable f16;";
    expect(preprocess(source, { N: 2 }, { part: include }).trim().split("\n")).toEqual([
      "enable subgroups;",
      "enable f16;",
      "const N: u32 = 2u;",
      "fn f() {}",
    ]);
    expect(expand("#include part", { N: 1 }, { part: include })).toEqual(["fn f() {}"]);
  });

  it("puts the word of an include in three spellings, each time", () => {
    const part = "const {NAME} = 1; fn load{Name}() {} var {name}: f32;";
    const source = "#include part input\n#include part x\n#include part input";
    const input = "const INPUT = 1; fn loadInput() {} var input: f32;";
    expect(expand(source, {}, { part })).toEqual([input, "const X = 1; fn loadX() {} var x: f32;", input]);
  });

  it("puts words of an include where their keys are, also variables of loops, and hands them on", () => {
    const includes = {
      load: "let {name} = {tensor}[{name}Place]; // HALF_{TENSOR}, as load{Tensor} wants",
      pair: "#include load first_$(x) tensor={tensor}\n#include load next_$(x) tensor={tensor}",
    };
    expect(expand("#unroll x 1 3\n#include pair tensor=input\n#end", {}, includes)).toEqual(
      [1, 2].flatMap((x) =>
        ["first", "next"].map(
          (word) => `let ${word}_${x} = input[${word}_${x}Place]; // HALF_INPUT, as loadInput wants`,
        ),
      ),
    );
  });

  it.each([
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["10 - 3 - 2", 5],
    ["7 / 2", 3],
    ["-7 / 2", -3],
    ["N % 3", 2],
    ["2 * (N - 2)", 12],
    ["N > 4 && N <= 8", 1],
    ["N < 4 || N >= 9", 0],
    ["N == 8", 1],
    ["N != 8", 0],
    ["!FLAG + 1", 1],
    ["1 + 1 == 2 && 3 < 4", 1],
  ])("evaluates %s to %i", (expression, value) => {
    expect(expand(`#unroll i 0 1\nx = $(${expression});\n#end`, { N: 8, FLAG: true })).toEqual([`x = ${value};`]);
  });

  it("evaluates parentheses within parentheses", () => {
    expect(expand("x = $(2 * (N - (1 + 1)));", { N: 8 })).toEqual(["x = 12;"]);
  });

  it("keeps the first branch that holds, and one only", () => {
    const source = "#if N > 4\na\n#elif N > 2\nb\n#else\nc\n#endif";
    expect([5, 3, 1].map((N) => expand(source, { N }))).toEqual([["a"], ["b"], ["c"]]);
    expect(expand("#if N == 1\na\n#endif\nafter", { N: 2 })).toEqual(["after"]);
  });

  it("nests branches and unrolled loops, whose bounds may use the outer variable", () => {
    const source = `#unroll row 0 ROWS
      #unroll column row ROWS
        #if row == column
          diagonal_$(row)
        #else
          sum_$(row)_$(column * 2 + 1)
        #endif
      #end
    #end`;
    expect(expand(source, { ROWS: 2 })).toEqual(["diagonal_0", "sum_0_3", "diagonal_1"]);
  });

  it("does not look into branches that it drops", () => {
    expect(expand("#if 0\n$(UNKNOWN)\n#if UNKNOWN\n#endif\n#endif\nkept")).toEqual(["kept"]);
  });

  it("repeats nothing when a loop is empty", () => {
    expect(expand("#unroll i 3 3\nx\n#end\ny")).toEqual(["y"]);
  });

  it("takes in each file once, wherever it is named", () => {
    const includes = { random: "#include bits\nfn random() {}", bits: "fn bits() {}" };
    expect(expand("#include bits\n#include random\n#include random\nmain", {}, includes)).toEqual([
      "fn bits() {}",
      "fn random() {}",
      "main",
    ]);
  });

  it("lets a comment follow a directive", () => {
    expect(expand("#if N > 1 // only large\na\n#endif // N", { N: 2 })).toEqual(["a"]);
  });

  it("writes floats as the nearest f32, with a dot or an exponent", () => {
    expect([1, 0.1, 1e-30, -2].map(formatFloat)).toEqual([
      "1.0f",
      "0.10000000149011612f",
      "1.0000000031710769e-30f",
      "-2.0f",
    ]);
  });

  it.each([
    ["an unclosed #if", "#if 1\na", /#if 1.*never closed/],
    ["an unclosed #unroll", "#unroll i 0 2\na", /#unroll i 0 2.*never closed/],
    ["a stray #endif", "a\n#endif", /unexpected "#endif"/],
    ["an unknown directive", "#define A", /unexpected "#define A"/],
    ["an unknown include", "#include nothing", /includes "nothing"/],
    ["an unknown name", "#if MISSING\n#endif", /"MISSING" in "MISSING" is no constant/],
    ["a missing parenthesis", "#if (1 + 2\n#endif", /unbalanced parentheses/],
    ["an expression that goes on", "#if 1 2\n#endif", /cannot read "1 2"/],
  ])("refuses %s", (_, source, message) => {
    expect(() => preprocess(source, {})).toThrow(message);
  });

  it("refuses a fraction as a constant, and says how to write it", () => {
    expect(() => preprocess("", { SCALE: 0.5 })).toThrow(/SCALE = 0.5: write \{ f32: 0.5 \}/);
  });
});
