import { ArgumentError } from "./core/errors.ts";
import type { Backend, VariableSnapshot } from "./graph/backend.ts";
import { WasmUnavailableError, wasm } from "./wasm/open.ts";
import { WebGpuBackend } from "./webgpu/backend.ts";
import { moveTo } from "./webgpu/moved.ts";

/**
 * Where no WebGPU device comes in the place of a lost one: WebAssembly, or the CPU backend, does the backend's work from now on, with
 * the values of the snapshot. Throws what that throws where it cannot.
 */
export async function goOnWithoutGpu(backend: Backend, snapshot: VariableSnapshot = new Map()): Promise<void> {
  if (!(backend instanceof WebGpuBackend)) throw new ArgumentError("only WebGPU has a device to lose");
  const other = await withoutGpu();
  try {
    await moveTo(backend, other, snapshot);
  } catch (error) {
    other.dispose();
    throw error;
  }
}

async function withoutGpu(): Promise<Backend> {
  try {
    return await wasm();
  } catch (error) {
    if (!(error instanceof WasmUnavailableError)) throw error;
    return (await import("./cpu/backend.ts")).cpu();
  }
}
