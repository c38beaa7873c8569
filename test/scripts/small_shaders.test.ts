/** What a build makes of the shaders' texts. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { shaderShrinker, shrinkShader } from "../../scripts/small-shaders.mjs";

/** Words, in which included texts have `{name}`, numbers and runs of operators; of the preprocessor's lines, all that is in them. */
function tokens(text: string): string[] {
  return text
    .replaceAll(/\/\/.*$/gm, "")
    .split("\n")
    .flatMap((line) => line.match(/(?:[\w.]|\{\w+\})+|[(){}[\];:,$]|[^\w.\s(){}[\];:,$]+/g) ?? []);
}

const texts = Object.fromEntries(
  readdirSync("shaders")
    .filter((name) => name.endsWith(".wgsl"))
    .map((name) => [name, readFileSync(`shaders/${name}`, "utf8")]),
);

describe("a small shader", () => {
  it.each(Object.entries(texts))("%s is the same sequence of words and operators", (_, text) => {
    expect(tokens(shrinkShader(text))).toEqual(tokens(text));
  });

  it("keeps its lines, and spaces where they separate", () => {
    expect(shrinkShader("var<storage> input: array<vec4f>;")).toBe("var<storage> input:array<vec4f>;");
    expect(shrinkShader("let {name} = min(own{Name}, a);")).toBe("let {name} = min(own{Name},a);");
    const text = "enable f16;\n// why\n#if TILE > 1\n  let a = b - -c; // d\n  return x && !y;\n#endif\n";
    expect(shrinkShader(text)).toBe("enable f16;\n#if TILE > 1\nlet a=b - -c;\nreturn x && !y;\n#endif");
  });

  it("has short names, one for each name in all shaders and none for two", () => {
    const shrink = shaderShrinker(texts);
    const shorter = new Map<string, string>();
    const longer = new Map<string, string>();
    const letters = /[A-Za-z]+|[^A-Za-z]+/g;
    for (const text of Object.values(texts)) {
      const [before, after] = [shrinkShader(text), shrink(text)].map((one) => one.match(letters) ?? []);
      expect(after?.length).toBe(before?.length);
      before?.forEach((long, index) => {
        const short = after?.[index] as string;
        // Parts of WGSL's own names may be short where they stand in others.
        if (short === long) return;
        expect(shorter.get(long) ?? short).toBe(short);
        expect(longer.get(short) ?? long).toBe(long);
        shorter.set(long, short);
        longer.set(short, long);
      });
    }
    expect(shorter.size).toBeGreaterThan(400);
    expect(shorter.get("lastChannel")).toMatch(/^[a-zA-Z]{1,2}$/);
  });

  it("keeps what a kernel knows: bindings, entry points, constants", () => {
    const shrink = shaderShrinker({
      "a.wgsl": `
        var<storage> image: array<f32>;
        #include part image
        @compute @workgroup_size(THREADS)
        fn main(@builtin(global_invocation_id) globalId: vec3u) {
          let imageRow = image[globalId.x] + ownRow;
          image[globalId.x] = imageRow * f32(COUNT);
        }`,
      "part.wgsl": "fn {name}At(place: u32) -> f32 { return {name}[place + {NAME}_START]; }\nconst ownRow = 1.0;",
    });
    expect(shrink("let imageAt = imageRow + f32(COUNT);")).toMatch(/^let imageAt=\w{1,2}\+f32\(COUNT\);$/);
    expect(shrink("@compute fn main(@builtin(global_invocation_id) globalId: vec3u)")).toMatch(
      /^@compute fn main\(@builtin\(global_invocation_id\)\w{1,2}:vec3u\)$/,
    );
  });

  it("refuses a name that no shader declares", () => {
    expect(() => shaderShrinker({ "a.wgsl": "fn f(place: u32) { return acoth(place); }" })).toThrow(
      "shaders/a.wgsl: acoth is declared in no shader. If it is WGSL's, add it to scripts/small-shaders.mjs.",
    );
  });
});
