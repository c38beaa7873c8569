import { ArgumentError, DisposedError } from "../core/errors.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import type { DType, TypedArray } from "../core/tensor.ts";
import type { Backend, CompileOptions, Program, VariableSnapshot } from "../graph/backend.ts";
import { checkCompile } from "../graph/checks.ts";
import { Closing } from "../graph/closing.ts";
import type { Graph } from "../graph/graph.ts";
import type { Variable } from "../graph/node.ts";
import type { CpuArray } from "./op.ts";
import { type CpuHost, CpuProgram } from "./program.ts";

export interface CpuOptions {
  /**
   * How f32 tensors are held between ops; sums always run in f64. Default "f32": what a variable holds is what its checkpoint
   * holds, and what is too large for f32 is infinite, as on a GPU. "f64" rounds nothing, for difference quotients and for
   * judging f32.
   */
  precision?: "f64" | "f32";
}

/** The reference backend: plain loops, sums in f64. Judges every shader, and trains where there is no WebGPU. */
export function cpu(options: CpuOptions = {}): Backend {
  checkOptions("cpu", options, { precision: "string" });
  const { precision = "f32" } = options;
  if (precision !== "f64" && precision !== "f32") {
    throw new ArgumentError(`cpu: precision must be "f64" or "f32", got ${describeValue(precision)}.`);
  }
  return new CpuBackend(precision);
}

interface Held {
  values: CpuArray;
  users: number;
  version: number;
}

class CpuBackend implements Backend, CpuHost {
  readonly kind = "cpu";
  readonly description: string;
  readonly lost = new Promise<never>(() => undefined);
  readonly #closing = new Closing();
  readonly #precision: "f64" | "f32";
  readonly #held = new Map<Variable, Held>();
  #programBytes = 0;
  /** Settles when everything submitted so far is done. */
  #lastWork: Promise<unknown> = Promise.resolve();

  constructor(precision: "f64" | "f32") {
    this.#precision = precision;
    this.description = `CPU · ${precision}`;
  }

  get bytes(): number {
    return [...this.#held.values()].reduce((sum, { values }) => sum + values.byteLength, this.#programBytes);
  }

  async compile(graph: Graph, options: CompileOptions): Promise<Program> {
    this.checkUsable();
    checkCompile(graph, options);
    const program = new CpuProgram(this, graph, options.outputs);
    this.#programBytes += program.stats.scratchBytes;
    return program;
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
        [...this.#held].map(([variable, { version, values }]) => [variable, { version, data: values.slice() }]),
      );
    });
  }

  /** There is no device to lose: this sets variables back. */
  async reopen(snapshot: VariableSnapshot = new Map()): Promise<void> {
    this.checkUsable();
    for (const [variable, { version, data }] of snapshot) {
      const held = this.#held.get(variable);
      if (held && variable.version === version) this.submitWrite(held.values, data);
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

  newArray(dtype: DType, size: number): CpuArray {
    if (dtype === "i32") return new Int32Array(size);
    if (dtype === "u32") return new Uint32Array(size);
    if (dtype === "u8") return new Uint8Array(size);
    return this.#precision === "f64" ? new Float64Array(size) : new Float32Array(size);
  }

  retain(variable: Variable): CpuArray {
    let held = this.#held.get(variable);
    if (held === undefined) {
      held = { values: this.newArray(variable.dtype, variable.size), users: 0, version: variable.version };
      if (variable.initial) held.values.set(variable.initial);
      this.#held.set(variable, held);
    }
    held.users++;
    return held.values;
  }

  /** Submits the values that were `reset` on variables since the last call. */
  synchronize(variables: Iterable<Variable>): void {
    for (const variable of variables) {
      const held = this.#held.get(variable);
      if (held === undefined || held.version === variable.version) continue;
      held.version = variable.version;
      this.submitWrite(held.values, variable.initial);
    }
  }

  /** Sets `values` from `offset` on after everything submitted before; undefined is zeros. */
  submitWrite(values: CpuArray, data: TypedArray | undefined, offset = 0): void {
    // Nothing in here can throw: lengths were checked.
    void this.submit(() => {
      if (data) values.set(data, offset);
      else values.fill(0);
    });
  }

  release(variables: Iterable<Variable>, programBytes: number): void {
    if (this.#closing.error) return;
    this.#programBytes -= programBytes;
    for (const variable of variables) {
      const held = this.#held.get(variable);
      if (held && --held.users === 0) this.#held.delete(variable);
    }
  }

  dispose(): void {
    this.#closing.close(new DisposedError("This backend was disposed of; make a new one."));
    this.#held.clear();
    this.#programBytes = 0;
  }
}
