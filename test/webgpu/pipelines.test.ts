import { afterEach, expect, test, vi } from "vitest";
import type { KernelSpec } from "../../src/webgpu/kernel.ts";
import { PipelineCache } from "../../src/webgpu/pipelines.ts";

afterEach(() => vi.unstubAllGlobals());

/** A device that only counts what it compiles. */
function countingDevice() {
  vi.stubGlobal("GPUShaderStage", { COMPUTE: 4 });
  const compiled: string[] = [];
  const device = {
    createBindGroupLayout: () => ({}),
    createPipelineLayout: () => ({}),
    createShaderModule: ({ code }: { code: string }) => ({ code }),
    async createComputePipelineAsync({ compute }: { compute: { module: { code: string } } }) {
      if (compute.module.code.includes("broken")) throw new Error("does not parse");
      compiled.push(compute.module.code);
      return {};
    },
  };
  return { compiled, cache: new PipelineCache(device as unknown as GPUDevice) };
}

function kernel(name: string): KernelSpec {
  return {
    name,
    shader: `// ${name}\nvar<storage> x: array<f32>;`,
    constants: {},
    bindings: { x: "read" },
    workgroups: [1, 1, 1],
    flops: 0,
  };
}

test("equal kernels compile once", async () => {
  const { compiled, cache } = countingDevice();
  const [a, b] = await cache.compile([kernel("one"), kernel("one")]);
  expect(a).toBe(b);
  expect(compiled).toHaveLength(1);
});

test("a kernel that failed is compiled again when asked for again", async () => {
  const { cache } = countingDevice();
  await expect(cache.compile([kernel("broken")])).rejects.toThrow('Kernel "broken" does not compile');
  expect(cache.has(kernel("broken"))).toBe(false);
});

test("of ever more kernels the longest unused are forgotten, the used ones are not", async () => {
  const { compiled, cache } = countingDevice();
  for (let index = 0; index < 2000; index++) await cache.compile([kernel(`number ${index}`), kernel("always")]);
  expect(compiled).toHaveLength(2001);
  expect(cache.has(kernel("always"))).toBe(true);
  expect(cache.has(kernel("number 1999"))).toBe(true);
  expect(cache.has(kernel("number 0"))).toBe(false);
});
