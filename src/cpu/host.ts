import { DisposedError } from "../core/errors.ts";
import type { DType, TypedArray } from "../core/tensor.ts";
import type { Backend, BackendStats, CompileOptions, Program, VariableSnapshot } from "../graph/backend.ts";
import { checkCompile } from "../graph/checks.ts";
import { Closing } from "../graph/closing.ts";
import type { Graph } from "../graph/graph.ts";
import type { Variable } from "../graph/node.ts";
import { HostProgram, type ProgramHost, type ProgramPlan } from "./host_program.ts";
import type { CpuArray } from "./op.ts";

/** A tensor in the memory of a backend that computes on this thread. */
export interface HostArray {
  /** What it holds, where it lies: to be used at once, since memory may move when it grows. */
  readonly values: CpuArray;
  /** Bytes that are set aside for it, where they are more than those of `values`. */
  readonly heldBytes?: number;
  /** Counts how often what it holds was changed, by a step or from outside. */
  changes: number;
}

interface Held<A> {
  readonly array: A;
  /** Programs that use it; at 0 its memory may be another's. */
  users: number;
  version: number;
}

/**
 * A backend that computes on this thread: variables that programs share, and one queue for all of their work. Where arrays lie is the
 * business of whoever extends it.
 */
export abstract class HostBackend<A extends HostArray> implements Backend, ProgramHost {
  abstract readonly kind: Backend["kind"];
  abstract readonly description: string;
  declare why?: string;
  #tellLost: (error: Error) => void = () => undefined;
  readonly lost = new Promise<Error>((resolve) => {
    this.#tellLost = resolve;
  });
  readonly #closing = new Closing();
  readonly #held = new Map<Variable, Held<A>>();
  #programs = 0;
  /** Settles when everything submitted so far is done. */
  #lastWork: Promise<unknown> = Promise.resolve();

  abstract get bytes(): number;

  /** What programs have beside variables is one piece each. */
  stats(): BackendStats {
    const programs = this.closed ? 0 : this.#programs;
    const buffers = this.#held.size + programs;
    return { programs, buffers, stagingBuffers: 0, bytes: this.bytes, pipelines: 0, bindGroups: 0 };
  }

  /** Plans a graph that was checked; `storageOf` gives the storage of a variable. */
  protected abstract plan(
    graph: Graph,
    outputs: CompileOptions["outputs"],
  ): Promise<(storageOf: (variable: Variable) => A) => ProgramPlan<A>>;

  /** Storage for a variable, which holds anything yet. */
  protected abstract allocate(variable: Variable): A;

  /** Takes it back. */
  protected abstract free(array: A): void;

  async compile(graph: Graph, options: CompileOptions): Promise<Program> {
    this.checkUsable();
    checkCompile(graph, options);
    const place = await this.plan(graph, options.outputs);
    this.checkUsable();
    const variables = new Map<Variable, A>();
    try {
      const plan = place((variable) => {
        const array = variables.get(variable) ?? this.#retain(variable);
        variables.set(variable, array);
        return array;
      });
      const program = new HostProgram(this, plan, variables);
      this.#programs++;
      return program;
    } catch (error) {
      this.#giveUp(variables.keys());
      throw error;
    }
  }

  /** What computes here is gone: from now on it cannot be used. */
  protected lose(error: Error): void {
    this.#closing.close(error);
    this.#tellLost(error);
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
      if (variable.version === version) this.submitWrite(variable, data);
    }
    this.#closing.open();
  }

  submit<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#lastWork.then(work);
    this.#lastWork = result.catch(() => undefined);
    return result;
  }

  newArray(dtype: DType, size: number): CpuArray {
    if (dtype === "i32") return new Int32Array(size);
    if (dtype === "u32") return new Uint32Array(size);
    return dtype === "u8" ? new Uint8Array(size) : new Float32Array(size);
  }

  #retain(variable: Variable): A {
    let held = this.#held.get(variable);
    if (held === undefined) {
      held = { array: this.allocate(variable), users: 0, version: variable.version };
      setValues(held.array, variable.initial);
      this.#held.set(variable, held);
    }
    held.users++;
    return held.array;
  }

  synchronize(variables: Iterable<Variable>): void {
    for (const variable of variables) {
      const held = this.#held.get(variable);
      if (held === undefined || held.version === variable.version) continue;
      held.version = variable.version;
      this.submitWrite(variable, variable.initial);
    }
  }

  submitWrite(variable: Variable, data: TypedArray | undefined, offset = 0): void {
    const held = this.#held.get(variable);
    if (held === undefined) return;
    // Nothing in here can throw: lengths were checked.
    void this.submit(() => {
      if (held.users > 0) setValues(held.array, data, offset);
    });
  }

  release(variables: Iterable<Variable>, free: () => void): void {
    if (this.#closing.error) return;
    // What was enqueued before asks first whether its program is still there.
    free();
    this.#programs--;
    this.#giveUp(variables);
  }

  #giveUp(variables: Iterable<Variable>): void {
    for (const variable of variables) {
      const held = this.#held.get(variable);
      if (held === undefined || --held.users > 0) continue;
      this.free(held.array);
      this.#held.delete(variable);
    }
  }

  dispose(): void {
    this.#closing.close(new DisposedError("This backend was disposed of; make a new one."));
    this.#held.clear();
  }
}

/** From `offset` on; without data zeros. */
function setValues(array: HostArray, data: TypedArray | undefined, offset = 0): void {
  if (data) array.values.set(data, offset);
  else array.values.fill(0);
  array.changes++;
}
