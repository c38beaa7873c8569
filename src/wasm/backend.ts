import { WasmUnavailableError } from "../core/wasm_unavailable.ts";
import { HostBackend } from "../cpu/host.ts";
import type { Backend, CompileOptions } from "../graph/backend.ts";
import type { Graph } from "../graph/graph.ts";
import type { Variable } from "../graph/node.ts";
import { F32x4, load, store } from "./emit/code.ts";
import { defineKernel } from "./emit/function.ts";
import { Kernels } from "./kernels.ts";
import { lower } from "./lower.ts";
import { WasmArray, WasmMemory } from "./memory.ts";
import { placeProgram } from "./place.ts";

/** Needs vectors, and that code may be compiled at all. */
const probe = defineKernel("probe", { at: "i32" }, (_, { at }) => store.f32x4(at, load.f32x4(at).plus(F32x4.of(1))));

/** Throws `WasmUnavailableError` where kernels cannot run. */
export async function openWasm(): Promise<Backend> {
  if (typeof WebAssembly === "undefined") {
    throw new WasmUnavailableError("no-api", "This browser has no WebAssembly; use cpu(), or another browser.");
  }
  const bytes = probe.bytes();
  if (!WebAssembly.validate(bytes)) {
    throw new WasmUnavailableError(
      "no-simd",
      "This browser's WebAssembly has no vector instructions (SIMD); update it, or use cpu().",
    );
  }
  try {
    await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new WasmUnavailableError(
      "blocked",
      `This page may not compile WebAssembly; add 'wasm-unsafe-eval' to script-src of its Content-Security-Policy, or use ` +
        `cpu(). The browser says: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    );
  }
  return new WasmBackend();
}

class WasmBackend extends HostBackend<WasmArray> {
  readonly kind = "wasm";
  readonly description = "WebAssembly · SIMD";
  readonly #memory = new WasmMemory();
  readonly #kernels = new Kernels(this.#memory.memory);

  get bytes(): number {
    return this.closed ? 0 : this.#memory.bytes;
  }

  protected async plan(graph: Graph, outputs: CompileOptions["outputs"]) {
    const lowered = lower(graph, Object.values(outputs));
    await this.#kernels.load([...lowered.steps, ...lowered.effects].flatMap(({ kernels }) => kernels));
    return (storageOf: (variable: Variable) => WasmArray) =>
      placeProgram(lowered, outputs, this.#memory, this.#kernels, storageOf);
  }

  protected allocate({ dtype, size }: Variable): WasmArray {
    return new WasmArray(this.#memory, dtype, this.#memory.allocate(WasmArray.byteSize(dtype, size)), size);
  }

  protected free({ address }: WasmArray): void {
    this.#memory.free(address);
  }
}
