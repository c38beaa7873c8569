import { DisposedError } from "../core/errors.ts";
import type { TypedArray } from "../core/tensor.ts";
import { WasmUnavailableError } from "../core/wasm_unavailable.ts";
import type { Backend, CompileOptions, Program, VariableSnapshot } from "../graph/backend.ts";
import { checkCompile } from "../graph/checks.ts";
import { Closing } from "../graph/closing.ts";
import type { Graph } from "../graph/graph.ts";
import type { Variable } from "../graph/node.ts";
import { F32x4, load, store } from "./emit/code.ts";
import { defineKernel } from "./emit/function.ts";
import { Kernels } from "./kernels.ts";
import { lower } from "./lower.ts";
import { WasmArray, WasmMemory } from "./memory.ts";
import { placeProgram } from "./place.ts";
import { type WasmHost, WasmProgram } from "./program.ts";

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

interface Held {
  readonly array: WasmArray;
  users: number;
  version: number;
}

class WasmBackend implements Backend, WasmHost {
  readonly kind = "wasm";
  readonly description = "WebAssembly · SIMD";
  readonly lost = new Promise<never>(() => undefined);
  readonly #closing = new Closing();
  readonly #memory = new WasmMemory();
  readonly #kernels = new Kernels(this.#memory.memory);
  readonly #held = new Map<Variable, Held>();
  /** Settles when everything submitted so far is done. */
  #lastWork: Promise<unknown> = Promise.resolve();

  get bytes(): number {
    return this.#closing.error ? 0 : this.#memory.bytes;
  }

  async compile(graph: Graph, options: CompileOptions): Promise<Program> {
    this.checkUsable();
    checkCompile(graph, options);
    const outputs = Object.values(options.outputs);
    const lowered = lower(graph, outputs);
    await this.#kernels.load([...lowered.steps, ...lowered.effects].flatMap(({ kernels }) => kernels));
    this.checkUsable();
    const retained: Variable[] = [];
    const retain = (variable: Variable) => {
      retained.push(variable);
      return this.#retain(variable);
    };
    try {
      const placed = placeProgram(lowered, outputs, this.#memory, this.#kernels, retain);
      return new WasmProgram(this, placed, options.outputs);
    } catch (error) {
      this.#giveUp(retained);
      throw error;
    }
  }

  checkUsable(): void {
    if (this.#closing.error) throw this.#closing.error;
  }

  get closed(): Error | undefined {
    return this.#closing.error;
  }

  onClosed(listener: (error: Error) => void): () => void {
    return this.#closing.onClosed(listener);
  }

  onReopened(listener: () => void): () => void {
    return this.#closing.onOpened(listener);
  }

  async snapshot(): Promise<VariableSnapshot> {
    this.checkUsable();
    this.synchronize(this.#held.keys());
    return this.submit(() => {
      return new Map(
        [...this.#held].map(([variable, { version, array }]) => [variable, { version, data: array.values.slice() }]),
      );
    });
  }

  /** There is no device to lose: this sets variables back. */
  async reopen(snapshot: VariableSnapshot = new Map()): Promise<void> {
    this.checkUsable();
    for (const [variable, { version, data }] of snapshot) {
      const held = this.#held.get(variable);
      if (held && variable.version === version) this.submitWrite(held.array, data);
    }
    this.#closing.open();
  }

  /**
   * Does `work` after everything submitted before it, by any program: calls may overlap, and programs share variables,
   * so that they queue here as they do on a GPU.
   */
  submit<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#lastWork.then(work);
    this.#lastWork = result.catch(() => undefined);
    return result;
  }

  #retain(variable: Variable): WasmArray {
    let held = this.#held.get(variable);
    if (held === undefined) {
      const { initial, dtype, size, version } = variable;
      const address = this.#memory.allocate(WasmArray.byteSize(dtype, size));
      held = { array: new WasmArray(this.#memory, dtype, address, size), users: 0, version };
      if (initial) held.array.values.set(initial);
      else held.array.values.fill(0);
      this.#held.set(variable, held);
    }
    held.users++;
    return held.array;
  }

  /** Submits the values that were `reset` on variables since the last call. */
  synchronize(variables: Iterable<Variable>): void {
    for (const variable of variables) {
      const held = this.#held.get(variable);
      if (held === undefined || held.version === variable.version) continue;
      held.version = variable.version;
      this.submitWrite(held.array, variable.initial);
    }
  }

  /** Sets values from `offset` on after everything submitted before; undefined is zeros. */
  submitWrite(array: WasmArray, data: TypedArray | undefined, offset = 0): void {
    // Nothing in here can throw: lengths were checked.
    void this.submit(() => {
      if (array.isFree) return;
      if (data) array.values.set(data, offset);
      else array.values.fill(0);
    });
  }

  release(variables: Iterable<Variable>, block: number): void {
    if (this.#closing.error) return;
    // What was enqueued before asks first whether its program is still there.
    this.#memory.free(block);
    this.#giveUp(variables);
  }

  #giveUp(variables: Iterable<Variable>): void {
    for (const variable of variables) {
      const held = this.#held.get(variable);
      if (held === undefined || --held.users > 0) continue;
      this.#memory.free(held.array.address);
      held.array.isFree = true;
      this.#held.delete(variable);
    }
  }

  dispose(): void {
    this.#closing.close(new DisposedError("This backend was disposed of; make a new one."));
    this.#held.clear();
  }
}
