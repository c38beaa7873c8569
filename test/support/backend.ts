/**
 * The backend of a test file that holds for every backend (`*.backends.test.ts`): the Vitest project chooses it. `plain` runs
 * such a file on the CPU, `wasm` on WebAssembly, the projects with a GPU on WebGPU.
 */
import { inject } from "vitest";
import { cpu } from "../../src/cpu.ts";
import type { Backend } from "../../src/graph/backend.ts";
import { openWasm } from "../../src/wasm/backend.ts";
import { webgpu } from "../../src/webgpu/backend.ts";
import { testGpu } from "./gpu.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Set in vitest.config.ts. */
    backend: "cpu" | "wasm" | "webgpu";
  }
}

export const backendKind = inject("backend");
export const isCpu = backendKind === "cpu";

/** For the names of tests. */
export const backendName = { cpu: "the CPU backend", wasm: "WebAssembly", webgpu: "WebGPU" }[backendKind];

/** A fresh backend; who asks for it disposes of it. */
export const testBackend = async (): Promise<Backend> => {
  if (backendKind === "webgpu") return webgpu({ gpu: await testGpu(), quickStart: false });
  return isCpu ? cpu() : openWasm();
};

/** The relative error that sums of a few dozen products may have: f32 on the GPU and in WebAssembly; outputs alone are f32 on the CPU. */
export const rounding = isCpu ? 1e-6 : 2e-5;
