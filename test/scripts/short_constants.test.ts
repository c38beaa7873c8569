/** What dist/production makes of the names of kernels' constants. */
import { describe, expect, it } from "vitest";
import { shortConstants } from "../../scripts/short-constants.mjs";

const modules = (shader: string, kernel: string) =>
  new Map([
    ["shaders/a.wgsl_raw.js", `var a_default = ${JSON.stringify(shader)};\nexport { a_default as default };\n`],
    ["webgpu/kernels/a.js", kernel],
    ["nn/layers/a.js", "export const table = { KERNEL_WIDTH: 1 };\n"],
  ]);

function shortened(shader: string, kernel: string) {
  const changed = shortConstants(modules(shader, kernel));
  return { shader: changed.get("shaders/a.wgsl_raw.js"), kernel: changed.get("webgpu/kernels/a.js"), changed };
}

describe("a kernel's constant", () => {
  it("has one short name in its shader and in the modules of kernels, and nowhere else", () => {
    const { shader, kernel, changed } = shortened(
      "#if KERNEL_WIDTH > 1\nlet a=KERNEL_WIDTH*$(KERNEL_WIDTH+1)u;\n#endif",
      "const constants = { KERNEL_WIDTH: 3 };\nexport const twice = 2 * constants.KERNEL_WIDTH;\n",
    );
    expect(shader).toContain('"#if A0 > 1\\nlet a=A0*$(A0+1)u;\\n#endif"');
    expect(kernel).toBe("const constants = { A0: 3 };\nexport const twice = 2 * constants.A0;\n");
    expect(changed.has("nn/layers/a.js")).toBe(false);
  });

  it("may be a variable of the same name, or declared in its shader alone", () => {
    const { shader, kernel } = shortened(
      "const LANES=4u;\nlet a=LANES*MOST;",
      "const MOST = 3;\nexport const constants = { MOST };\n",
    );
    expect(kernel).toBe("const MOST = 3;\nexport const constants = { B0: MOST };\n");
    expect(shader).toContain('"const A0=4u;\\nlet a=A0*B0;"');
  });

  it.each([
    [
      "whose name a template makes",
      "let a=HALF_INPUT;",
      `export const f = (t) => ({ [\`HALF_\${t}\`]: true, HALF_INPUT: 1 });\n`,
    ],
    [
      "that is a hole of such a name",
      "let a=ONE_MINUS_BETA*BETA;",
      `export const f = (t) => ({ [\`ONE_MINUS_\${t}\`]: 1, BETA: 1 });\n`,
    ],
    ["that a text names", "let a=BETA;", 'export const f = { BETA: 1, name: "BETA" };\n'],
    [
      "that the words of an include make",
      "#include load tensor=input\nlet a={TENSOR}_SIZE+INPUT_SIZE;",
      "export const f = { INPUT_SIZE: 1 };\n",
    ],
    [
      "that is read of anything but constants",
      "let a=STORAGE;",
      "export const f = { STORAGE: GPUBufferUsage.STORAGE };\n",
    ],
    [
      "that is taken out of an object",
      "let a=STORAGE;",
      "export const { STORAGE } = GPUBufferUsage, f = { STORAGE };\n",
    ],
  ])("%s keeps its name", (_, shader, kernel) => {
    expect(shortened(shader, kernel).changed.size).toBe(0);
  });

  it("takes no name that a shader has, or a word of an include", () => {
    const { shader } = shortened("let A0=1u;\n#include load b0\nlet {Name}=COUNT;", "export const f = { COUNT: 1 };\n");
    expect(shader).toContain("{Name}=C0;");
  });
});
