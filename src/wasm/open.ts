import { onDemand } from "../core/on_demand.ts";
import type { Backend } from "../graph/backend.ts";

export { WasmUnavailableError } from "../core/wasm_unavailable.ts";

/**
 * A backend that needs no GPU: kernels with vector instructions (SIMD) in WebAssembly, on one thread, f32. Its code is fetched by
 * this call. Throws `WasmUnavailableError`, which says why and what to do.
 */
export async function wasm(): Promise<Backend> {
  const { openWasm } = await onDemand("WebAssembly backend", () => import("./backend.ts"));
  return openWasm();
}
