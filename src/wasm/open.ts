import { onDemand } from "../core/on_demand.ts";
import type { Backend } from "../graph/backend.ts";
import type { WasmOptions } from "./thread_count.ts";

export { WasmUnavailableError } from "../core/wasm_unavailable.ts";
export type { WasmOptions } from "./thread_count.ts";

/**
 * A backend that needs no GPU: kernels with vector instructions (SIMD) in WebAssembly, on as many threads as there may be, f32. Its
 * code is fetched by this call. Throws `WasmUnavailableError`, which says why and what to do, and `ArgumentError` for a number of
 * threads that there cannot be. Where threads fail later, the others do their work, and the backend's `why` tells.
 */
export async function wasm(options?: WasmOptions): Promise<Backend> {
  const { openWasm } = await onDemand("WebAssembly backend", () => import("./backend.ts"));
  return openWasm(options);
}
