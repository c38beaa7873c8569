import { onDemand } from "../core/on_demand.ts";
import { WasmUnavailableError } from "../core/wasm_unavailable.ts";
import { HostBackend } from "../cpu/host.ts";
import type { Backend, CompileOptions } from "../graph/backend.ts";
import type { Graph } from "../graph/graph.ts";
import type { Variable } from "../graph/node.ts";
import { Crew } from "./crew.ts";
import { F32x4, load, store } from "./emit/code.ts";
import { defineKernel } from "./emit/function.ts";
import { Kernels } from "./kernels.ts";
import { lower } from "./lower.ts";
import { WasmArray, WasmMemory } from "./memory.ts";
import { placeProgram } from "./place.ts";
import { threadsOf, type WasmOptions } from "./thread_count.ts";
import type { Pool } from "./threads/pool.ts";

/** Needs vectors, and that code may be compiled at all. */
const probe = defineKernel("probe", { at: "i32" }, (_, { at }) => store.f32x4(at, load.f32x4(at).plus(F32x4.of(1))));

/** Throws `WasmUnavailableError` where kernels cannot run. */
export async function openWasm(options: WasmOptions = {}): Promise<Backend> {
  const threads = threadsOf(options);
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
  const pool =
    threads.count > 1 ? await onDemand("threads of WebAssembly", () => import("./threads/pool.ts")) : undefined;
  const backend = new WasmBackend(threads.count, pool?.Pool);
  if (threads.why !== undefined) backend.why = threads.why;
  return backend;
}

class WasmBackend extends HostBackend<WasmArray> {
  readonly kind = "wasm";
  readonly description: string;
  readonly #memory: WasmMemory;
  readonly #kernels: Kernels;
  readonly #crew: Crew;

  constructor(threads: number, pool: typeof Pool | undefined) {
    super();
    this.description = `WebAssembly · SIMD${threads > 1 ? ` · ${threads} threads` : ""}`;
    this.#memory = new WasmMemory(threads > 1);
    this.#kernels = new Kernels(this.#memory.memory, threads > 1);
    this.#crew = new Crew(this.#kernels, threads, pool && (() => this.#startPool(pool, threads)));
  }

  /** What threads do not do, this one does: where they fail, work goes on. */
  #startPool(pool: typeof Pool, threads: number): Pool | undefined {
    const failed = (why: string) => {
      const told = `A thread of the WebAssembly backend failed (${why}); the others do its work.`;
      this.why = this.why === undefined ? told : `${this.why} ${told}`;
    };
    try {
      return new pool(this.#memory.memory, threads, failed, (error) => this.lose(error));
    } catch (error) {
      failed(error instanceof Error ? error.message : `${error}`);
      return undefined;
    }
  }

  get bytes(): number {
    return this.closed ? 0 : this.#memory.bytes;
  }

  protected async plan(graph: Graph, outputs: CompileOptions["outputs"]) {
    const lowered = lower(graph, Object.values(outputs));
    await this.#kernels.load([...lowered.steps, ...lowered.effects].flatMap(({ kernels }) => kernels));
    return (storageOf: (variable: Variable) => WasmArray) =>
      placeProgram(lowered, outputs, this.#memory, this.#kernels, this.#crew, storageOf);
  }

  protected allocate({ dtype, size }: Variable): WasmArray {
    return new WasmArray(this.#memory, dtype, this.#memory.allocate(WasmArray.byteSize(dtype, size)), size);
  }

  protected free({ address }: WasmArray): void {
    this.#memory.free(address);
  }

  override dispose(): void {
    super.dispose();
    this.#crew.end();
  }
}
