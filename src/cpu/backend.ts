import { ArgumentError, DisposedError, ShapeError } from "../core/errors.ts";
import { formatTable } from "../core/format.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import type { DType, Tensor } from "../core/tensor.ts";
import type { Backend, Feeds, Program, ProgramStats } from "../graph/backend.ts";
import { assignOp, constantOp, type Graph, inputOp, variableOp } from "../graph/graph.ts";
import type { Node, Variable } from "../graph/node.ts";
import { at, isOp } from "../graph/op.ts";
import { reshapeOp } from "../graph/ops/reshape.ts";
import { stopGradientOp } from "../graph/ops/stop_gradient.ts";
import { type CpuArray, defineCpuOp } from "./op.ts";
import { cpuOps } from "./ops/index.ts";

export interface CpuOptions {
  /** How f32 tensors are held; sums always run in f64. Default "f64". */
  precision?: "f64" | "f32";
}

/** The reference backend: plain loops, sums in f64. Judges every shader, and trains where there is no WebGPU. */
export function cpu(options: CpuOptions = {}): Backend {
  return new CpuBackend(options.precision ?? "f64");
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
  readonly #precision: "f64" | "f32";
  readonly #held = new Map<Variable, Held>();
  #programBytes = 0;
  #disposed = false;

  constructor(precision: "f64" | "f32") {
    this.#precision = precision;
    this.description = `CPU · ${precision}`;
  }

  get bytes(): number {
    return [...this.#held.values()].reduce((sum, { values }) => sum + values.byteLength, this.#programBytes);
  }

  async compile(graph: Graph, options: { outputs: Readonly<Record<string, Node>> }): Promise<Program> {
    if (this.#disposed) throw new DisposedError("This backend was disposed of; make a new one.");
    const program = new CpuProgram(this, graph, options.outputs);
    this.#programBytes += program.stats.scratchBytes;
    return program;
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

  /** Takes over values that were `reset` on variables since the last step. */
  synchronize(variables: Iterable<Variable>): void {
    for (const variable of variables) {
      const held = this.#held.get(variable);
      if (held === undefined || held.version === variable.version) continue;
      held.version = variable.version;
      if (variable.initial) held.values.set(variable.initial);
      else held.values.fill(0);
    }
  }

  release(variables: Iterable<Variable>, programBytes: number): void {
    this.#programBytes -= programBytes;
    for (const variable of variables) {
      const held = this.#held.get(variable);
      if (held && --held.users === 0) this.#held.delete(variable);
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#held.clear();
  }
}

const cpuAssign = defineCpuOp(assignOp, ({ attributes, input, variable }) =>
  variable(attributes.variable).set(input(0)),
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

class CpuProgram implements Program {
  readonly stats: ProgramStats;
  readonly #backend: CpuBackend;
  readonly #values = new Map<Node, CpuArray>();
  readonly #storage = new Map<Variable, CpuArray>();
  readonly #inputs = new Map<string, { shape: readonly number[]; values: CpuArray }>();
  readonly #outputs: readonly { name: string; shape: readonly number[]; values: CpuArray }[];
  readonly #steps: (() => void)[] = [];
  readonly #effects: (() => void)[] = [];
  readonly #rows: string[][] = [];
  #disposed = false;

  constructor(backend: CpuBackend, graph: Graph, outputs: Readonly<Record<string, Node>>) {
    this.#backend = backend;
    const needed = neededNodes(graph, Object.values(outputs));
    let bytes = 0;
    for (const node of graph.nodes) {
      if (!needed.has(node) || node.op.writes !== undefined) continue;
      const values = this.#place(node);
      this.#values.set(node, values);
      const isView = isOp(node, variableOp) || isOp(node, reshapeOp) || isOp(node, stopGradientOp);
      if (!isView) bytes += values.byteLength;
    }
    this.#bindEffects(graph.effects);
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
      scratchBytes: bytes,
      variableBytes,
      flops: 0,
    };
  }

  #valuesOf(node: Node): CpuArray {
    const values = this.#values.get(node);
    if (values === undefined) throw new ArgumentError(`"${node.op.name}" belongs to another graph.`);
    return values;
  }

  /** Gives a node its memory and notes how to compute it. */
  #place(node: Node): CpuArray {
    const size = sizeOf(node.shape);
    if (isOp(node, variableOp)) return this.#storageOf(node.attributes.variable);
    if (isOp(node, reshapeOp) || isOp(node, stopGradientOp)) return this.#valuesOf(at(node.inputs, 0));
    const values = this.#backend.newArray(node.dtype, size);
    if (isOp(node, constantOp)) values.set(node.attributes.data);
    else if (isOp(node, inputOp)) this.#inputs.set(node.attributes.name, { shape: node.shape, values });
    else this.#steps.push(this.#bind(node, values));
    return values;
  }

  #bind(node: Node, output: CpuArray, inputs = node.inputs.map((input) => this.#valuesOf(input))): () => void {
    const op = isOp(node, assignOp) ? cpuAssign : cpuOps.get(node.op.name);
    if (op === undefined) throw new ArgumentError(`The CPU backend cannot compute "${node.op.name}".`);
    this.#rows.push([node.layer ?? "", node.op.name, formatShape(node.shape)]);
    return op.bind(node, inputs, output, (variable) => this.#storageOf(variable));
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
  #bindEffects(effects: readonly Node[]): void {
    const written = new Set<CpuArray>();
    const snapshots: (() => void)[] = [];
    const bound = effects.map((effect) => {
      const inputs = effect.inputs.map((input) => {
        const values = this.#valuesOf(input);
        if (!written.has(values)) return values;
        const copy = values.slice();
        snapshots.push(() => copy.set(values));
        return copy;
      });
      for (const variable of effect.op.writes?.(effect) ?? []) written.add(this.#storageOf(variable));
      return this.#bind(effect, this.#backend.newArray("f32", 0), inputs);
    });
    this.#effects.push(...snapshots, ...bound);
  }

  async run(feeds: Feeds = {}): Promise<Record<string, Tensor>> {
    this.#checkUsable();
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
    for (const [name, { values }] of this.#inputs) values.set(feeds[name] ?? []);
    this.#compute();
    const results = this.#outputs.map(({ name, shape, values }) => [name, { shape: [...shape], data: values.slice() }]);
    for (const effect of this.#effects) effect();
    return Object.fromEntries(results);
  }

  #compute(): void {
    this.#backend.synchronize(this.#storage.keys());
    for (const step of this.#steps) step();
  }

  async enqueue(options: { steps?: number; read?: readonly Variable[] } = {}): Promise<Tensor[]> {
    this.#checkUsable();
    const { steps = 1, read = [] } = options;
    for (let step = 0; step < steps; step++) {
      this.#compute();
      for (const effect of this.#effects) effect();
      await nextTurn();
      this.#checkUsable();
    }
    this.#backend.synchronize(this.#storage.keys());
    return read.map((variable) => ({ shape: [...variable.shape], data: this.#known(variable).slice() }));
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
    this.#backend.synchronize([variable]);
    values.set(data);
  }

  #checkUsable(): void {
    if (this.#disposed) throw new DisposedError("This program was disposed of; compile the graph again.");
  }

  toString(): string {
    return formatTable([["layer", "op", "shape"], ...this.#rows]);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#backend.release(this.#storage.keys(), this.stats.scratchBytes);
  }
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
