import { ArgumentError, DisposedError, ShapeError } from "../core/errors.ts";
import { formatCount, formatTable } from "../core/format.ts";
import { median } from "../core/median.ts";
import { nextTurn } from "../core/next_turn.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import type { DType, Tensor } from "../core/tensor.ts";
import type { Feeds, Program, ProgramStats } from "../graph/backend.ts";
import { checkFeeds } from "../graph/feeds.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node, Variable } from "../graph/node.ts";
import { isOp, isVerdict } from "../graph/op.ts";
import type { ProfileData } from "../graph/profile.ts";
import { isView, neededNodes, outdatedOperands } from "../graph/schedule.ts";
import { ArrayPool, lastReads } from "./array_pool.ts";
import type { CpuArray, CpuOp } from "./op.ts";
import { assignCpuOp } from "./ops/assign.ts";
import { cpuOps } from "./ops/index.ts";

/** What a program asks of its backend. */
export interface CpuHost {
  /** Throws where the backend can no longer be used. */
  checkUsable(): void;
  /** Does `work` after everything submitted before it. */
  submit<T>(work: () => T | Promise<T>): Promise<T>;
  newArray(dtype: DType, size: number): CpuArray;
  /** A variable's storage, which is kept until `release`. */
  retain(variable: Variable): CpuArray;
  /** Submits the values that were `reset` on variables since the last call. */
  synchronize(variables: Iterable<Variable>): void;
  submitWrite(values: CpuArray, data: CpuArray, offset?: number): void;
  release(variables: Iterable<Variable>, programBytes: number): void;
}

/** One op of a step, bound to its memory. */
interface Work {
  readonly layer: string | undefined;
  readonly op: string;
  readonly shape: readonly number[];
  readonly flops: number;
  readonly bytes: number;
  compute(): void;
}

/** A graph on the CPU: its nodes bound to arrays, one loop each. */
export class CpuProgram implements Program {
  readonly stats: ProgramStats;
  readonly #backend: CpuHost;
  readonly #values = new Map<Node, CpuArray>();
  readonly #storage = new Map<Variable, CpuArray>();
  readonly #inputs = new Map<string, { shape: readonly number[]; dtype: DType; values: CpuArray }>();
  readonly #outputs: readonly { name: string; shape: readonly number[]; values: CpuArray }[];
  readonly #steps: Work[] = [];
  readonly #effects: Work[] = [];
  #disposed = false;

  constructor(backend: CpuHost, graph: Graph, outputs: Readonly<Record<string, Node>>) {
    this.#backend = backend;
    const nodes = neededNodes(graph, Object.values(outputs));
    checkComputable([...nodes, ...graph.effects]);
    const pool = new ArrayPool((dtype, size) => backend.newArray(dtype, size));
    const inputsOfEffects = graph.effects.flatMap((effect) => effect.inputs).filter((input) => !isVerdict(input));
    const kept = [...Object.values(outputs), ...inputsOfEffects];
    const released = lastReads(nodes, kept);
    for (const node of nodes) {
      this.#values.set(node, this.#place(node, pool));
      for (const owner of released.get(node) ?? []) {
        // Leaves keep their values from step to step.
        if (!isLeaf(owner)) pool.give(owner.dtype, this.#valuesOf(owner));
      }
    }
    this.#bindEffects(graph.effects, pool);
    this.#outputs = Object.entries(outputs).map(([name, node]) => ({
      name,
      shape: node.shape,
      values: this.#valuesOf(node),
    }));
    let variableBytes = 0;
    for (const values of this.#storage.values()) variableBytes += values.byteLength;
    this.stats = {
      dispatches: this.#steps.length + this.#effects.length,
      pipelines: 0,
      scratchBytes: pool.bytes,
      variableBytes,
      flops: [...this.#steps, ...this.#effects].reduce((sum, { flops }) => sum + flops, 0),
    };
  }

  #valuesOf(node: Node): CpuArray {
    const values = this.#values.get(node);
    if (values === undefined) throw new ArgumentError(`"${node.op.name}" belongs to another graph.`);
    return values;
  }

  /** Gives a node its memory and notes how to compute it. */
  #place(node: Node, pool: ArrayPool): CpuArray {
    const size = sizeOf(node.shape);
    if (isOp(node, "variable")) return this.#storageOf(node.attributes.variable);
    if (isView(node)) return this.#valuesOf(node.operand("x"));
    const values = isLeaf(node) ? pool.takeNew(node.dtype, size) : pool.take(node.dtype, size);
    if (isOp(node, "constant")) values.set(node.attributes.data);
    else if (isOp(node, "input"))
      this.#inputs.set(node.attributes.name, { shape: node.shape, dtype: node.dtype, values });
    else this.#steps.push(this.#bind(node, values));
    return values;
  }

  #bind(node: Node, output: CpuArray, inputs = node.inputs.map((input) => this.#valuesOf(input))): Work {
    const op = cpuOpOf(node);
    return {
      layer: node.layer,
      op: node.op.name,
      shape: node.shape,
      flops: op.flops(node),
      bytes: inputs.reduce((sum, { byteLength }) => sum + byteLength, output.byteLength),
      compute: op.bind(node, inputs, output, (variable) => this.#storageOf(variable)),
    };
  }

  #storageOf(variable: Variable): CpuArray {
    let values = this.#storage.get(variable);
    if (values === undefined) {
      values = this.#backend.retain(variable);
      this.#storage.set(variable, values);
    }
    return values;
  }

  /** Effects run after everything else, in order; each sees the values that variables had before the first of them. */
  #bindEffects(effects: readonly Node[], pool: ArrayPool): void {
    const outdated = outdatedOperands(effects);
    const snapshots: Work[] = [];
    const bound = effects.map((effect) => {
      const inputs = effect.inputs.map((input) => {
        const values = this.#valuesOf(input);
        if (!outdated.get(effect)?.includes(input)) return values;
        const copy = pool.take(input.dtype, values.length);
        const compute = () => copy.set(values);
        const { layer, shape } = input;
        snapshots.push({ layer, op: "copy", shape, flops: 0, bytes: 2 * copy.byteLength, compute });
        return copy;
      });
      for (const variable of effect.op.writes?.(effect) ?? []) this.#storageOf(variable);
      // What an effect decides is for the effects behind it.
      const output = isVerdict(effect)
        ? pool.takeNew(effect.dtype, sizeOf(effect.shape))
        : this.#backend.newArray("f32", 0);
      this.#values.set(effect, output);
      return this.#bind(effect, output, inputs);
    });
    this.#effects.push(...snapshots, ...bound);
  }

  /** Copies what is fed, since the caller may fill the arrays anew while the step waits for its turn; gives what puts it in. */
  #fed(feeds: Feeds): () => void {
    checkFeeds(feeds, this.#inputs);
    const fed = [...this.#inputs].map(([name, { dtype, values }]) => {
      const copy = this.#backend.newArray(dtype, values.length);
      copy.set(feeds[name] ?? []);
      return { values, copy };
    });
    return () => {
      for (const { values, copy } of fed) values.set(copy);
    };
  }

  async run(feeds: Feeds = {}, { read }: { read?: readonly string[] } = {}): Promise<Record<string, Tensor>> {
    this.#checkUsable();
    const wanted = this.#outputs.filter(({ name }) => read?.includes(name) ?? true);
    const feed = this.#fed(feeds);
    this.#backend.synchronize(this.#storage.keys());
    return this.#backend.submit(async () => {
      this.#checkUsable();
      feed();
      for (const { compute } of this.#steps) compute();
      const results = wanted.map(({ name, shape, values }) => [name, { shape: [...shape], data: values.slice() }]);
      for (const { compute } of this.#effects) compute();
      await nextTurn();
      return Object.fromEntries(results);
    });
  }

  async enqueue(options: { steps?: number; read?: readonly Variable[]; feeds?: Feeds } = {}): Promise<Tensor[]> {
    this.#checkUsable();
    const { steps = 1, read = [], feeds } = options;
    const feed = feeds && this.#fed(feeds);
    const wanted = read.map((variable) => ({ shape: [...variable.shape], values: this.#known(variable) }));
    this.#backend.synchronize(this.#storage.keys());
    return this.#backend.submit(async () => {
      feed?.();
      for (let step = 0; step < steps; step++) {
        this.#checkUsable();
        for (const { compute } of this.#steps) compute();
        for (const { compute } of this.#effects) compute();
        await nextTurn();
      }
      this.#checkUsable();
      return wanted.map(({ shape, values }) => ({ shape, data: values.slice() }));
    });
  }

  #known(variable: Variable): CpuArray {
    const values = this.#storage.get(variable);
    if (values === undefined) throw new ArgumentError(`This program has no variable "${variable.name}".`);
    return values;
  }

  async read(variable: Variable): Promise<Tensor> {
    const [tensor] = await this.enqueue({ steps: 0, read: [variable] });
    return tensor as Tensor;
  }

  write(variable: Variable, data: ArrayLike<number>, offset?: number): void {
    this.#checkUsable();
    if (offset !== undefined && !this.#storage.has(variable)) return;
    const values = this.#known(variable);
    if (offset === undefined && data.length !== variable.size) {
      throw new ShapeError(
        `write: variable "${variable.name}" ${formatShape(variable.shape)} was given ${data.length} values.`,
      );
    }
    const copy = this.#backend.newArray(variable.dtype, data.length);
    copy.set(data);
    this.#backend.synchronize([variable]);
    this.#backend.submitWrite(values, copy, offset);
  }

  #checkUsable(): void {
    if (this.#disposed) throw new DisposedError("This program was disposed of; compile the graph again.");
    this.#backend.checkUsable();
  }

  async settled(): Promise<void> {}

  async profile({ steps = 5 }: { steps?: number } = {}): Promise<ProfileData> {
    this.#checkUsable();
    this.#backend.synchronize(this.#storage.keys());
    return this.#backend.submit(async () => {
      const work = [...this.#steps, ...this.#effects];
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
        kernels: work.map(({ layer, op, flops, bytes }, index) => ({
          layer,
          op,
          kernel: "loops",
          milliseconds: median(times[index] ?? []),
          flops,
          bytes,
        })),
      };
    });
  }

  toString(): string {
    const rows = [...this.#steps, ...this.#effects].map(({ layer, op, shape, flops }) => [
      layer ?? "",
      op,
      formatShape(shape),
      formatCount(flops),
    ]);
    return formatTable([["layer", "op", "shape", "FLOPs"], ...rows]);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#backend.release(this.#storage.keys(), this.stats.scratchBytes);
  }
}

function isLeaf(node: Node): boolean {
  return isOp(node, "input") || isOp(node, "constant") || isOp(node, "variable");
}

function cpuOpOf(node: Node): CpuOp {
  const op = isOp(node, "assign") ? assignCpuOp : cpuOps.get(node.op.name);
  if (op === undefined) throw new ArgumentError(`The CPU backend cannot compute "${node.op.name}".`);
  return op;
}

/** Throws before a variable's storage is retained, which only a finished program gives back. */
function checkComputable(nodes: readonly Node[]): void {
  for (const node of nodes) if (!isLeaf(node) && !isView(node)) cpuOpOf(node);
}
