import { WebGpuUnavailableError } from "./core/errors.ts";
import { onDemand } from "./core/on_demand.ts";
import { checkOptions, type OptionKinds } from "./core/options.ts";
import type { Backend } from "./graph/backend.ts";
import { WasmUnavailableError, wasm } from "./wasm/open.ts";
import { type WebGpuBackend, webgpu } from "./webgpu/backend.ts";
import { WEBGPU, type WebGpuOptions } from "./webgpu/device.ts";

/** Why a backend was passed over. */
export type PassedOver = WebGpuUnavailableError | WasmUnavailableError;

export interface BestBackendOptions extends WebGpuOptions {
  /** Told of each backend that was passed over, and why; WebGPU in software is passed over with the reason "software". */
  onFallback?: (reason: PassedOver) => void;
}

const OPTIONS: OptionKinds<BestBackendOptions> = { ...WEBGPU, onFallback: "any" };

/**
 * The first that works of WebGPU on hardware, WebAssembly (`wasm`), WebGPU in software, and the CPU; code of the others is
 * fetched only when it is taken. Where it took WebGPU, its device is lost, and no other comes, what runs there goes on on the next
 * of them. The `why` of what comes says why it is not the first. A `device` of one's own is taken whatever it is.
 */
export async function bestBackend(options: BestBackendOptions = {}): Promise<Backend> {
  checkOptions("bestBackend", options, OPTIONS);
  const { onFallback = () => undefined, ...own } = options;
  return firstThatWorks(own, onFallback, async () => (await import("./cpu/backend.ts")).cpu());
}

/** Has WebAssembly, or what `cpu` brings, do the backend's work where its device is lost and no other comes. */
export function goesOnWithoutGpu(gpu: WebGpuBackend, cpu: () => Promise<Backend>): void {
  const withoutGpu = async () => {
    try {
      return await wasm();
    } catch (error) {
      if (!(error instanceof WasmUnavailableError)) throw error;
      return cpu();
    }
  };
  gpu.goOnElsewhere = async (snapshot) => {
    const { moveTo } = await onDemand("another backend", () => import("./webgpu/moved.ts"));
    await moveTo(gpu, await withoutGpu(), snapshot);
  };
}

/** The same, where somebody else brings the last of them. */
export async function firstThatWorks(
  own: WebGpuOptions,
  onFallback: (reason: PassedOver) => void,
  cpu: () => Promise<Backend>,
): Promise<Backend> {
  const reasons: string[] = [];
  const passOver = (reason: PassedOver) => {
    // In a production build the message alone is a number.
    reasons.push(`${reason.code} (${reason.reason}): ${reason.message}`);
    onFallback(reason);
  };
  const because = <B extends Backend>(backend: B): B => {
    if (reasons.length > 0) backend.why = reasons.join(" ");
    return backend;
  };
  let gpu: WebGpuBackend | undefined;
  try {
    gpu = await webgpu(own);
    goesOnWithoutGpu(gpu, cpu);
    if (own.device || !gpu.isSoftware) return gpu;
    passOver(new WebGpuUnavailableError("software", `WebGPU runs on the processor here (${gpu.description}).`));
  } catch (error) {
    if (!(error instanceof WebGpuUnavailableError)) throw error;
    passOver(error);
  }
  try {
    const backend = because(await wasm());
    gpu?.dispose();
    return backend;
  } catch (error) {
    if (!(error instanceof WasmUnavailableError)) throw error;
    passOver(error);
  }
  return because(gpu ?? (await cpu()));
}
