import { ArgumentError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import type { DType } from "../core/tensor.ts";
import type { CompileOptions } from "../graph/backend.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node, Variable } from "../graph/node.ts";
import { isOp, isVerdict } from "../graph/op.ts";
import { isLeaf, isView, neededNodes, outdatedOperands, writtenVariables } from "../graph/schedule.ts";
import { ArrayPool, lastReads } from "./array_pool.ts";
import type { HostArray } from "./host.ts";
import type { ProgramPlan, Work } from "./host_program.ts";
import type { CpuArray } from "./op.ts";
import { cpuOpOf } from "./op_of.ts";

type NewArray = (dtype: DType, size: number) => CpuArray;

/** A graph on the CPU: its nodes bound to arrays, one loop each. */
export class CpuPlan implements ProgramPlan {
  readonly inputs = new Map<string, { shape: readonly number[]; dtype: DType; array: HostArray }>();
  readonly outputs: ProgramPlan["outputs"];
  readonly steps: Work[] = [];
  readonly effects: Work[] = [];
  readonly written: ReadonlySet<Variable>;
  readonly scratchBytes: number;
  readonly pipelines = 0;
  readonly free: () => void;
  readonly #newArray: NewArray;
  readonly #storageOf: (variable: Variable) => HostArray;
  readonly #values = new Map<Node, CpuArray>();

  constructor(
    graph: Graph,
    outputs: CompileOptions["outputs"],
    newArray: NewArray,
    storageOf: (variable: Variable) => HostArray,
    free: () => void,
  ) {
    this.#newArray = newArray;
    this.#storageOf = storageOf;
    this.free = free;
    this.written = writtenVariables(graph.effects);
    const nodes = neededNodes(graph, Object.values(outputs));
    const pool = new ArrayPool(newArray);
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
    this.outputs = Object.entries(outputs).map(([name, node]) => ({
      name,
      shape: node.shape,
      array: { values: this.#valuesOf(node), changes: 0 },
    }));
    this.scratchBytes = pool.bytes;
  }

  #valuesOf(node: Node): CpuArray {
    const values = this.#values.get(node);
    if (values === undefined) throw new ArgumentError(`"${node.op.name}" belongs to another graph.`);
    return values;
  }

  /** Gives a node its memory and notes how to compute it. */
  #place(node: Node, pool: ArrayPool): CpuArray {
    const { shape, dtype } = node;
    if (isOp(node, "variable")) return this.#storageOf(node.attributes.variable).values;
    if (isView(node)) return this.#valuesOf(node.operand("x"));
    const values = isLeaf(node) ? pool.takeNew(dtype, sizeOf(shape)) : pool.take(dtype, sizeOf(shape));
    if (isOp(node, "constant")) values.set(node.attributes.data);
    else if (isOp(node, "input"))
      this.inputs.set(node.attributes.name, { shape, dtype, array: { values, changes: 0 } });
    else this.steps.push(this.#bind(node, values));
    return values;
  }

  #bind(node: Node, output: CpuArray, inputs = node.inputs.map((input) => this.#valuesOf(input))): Work {
    const op = cpuOpOf(node);
    return {
      ...{ layer: node.layer, op: node.op.name, kernel: "loops", shape: node.shape, flops: op.flops(node) },
      bytes: inputs.reduce((sum, { byteLength }) => sum + byteLength, output.byteLength),
      compute: op.bind(node, inputs, output, (variable) => this.#storageOf(variable).values),
    };
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
        snapshots.push({ layer, op: "copy", kernel: "loops", shape, flops: 0, bytes: 2 * copy.byteLength, compute });
        return copy;
      });
      for (const variable of effect.op.writes?.(effect) ?? []) this.#storageOf(variable);
      // What an effect decides is for the effects behind it.
      const output = isVerdict(effect) ? pool.takeNew(effect.dtype, sizeOf(effect.shape)) : this.#newArray("f32", 0);
      this.#values.set(effect, output);
      return this.#bind(effect, output, inputs);
    });
    this.effects.push(...snapshots, ...bound);
  }
}
