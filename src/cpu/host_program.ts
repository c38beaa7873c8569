import { ArgumentError, DisposedError, ShapeError } from "../core/errors.ts";
import { formatCount, formatTable } from "../core/format.ts";
import { median } from "../core/median.ts";
import { nextTurn } from "../core/next_turn.ts";
import { formatShape } from "../core/shape.ts";
import type { DType, Tensor, TypedArray } from "../core/tensor.ts";
import type { Feeds, Program, ProgramStats } from "../graph/backend.ts";
import { checkFeeds } from "../graph/feeds.ts";
import type { Variable } from "../graph/node.ts";
import type { ProfileData } from "../graph/profile.ts";
import type { HostArray } from "./host.ts";
import type { CpuArray } from "./op.ts";

/** What a program asks of its backend. */
export interface ProgramHost {
  /** Throws where the backend can no longer be used. */
  checkUsable(): void;
  /**
   * Does `work` after everything submitted before it, by any program: calls may overlap, and programs share variables,
   * so that they queue here as they do on a GPU.
   */
  submit<T>(work: () => T | Promise<T>): Promise<T>;
  newArray(dtype: DType, size: number): CpuArray;
  /** Submits the values that were `reset` on variables since the last call. */
  synchronize(variables: Iterable<Variable>): void;
  /** Sets values from `offset` on after everything submitted before; undefined is zeros. */
  submitWrite(variable: Variable, data: TypedArray | undefined, offset?: number): void;
  /** Gives up a program's hold on variables, and its memory by `free`. */
  release(variables: Iterable<Variable>, free: () => void): void;
}

/** One kernel or loop of a step, bound to its memory. */
export interface Work {
  readonly layer: string | undefined;
  readonly op: string;
  readonly kernel: string;
  readonly shape: readonly number[];
  readonly flops: number;
  /** Of everything that it reads and writes, each once. */
  readonly bytes: number;
  compute(): void;
}

/** A graph with its memory. */
export interface ProgramPlan<A extends HostArray = HostArray> {
  readonly inputs: ReadonlyMap<string, { readonly shape: readonly number[]; readonly dtype: DType; readonly array: A }>;
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[]; readonly array: A }[];
  /** What makes the outputs. */
  readonly steps: readonly Work[];
  /** What changes variables, after all of them. */
  readonly effects: readonly Work[];
  /** The variables that they change. */
  readonly written: ReadonlySet<Variable>;
  readonly scratchBytes: number;
  /** Distinct compiled kernels. */
  readonly pipelines: number;
  /** Gives back what is no variable. */
  free(): void;
}

/** A graph on this thread: a list of kernels and loops, each bound to its memory. */
export class HostProgram<A extends HostArray> implements Program {
  readonly stats: ProgramStats;
  readonly #host: ProgramHost;
  readonly #plan: ProgramPlan<A>;
  readonly #variables: ReadonlyMap<Variable, A>;
  readonly #work: readonly Work[];
  #disposed = false;

  constructor(host: ProgramHost, plan: ProgramPlan<A>, variables: ReadonlyMap<Variable, A>) {
    this.#host = host;
    this.#plan = plan;
    this.#variables = variables;
    this.#work = [...plan.steps, ...plan.effects];
    let variableBytes = 0;
    for (const { values, heldBytes } of variables.values()) variableBytes += heldBytes ?? values.byteLength;
    this.stats = {
      dispatches: this.#work.length,
      pipelines: plan.pipelines,
      scratchBytes: plan.scratchBytes,
      variableBytes,
      flops: this.#work.reduce((sum, { flops }) => sum + flops, 0),
    };
  }

  #runSteps(): void {
    for (const { compute } of this.#plan.steps) compute();
  }

  #runEffects(): void {
    for (const { compute } of this.#plan.effects) compute();
    this.#noteChanges();
  }

  #noteChanges(): void {
    for (const variable of this.#plan.written) this.#known(variable).changes++;
  }

  /** Copies what is fed, since the caller may fill the arrays anew while the step waits for its turn; gives what puts it in. */
  #fed(feeds: Feeds): () => void {
    const { inputs } = this.#plan;
    checkFeeds(feeds, inputs);
    const fed = [...inputs].map(([name, { dtype, array }]) => {
      const copy = this.#host.newArray(dtype, array.values.length);
      copy.set(feeds[name] ?? []);
      return { array, copy };
    });
    return () => {
      for (const { array, copy } of fed) array.values.set(copy);
    };
  }

  async run(feeds: Feeds = {}, { read }: { read?: readonly string[] } = {}): Promise<Record<string, Tensor>> {
    this.#checkUsable();
    const wanted = this.#plan.outputs.filter(({ name }) => read?.includes(name) ?? true);
    const feed = this.#fed(feeds);
    this.#host.synchronize(this.#variables.keys());
    return this.#host.submit(async () => {
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
    this.#host.synchronize(this.#variables.keys());
    return this.#host.submit(async () => {
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

  #known(variable: Variable): A {
    const array = this.#variables.get(variable);
    if (array === undefined) throw new ArgumentError(`This program has no variable "${variable.name}".`);
    return array;
  }

  async read(variable: Variable): Promise<Tensor> {
    const [tensor] = await this.enqueue({ steps: 0, read: [variable] });
    return tensor as Tensor;
  }

  write(variable: Variable, data: ArrayLike<number>, offset?: number): void {
    this.#checkUsable();
    if (offset !== undefined && !this.#variables.has(variable)) return;
    this.#known(variable);
    if (offset === undefined && data.length !== variable.size) {
      throw new ShapeError(
        `write: variable "${variable.name}" ${formatShape(variable.shape)} was given ${data.length} values.`,
      );
    }
    const copy = this.#host.newArray(variable.dtype, data.length);
    copy.set(data);
    this.#host.synchronize([variable]);
    this.#host.submitWrite(variable, copy, offset);
  }

  #checkUsable(): void {
    if (this.#disposed) throw new DisposedError("This program was disposed of; compile the graph again.");
    this.#host.checkUsable();
  }

  async settled(): Promise<void> {}

  async profile({ steps = 5 }: { steps?: number } = {}): Promise<ProfileData> {
    this.#checkUsable();
    this.#host.synchronize(this.#variables.keys());
    return this.#host.submit(async () => {
      const times = this.#work.map((): number[] => []);
      for (let step = 0; step < steps; step++) {
        this.#checkUsable();
        this.#work.forEach(({ compute }, index) => {
          const started = performance.now();
          compute();
          times[index]?.push(performance.now() - started);
        });
        this.#noteChanges();
        await nextTurn();
      }
      return {
        timing: "cpu",
        steps,
        peakGflops: undefined,
        kernels: this.#work.map(({ layer, op, kernel, flops, bytes }, index) => ({
          ...{ layer, op, kernel, flops, bytes },
          milliseconds: median(times[index] ?? []),
        })),
      };
    });
  }

  toString(): string {
    const rows = this.#work.map(({ layer, op, kernel, shape, flops }) => [
      ...[layer ?? "", op, kernel, formatShape(shape), formatCount(flops)],
    ]);
    return formatTable([["layer", "op", "kernel", "shape", "FLOPs"], ...rows]);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#host.release(this.#variables.keys(), () => this.#plan.free());
  }
}
