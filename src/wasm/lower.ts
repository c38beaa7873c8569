import type { Graph } from "../graph/graph.ts";
import type { Node, Variable } from "../graph/node.ts";
import { isOp } from "../graph/op.ts";
import { isView, neededNodes, outdatedOperands, writtenVariables } from "../graph/schedule.ts";
import { copyTask, cpuTask } from "./cpu_task.ts";
import { rules } from "./rules/index.ts";
import type { Task, Value } from "./task.ts";

/** A graph as a list of tasks. */
export interface Lowered {
  /** Inputs, constants and variables. */
  readonly leaves: readonly Node[];
  /** What makes the outputs. */
  readonly steps: readonly Task[];
  /** What changes variables, after all of them. */
  readonly effects: readonly Task[];
  /** The variables that they change, which nothing else may show. */
  readonly written: ReadonlySet<Variable>;
}

const isLeaf = (node: Node): boolean => isOp(node, "input") || isOp(node, "constant") || isOp(node, "variable");

/** Who computes each node: the first kernel whose rule takes it, else the CPU backend's loops. */
export function lower(graph: Graph, outputs: readonly Node[]): Lowered {
  const nodes = neededNodes(graph, outputs);
  const computed = nodes.filter((node) => !isLeaf(node) && !isView(node));
  const steps = computed.map((node) => {
    for (const rule of rules) {
      const task = rule(node);
      if (task) return task;
    }
    return cpuTask(node);
  });
  return {
    leaves: nodes.filter(isLeaf),
    steps,
    effects: lowerEffects(graph),
    written: writtenVariables(graph.effects),
  };
}

/** Effects run after everything else, in order; each sees the values that variables had before the first of them. */
function lowerEffects({ effects }: Graph): Task[] {
  const outdated = outdatedOperands(effects);
  const copies: Task[] = [];
  const tasks = effects.map((effect) => {
    const inputs = effect.inputs.map((input): Value => {
      if (!outdated.get(effect)?.includes(input)) return input;
      const { task, copy } = copyTask(input);
      copies.push(task);
      return copy;
    });
    return cpuTask(effect, inputs);
  });
  return [...copies, ...tasks];
}
