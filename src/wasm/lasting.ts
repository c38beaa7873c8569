import type { Node, Variable } from "../graph/node.ts";
import { isOp } from "../graph/op.ts";
import type { Lowered } from "./lower.ts";
import type { WasmArray } from "./memory.ts";
import { ownerOfValue, type Task, type Value } from "./task.ts";

/**
 * What a program need not compute in each step: values that are made of constants and of variables that it does not change, as
 * packed weights are where a network is only used. They keep their memory, and are made anew when another program, or a write, has
 * changed such a variable.
 */
export class LastingTasks {
  /** The variables behind each such task. */
  readonly #variables = new Map<Task, ReadonlySet<Variable>>();
  readonly #values = new Map<Value, ReadonlySet<Variable>>();

  constructor({ leaves, steps, written }: Lowered) {
    for (const leaf of leaves) {
      const variables = variablesOfLeaf(leaf, written);
      if (variables) this.#values.set(leaf, variables);
    }
    for (const task of steps) {
      const behind = task.reads.map((value) => this.#values.get(ownerOfValue(value)));
      if (!behind.every((variables) => variables !== undefined)) continue;
      const variables = new Set(behind.flatMap((one) => [...one]));
      this.#variables.set(task, variables);
      for (const value of task.makes) this.#values.set(value, variables);
    }
  }

  has(task: Task): boolean {
    return this.#variables.has(task);
  }

  /** What computes the task where that is wanted. */
  once(task: Task, compute: () => void, storageOf: (variable: Variable) => WasmArray): () => void {
    const variables = this.#variables.get(task);
    if (!variables) return compute;
    const arrays = [...variables].map(storageOf);
    let computed = -1;
    return () => {
      const changes = arrays.reduce((sum, array) => sum + array.changes, 0);
      if (changes === computed) return;
      computed = changes;
      compute();
    };
  }
}

function variablesOfLeaf(leaf: Node, written: ReadonlySet<Variable>): ReadonlySet<Variable> | undefined {
  if (isOp(leaf, "constant")) return new Set();
  if (!isOp(leaf, "variable")) return undefined;
  const { variable } = leaf.attributes;
  return written.has(variable) ? undefined : new Set([variable]);
}
