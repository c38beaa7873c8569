/** What a build makes of the shaders' texts. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { shrinkShader } from "../../scripts/wgsl-plugin.mjs";

/** Words, in which included texts have `{name}`, numbers and runs of operators; of the preprocessor's lines, all that is in them. */
function tokens(text: string): string[] {
  return text
    .replaceAll(/\/\/.*$/gm, "")
    .split("\n")
    .flatMap((line) => line.match(/(?:[\w.]|\{\w+\})+|[(){}[\];:,$]|[^\w.\s(){}[\];:,$]+/g) ?? []);
}

describe("a small shader", () => {
  const files = readdirSync("shaders").filter((name) => name.endsWith(".wgsl"));

  it.each(files)("%s is the same sequence of words and operators", (file) => {
    const text = readFileSync(`shaders/${file}`, "utf8");
    expect(tokens(shrinkShader(text))).toEqual(tokens(text));
  });

  it("keeps its lines, and spaces where they separate", () => {
    expect(shrinkShader("var<storage> input: array<vec4f>;")).toBe("var<storage> input:array<vec4f>;");
    expect(shrinkShader("let {name} = min(own{Name}, a);")).toBe("let {name} = min(own{Name},a);");
    const text = "enable f16;\n// why\n#if TILE > 1\n  let a = b - -c; // d\n  return x && !y;\n#endif\n";
    expect(shrinkShader(text)).toBe("enable f16;\n#if TILE > 1\nlet a=b - -c;\nreturn x && !y;\n#endif");
  });
});
