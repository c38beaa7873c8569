import { WebGpuUnavailableError } from "./core/errors.ts";
import type { Backend } from "./graph/backend.ts";
import { webgpu } from "./webgpu/backend.ts";
import type { WebGpuOptions } from "./webgpu/device.ts";

export interface BestBackendOptions extends WebGpuOptions {
  /** Told why the CPU was taken instead. */
  onFallback?: (reason: WebGpuUnavailableError) => void;
}

/** WebGPU where it works, else the CPU, whose code is loaded only then. */
export async function bestBackend(options: BestBackendOptions = {}): Promise<Backend> {
  try {
    return await webgpu(options);
  } catch (error) {
    if (!(error instanceof WebGpuUnavailableError)) throw error;
    options.onFallback?.(error);
    const { cpu } = await import("./cpu/backend.ts");
    return cpu();
  }
}
