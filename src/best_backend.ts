import { WebGpuUnavailableError } from "./core/errors.ts";
import { checkOptions, type OptionKinds } from "./core/options.ts";
import type { Backend } from "./graph/backend.ts";
import { WasmUnavailableError, wasm } from "./wasm/open.ts";
import { type WebGpuBackend, webgpu } from "./webgpu/backend.ts";
import { WEBGPU, type WebGpuOptions } from "./webgpu/device.ts";

export interface BestBackendOptions extends WebGpuOptions {
  /** Told why WebGPU cannot be used. */
  onFallback?: (reason: WebGpuUnavailableError) => void;
}

const OPTIONS: OptionKinds<BestBackendOptions> = { ...WEBGPU, onFallback: "any" };

/**
 * The first that works of WebGPU on hardware, WebAssembly (`wasm`), WebGPU in software, and the CPU; code of the others is
 * fetched only when it is taken. The `why` of what comes says why it is not the first. A `device` of one's own is taken whatever it is.
 */
export async function bestBackend(options: BestBackendOptions = {}): Promise<Backend> {
  checkOptions("bestBackend", options, OPTIONS);
  const { onFallback, ...own } = options;
  const reasons: string[] = [];
  const because = <B extends Backend>(backend: B): B => {
    if (reasons.length > 0) backend.why = reasons.join(" ");
    return backend;
  };
  let gpu: WebGpuBackend | undefined;
  try {
    gpu = await webgpu(own);
    if (own.device || !gpu.isSoftware) return gpu;
    reasons.push(`WebGPU runs on the processor here (${gpu.description}).`);
  } catch (error) {
    if (!(error instanceof WebGpuUnavailableError)) throw error;
    onFallback?.(error);
    reasons.push(error.message);
  }
  try {
    const backend = because(await wasm());
    gpu?.dispose();
    return backend;
  } catch (error) {
    if (!(error instanceof WasmUnavailableError)) throw error;
    reasons.push(error.message);
  }
  if (gpu) return because(gpu);
  const { cpu } = await import("./cpu/backend.ts");
  return because(cpu());
}
