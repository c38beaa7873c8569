import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import type { CompileOptions } from "../../src/graph/backend.ts";
import { checkBackend } from "../../src/graph/checks.ts";
import { Graph } from "../../src/graph.ts";
import { ArgumentError, type Backend, webgpu } from "../../src/index.ts";
import { checkLimits } from "../../src/webgpu/memory.ts";
import { testGpu } from "../support/gpu.ts";

const backends: [string, () => Promise<Backend>][] = [
  ["cpu", async () => cpu()],
  ["webgpu", async () => webgpu({ gpu: await testGpu() })],
];

describe.each(backends)("compile on %s", (_, open) => {
  it("refuses outputs that are no nodes of the graph, naming the output", async () => {
    const backend = await open();
    const [graph, other] = [new Graph(), new Graph()];
    const y = graph.mul(graph.input("x", [2]), 2);
    const compile = (given: unknown, options: unknown) => backend.compile(given as Graph, options as CompileOptions);
    const cases: [Promise<unknown>, RegExp][] = [
      [compile(graph, { outputs: { y, missing: undefined } }), /compile: output "missing" is no node.*undefined/],
      [compile(graph, { outputs: { y: 3 } }), /output "y" is no node of the graph, got 3/],
      [compile(graph, { outputs: { y: other.input("x", [2]) } }), /output "y" belongs to another graph/],
      [compile(graph, { outputs: [y] }), /outputs must be an object of nodes by name/],
      [compile(graph, { output: { y } }), /unknown option "output"; did you mean "outputs"/],
      [compile(graph, undefined), /compile: wants an object of options/],
      [compile({}, { outputs: { y } }), /compile: wants a Graph/],
    ];
    for (const [attempt, message] of cases) {
      await expect(attempt).rejects.toThrow(ArgumentError);
      await expect(attempt).rejects.toThrow(message);
    }
    expect(backend.bytes).toBe(0);
    backend.dispose();
  });
});

describe("checkBackend", () => {
  it("says what to write in the place of a promise, a function and a name", () => {
    const check = (backend: unknown) => () => checkBackend("createTrainer", backend as Backend);
    expect(check(cpu())).not.toThrow();
    expect(check(Promise.resolve(cpu()))).toThrow(ArgumentError);
    expect(check(Promise.resolve(cpu()))).toThrow(
      /createTrainer: .* this is a promise: write backend: await webgpu\(\)/,
    );
    expect(check(cpu)).toThrow(/this is the function cpu: call it/);
    expect(check("webgpu")).toThrow(/got "webgpu"/);
    expect(check(undefined)).toThrow(
      /await webgpu\(\), await wasm\(\), await bestBackend\(\) or cpu\(\) gives, got undefined/,
    );
  });
});

describe("a buffer over the device's limit", () => {
  const limits = { maxBufferSize: 1000, maxStorageBufferBindingSize: 100 };
  const told = (label: string, role: "activation" | "variable" | "input") => () =>
    checkLimits([{ label, role, bytes: 101 }], limits);

  it("tells what changes its size: the batch size, of a data set too, since that is streamed where it does not fit", () => {
    expect(told("dataset/images", "variable")).toThrow(
      /"dataset\/images" needs .* Lower the batch size or the image size/,
    );
    expect(told("batches/images", "variable")).toThrow(/Lower the batch size or the image size/);
    expect(told("parameters", "variable")).toThrow(/fewer units or filters/);
    expect(told("conv2d", "activation")).toThrow(/Lower the batch size/);
    expect(() => checkLimits([{ label: "conv2d", role: "activation", bytes: 100 }], limits)).not.toThrow();
  });
});
