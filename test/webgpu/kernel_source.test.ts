import { describe, expect, test } from "vitest";
import { InternalError } from "../../src/core/errors.ts";
import type { Bindings, KernelSpec } from "../../src/webgpu/kernel.ts";
import { kernelSource } from "../../src/webgpu/kernel_source.ts";
import { type Value, valuesInOrder } from "../../src/webgpu/lowering.ts";

const SHADER = "#unroll i 0 2\nvar<storage> x_$(i): array<f32>;\n#end\n  var<storage> output: array<vec4f>;\n";

function kernel(bindings: Bindings): KernelSpec {
  return { name: "sum", shader: SHADER, constants: {}, bindings, workgroups: [1, 1, 1], flops: 0 };
}

describe("the source of a kernel", () => {
  test("has place and access of each storage variable by the kernel's bindings", () => {
    expect(
      kernelSource(kernel({ output: "readWrite", x_0: "read", x_1: "write" }))
        .trim()
        .split("\n"),
    ).toEqual([
      "@group(0) @binding(1) var<storage, read> x_0: array<f32>;",
      "@group(0) @binding(2) var<storage, read_write> x_1: array<f32>;",
      "  @group(0) @binding(0) var<storage, read_write> output: array<vec4f>;",
    ]);
  });

  test.each<[string, Bindings, RegExp]>([
    ["a variable that the kernel does not bind", { x_0: "read", output: "write" }, /kernel "sum".*declares.* x_1,/],
    [
      "a binding that the shader does not declare",
      { x_0: "read", x_1: "read", y: "read", output: "write" },
      /kernel "sum".*no var<storage> y,/,
    ],
  ])("is refused for %s", (_, bindings, message) => {
    const make = () => kernelSource(kernel(bindings));
    expect(make).toThrow(InternalError);
    expect(make).toThrow(message);
  });
});

describe("the values of a dispatch", () => {
  const value = (label: string): Value => ({ id: 0, label, size: 1, dtype: "f32" });
  const [x, y] = [value("x"), value("y")];
  const spec = kernel({ x: "read", y: "write" });

  test("come in the order of the bindings, whatever order they are named in", () => {
    expect(valuesInOrder(spec, { y, z: undefined, x })).toEqual([x, y]);
  });

  test("are refused where one is missing, and where one has no binding", () => {
    expect(() => valuesInOrder(spec, { x })).toThrow(/kernel "sum" was given no value for its binding "y"/);
    expect(() => valuesInOrder(spec, { x, y, z: x })).toThrow(/kernel "sum" was given a value for "z"/);
  });
});
