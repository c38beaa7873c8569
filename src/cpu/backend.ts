import { ArgumentError, DisposedError, ShapeError } from "../core/errors.ts";
import { formatCount, formatTable } from "../core/format.ts";
import { median } from "../core/median.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import type { DType, Tensor, TypedArray } from "../core/tensor.ts";
import type { Backend, CompileOptions, Feeds, Program, ProgramStats, VariableSnapshot } from "../graph/backend.ts";
import { checkCompile } from "../graph/checks.ts";
import { Closing } from "../graph/closing.ts";
import { assignOp, constantOp, type Graph, inputOp, variableOp } from "../graph/graph.ts";
import type { Node, Variable } from "../graph/node.ts";
import { isOp } from "../graph/op.ts";
import { isVerdict } from "../graph/ops/finish_step.ts";
import type { ProfileData } from "../graph/profile.ts";
import { ArrayPool, isView, lastReads } from "./array_pool.ts";
import { type CpuArray, type CpuOp, defineCpuOp } from "./op.ts";
import { verdictOf } from "./ops/finish_step.ts";
import { cpuOps } from "./ops/index.ts";

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

class CpuBackend implements Backend {
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

  /** Sets `values` after everything submitted before; undefined is zeros. */
  submitWrite(values: CpuArray, data: TypedArray | undefined): void {
    // Nothing in here can throw: lengths were checked.
    void this.submit(() => {
      if (data) values.set(data);
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

const cpuAssign = defineCpuOp(
  assignOp,
  ({ attributes, input, optionalInput, variable }) => {
    const verdict = optionalInput("verdict");
    if (verdict === undefined || verdictOf(verdict).counts) variable(attributes.variable).set(input("value"));
  },
  () => 0,
);

/** Lets the page, or Node, do something else before the next step; timers would be slowed down in a hidden tab. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
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

class CpuProgram implements Program {
  readonly stats: ProgramStats;
  readonly #backend: CpuBackend;
  readonly #values = new Map<Node, CpuArray>();
  readonly #storage = new Map<Variable, CpuArray>();
  readonly #inputs = new Map<string, { shape: readonly number[]; dtype: DType; values: CpuArray }>();
  readonly #outputs: readonly { name: string; shape: readonly number[]; values: CpuArray }[];
  readonly #steps: Work[] = [];
  readonly #effects: Work[] = [];
  #disposed = false;

  constructor(backend: CpuBackend, graph: Graph, outputs: Readonly<Record<string, Node>>) {
    this.#backend = backend;
    const needed = neededNodes(graph, Object.values(outputs));
    const nodes = graph.nodes.filter((node) => needed.has(node) && node.op.writes === undefined);
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
    if (isOp(node, variableOp)) return this.#storageOf(node.attributes.variable);
    if (isView(node)) return this.#valuesOf(node.operand("x"));
    const values = isLeaf(node) ? pool.takeNew(node.dtype, size) : pool.take(node.dtype, size);
    if (isOp(node, constantOp)) values.set(node.attributes.data);
    else if (isOp(node, inputOp))
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
    const written = new Set<CpuArray>();
    const snapshots: Work[] = [];
    const bound = effects.map((effect) => {
      const inputs = effect.inputs.map((input) => {
        const values = this.#valuesOf(input);
        if (!written.has(values)) return values;
        const copy = pool.take(input.dtype, values.length);
        const compute = () => copy.set(values);
        const { layer, shape } = input;
        snapshots.push({ layer, op: "copy", shape, flops: 0, bytes: 2 * copy.byteLength, compute });
        return copy;
      });
      for (const variable of effect.op.writes?.(effect) ?? []) written.add(this.#storageOf(variable));
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
    for (const name of Object.keys(feeds)) {
      if (!this.#inputs.has(name)) {
        const known = [...this.#inputs.keys()].map((input) => `"${input}"`).join(", ") || "none";
        throw new ArgumentError(`run: the program has no input "${name}" (its inputs: ${known}).`);
      }
    }
    for (const [name, { shape, values }] of this.#inputs) {
      const feed = feeds[name];
      if (feed === undefined) throw new ArgumentError(`run: input "${name}" ${formatShape(shape)} is missing.`);
      if (feed.length !== values.length) {
        throw new ShapeError(
          `run: input "${name}" ${formatShape(shape)} holds ${values.length} values, ${feed.length} were fed.`,
        );
      }
    }
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

  write(variable: Variable, data: ArrayLike<number>): void {
    this.#checkUsable();
    const values = this.#known(variable);
    if (data.length !== variable.size) {
      throw new ShapeError(
        `write: variable "${variable.name}" ${formatShape(variable.shape)} was given ${data.length} values.`,
      );
    }
    const copy = this.#backend.newArray(variable.dtype, variable.size);
    copy.set(data);
    this.#backend.synchronize([variable]);
    this.#backend.submitWrite(values, copy);
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
  return isOp(node, inputOp) || isOp(node, constantOp) || isOp(node, variableOp);
}

function cpuOpOf(node: Node): CpuOp {
  const op = isOp(node, assignOp) ? cpuAssign : cpuOps.get(node.op.name);
  if (op === undefined) throw new ArgumentError(`The CPU backend cannot compute "${node.op.name}".`);
  return op;
}

/** Throws before a variable's storage is retained, which only a finished program gives back. */
function checkComputable(nodes: readonly Node[]): void {
  for (const node of nodes) if (!isLeaf(node) && !isView(node)) cpuOpOf(node);
}

function neededNodes(graph: Graph, outputs: readonly Node[]): ReadonlySet<Node> {
  const needed = new Set<Node>();
  const visit = [...outputs, ...graph.effects];
  for (let node = visit.pop(); node !== undefined; node = visit.pop()) {
    if (needed.has(node)) continue;
    needed.add(node);
    visit.push(...node.inputs);
  }
  return needed;
}
