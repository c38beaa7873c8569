/** Short words of the preprocessor in dist/production. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { shortDirectives } from "../../scripts/short-directives.mjs";

const PREPROCESSOR = `
  const OPENING = ["if", "unroll"];
  const CLOSING = ["elif", "else", "endif", "end"];
  const isInclude = (word) => word === "include";`;

const shortened = (text: string) =>
  shortDirectives(
    new Map([
      ["webgpu/preprocess.js", PREPROCESSOR],
      ["shaders/a.wgsl_raw.js", `const a = ${JSON.stringify(text)};`],
    ]),
    ["shaders/a.wgsl_raw.js"],
  );

it("are one letter, in shaders and in what reads them, which keeps its lines", () => {
  const changed = shortened(
    "#if A > 1\nlet x=1;\n#elif B && C\n#else\n#endif\n#unroll y 0 2 * N\n#include load at_$(y)\n#end",
  );
  expect(changed.get("shaders/a.wgsl_raw.js")).toBe(
    `const a = ${JSON.stringify("#f A>1\nlet x=1;\n#l B&&C\n#s\n#e\n#r y 0 2 * N\n#i load at_$(y)\n#e")};`,
  );
  expect(changed.get("webgpu/preprocess.js")).toBe(`
  const OPENING = ["f", "r"];
  const CLOSING = ["l", "s", "e", "e"];
  const isInclude = (word) => word === "i";`);
});

it("are those of src/webgpu/preprocess.ts: a build stops at another one, and where one is not read", () => {
  expect(() => shortened("#define X")).toThrow("the preprocessor knows no #define X");
  const modules = new Map([["webgpu/preprocess.js", 'const words = ["if", "endif"];']]);
  expect(() => shortDirectives(modules, [])).toThrow("does not read #elif, #else, #unroll, #end, #include");
  const source = readFileSync("src/webgpu/preprocess.ts", "utf8");
  for (const word of ["if", "elif", "else", "endif", "unroll", "end", "include"]) expect(source).toContain(`"${word}"`);
});
