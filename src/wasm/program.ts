import { ArgumentError, DisposedError, ShapeError } from "../core/errors.ts";
import { formatCount, formatTable } from "../core/format.ts";
import { median } from "../core/median.ts";
import { nextTurn } from "../core/next_turn.ts";
import { formatShape } from "../core/shape.ts";
import type { DType, Tensor, TypedArray } from "../core/tensor.ts";
import type { CpuArray } from "../cpu/op.ts";
import type { Feeds, Program, ProgramStats } from "../graph/backend.ts";
import { checkFeeds } from "../graph/feeds.ts";
import type { Node, Variable } from "../graph/node.ts";
import type { ProfileData } from "../graph/profile.ts";
import { bytesOf } from "./cpu_task.ts";
import type { WasmArray } from "./memory.ts";
import type { PlacedProgram } from "./place.ts";
import type { Task } from "./task.ts";

/** What a program asks of its backend. */
export interface WasmHost {
  /** Throws where the backend can no longer be used. */
  checkUsable(): void;
  /** Does `work` after everything submitted before it. */
  submit<T>(work: () => T | Promise<T>): Promise<T>;
  /** Submits the values that were `reset` on variables since the last call. */
  synchronize(variables: Iterable<Variable>): void;
  submitWrite(array: WasmArray, data: TypedArray, offset?: number): void;
  release(variables: Iterable<Variable>, block: number): void;
}

interface Work {
  readonly task: Task;
  compute(): void;
}

/** A graph in WebAssembly's memory: a list of kernels and loops, each bound to its places. */
export class WasmProgram implements Program {
  readonly stats: ProgramStats;
  readonly #backend: WasmHost;
  readonly #placed: PlacedProgram;
  readonly #outputs: readonly { name: string; shape: readonly number[]; array: WasmArray }[];
  #disposed = false;

  constructor(backend: WasmHost, placed: PlacedProgram, outputs: Readonly<Record<string, Node>>) {
    this.#backend = backend;
    this.#placed = placed;
    this.#outputs = Object.entries(outputs).map(([name, node]) => ({
      name,
      shape: node.shape,
      array: placed.arrayOf(node),
    }));
    const work = this.#work;
    let variableBytes = 0;
    for (const array of placed.variables.values()) variableBytes += array.byteLength;
    this.stats = {
      dispatches: work.length,
      pipelines: new Set(work.flatMap(({ task }) => task.kernels.map(({ name }) => name))).size,
      scratchBytes: placed.bytes,
      variableBytes,
      flops: work.reduce((sum, { task }) => sum + task.flops, 0),
    };
  }

  get #work(): readonly Work[] {
    return [...this.#placed.steps, ...this.#placed.effects];
  }

  #runSteps(): void {
    for (const { compute } of this.#placed.steps) compute();
  }

  #runEffects(): void {
    for (const { compute } of this.#placed.effects) compute();
  }

  /** Copies what is fed, since the caller may fill the arrays anew while the step waits for its turn; gives what puts it in. */
  #fed(feeds: Feeds): () => void {
    checkFeeds(feeds, this.#placed.inputs);
    const fed = [...this.#placed.inputs].map(([name, { dtype, array }]) => {
      const copy = hostArray(dtype, array.length);
      copy.set(feeds[name] ?? []);
      return { array, copy };
    });
    return () => {
      for (const { array, copy } of fed) array.values.set(copy);
    };
  }

  async run(feeds: Feeds = {}, { read }: { read?: readonly string[] } = {}): Promise<Record<string, Tensor>> {
    this.#checkUsable();
    const wanted = this.#outputs.filter(({ name }) => read?.includes(name) ?? true);
    const feed = this.#fed(feeds);
    this.#backend.synchronize(this.#placed.variables.keys());
    return this.#backend.submit(async () => {
      this.#checkUsable();
      feed();
      this.#runSteps();
      const results = wanted.map(({ name, shape, array }) => [name, { shape: [...shape], data: array.values.slice() }]);
      this.#runEffects();
      await nextTurn();
      return Object.fromEntries(results);
    });
  }

  async enqueue(options: { steps?: number; read?: readonly Variable[]; feeds?: Feeds } = {}): Promise<Tensor[]> {
    this.#checkUsable();
    const { steps = 1, read = [], feeds } = options;
    const feed = feeds && this.#fed(feeds);
    const wanted = read.map((variable) => ({ shape: [...variable.shape], array: this.#known(variable) }));
    this.#backend.synchronize(this.#placed.variables.keys());
    return this.#backend.submit(async () => {
      this.#checkUsable();
      feed?.();
      for (let step = 0; step < steps; step++) {
        this.#checkUsable();
        this.#runSteps();
        this.#runEffects();
        await nextTurn();
      }
      this.#checkUsable();
      return wanted.map(({ shape, array }) => ({ shape, data: array.values.slice() }));
    });
  }

  #known(variable: Variable): WasmArray {
    const array = this.#placed.variables.get(variable);
    if (array === undefined) throw new ArgumentError(`This program has no variable "${variable.name}".`);
    return array;
  }

  async read(variable: Variable): Promise<Tensor> {
    const [tensor] = await this.enqueue({ steps: 0, read: [variable] });
    return tensor as Tensor;
  }

  write(variable: Variable, data: ArrayLike<number>, offset?: number): void {
    this.#checkUsable();
    if (offset !== undefined && !this.#placed.variables.has(variable)) return;
    const array = this.#known(variable);
    if (offset === undefined && data.length !== variable.size) {
      throw new ShapeError(
        `write: variable "${variable.name}" ${formatShape(variable.shape)} was given ${data.length} values.`,
      );
    }
    const copy = hostArray(variable.dtype, data.length);
    copy.set(data);
    this.#backend.synchronize([variable]);
    this.#backend.submitWrite(array, copy, offset);
  }

  #checkUsable(): void {
    if (this.#disposed) throw new DisposedError("This program was disposed of; compile the graph again.");
    this.#backend.checkUsable();
  }

  async settled(): Promise<void> {}

  async profile({ steps = 5 }: { steps?: number } = {}): Promise<ProfileData> {
    this.#checkUsable();
    this.#backend.synchronize(this.#placed.variables.keys());
    return this.#backend.submit(async () => {
      const work = this.#work;
      const times = work.map((): number[] => []);
      for (let step = 0; step < steps; step++) {
        this.#checkUsable();
        work.forEach(({ compute }, index) => {
          const started = performance.now();
          compute();
          times[index]?.push(performance.now() - started);
        });
        await nextTurn();
      }
      return {
        timing: "cpu",
        steps,
        peakGflops: undefined,
        kernels: work.map(({ task }, index) => ({
          layer: task.layer,
          op: task.op,
          kernel: task.kernel,
          milliseconds: median(times[index] ?? []),
          flops: task.flops,
          bytes: bytesOf(task),
        })),
      };
    });
  }

  toString(): string {
    const rows = this.#work.map(({ task: { layer, op, kernel, shape, flops } }) => [
      layer ?? "",
      op,
      kernel,
      formatShape(shape),
      formatCount(flops),
    ]);
    return formatTable([["layer", "op", "kernel", "shape", "FLOPs"], ...rows]);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#backend.release(this.#placed.variables.keys(), this.#placed.block);
  }
}

function hostArray(dtype: DType, length: number): CpuArray {
  if (dtype === "i32") return new Int32Array(length);
  if (dtype === "u32") return new Uint32Array(length);
  return dtype === "u8" ? new Uint8Array(length) : new Float32Array(length);
}
