import { WebGpuUnavailableError } from "./core/errors.ts";
import { checkOptions, type OptionKinds } from "./core/options.ts";
import type { Backend } from "./graph/backend.ts";
import { webgpu } from "./webgpu/backend.ts";
import { WEBGPU, type WebGpuOptions } from "./webgpu/device.ts";

export interface BestBackendOptions extends WebGpuOptions {
  /** Told why the CPU was taken instead. */
  onFallback?: (reason: WebGpuUnavailableError) => void;
}

const OPTIONS: OptionKinds<BestBackendOptions> = { ...WEBGPU, onFallback: "any" };

/** WebGPU where it works, else the CPU, whose code is loaded only then. */
export async function bestBackend(options: BestBackendOptions = {}): Promise<Backend> {
  checkOptions("bestBackend", options, OPTIONS);
  const { onFallback, ...own } = options;
  try {
    return await webgpu(own);
  } catch (error) {
    if (!(error instanceof WebGpuUnavailableError)) throw error;
    onFallback?.(error);
    const { cpu } = await import("./cpu/backend.ts");
    return cpu();
  }
}
