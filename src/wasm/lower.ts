import type { Graph } from "../graph/graph.ts";
import type { Node, Variable } from "../graph/node.ts";
import { isLeaf, isView, neededNodes, outdatedOperands, ownerOf, writtenVariables } from "../graph/schedule.ts";
import { copyTask, cpuTask } from "./cpu_task.ts";
import { rules } from "./rules/index.ts";
import { PooledConvolutions } from "./rules/pooled.ts";
import { Readers } from "./rules/readers.ts";
import type { Surroundings } from "./rules/rule.ts";
import { effectRules } from "./rules/training.ts";
import { Hidden, readsOf, type Task, type Value } from "./task.ts";

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

/** Who computes each node: the first kernel whose rule takes it, else the CPU backend's loops. */
export function lower(graph: Graph, outputs: readonly Node[]): Lowered {
  const nodes = neededNodes(graph, outputs);
  const effects = lowerEffects(graph);
  const readers = new Readers([...nodes, ...graph.effects], outputs);
  const surroundings: Surroundings = { readers, pooled: new PooledConvolutions(nodes, readers) };
  const wanted = new Set<Node>();
  const want = (value: Value) => wanted.add(value instanceof Hidden ? value.maker : ownerOf(value));
  for (const value of [...outputs, ...effects.flatMap(({ reads }) => reads)]) want(value);
  const steps: Task[] = [];
  // From the end: a task that computes several nodes at once leaves those out that nobody else wants.
  for (const node of nodes.toReversed()) {
    if (isLeaf(node) || isView(node) || !wanted.has(node)) continue;
    const task = taskFor(node, surroundings);
    steps.unshift(...(task.first ? [task.first, task] : [task]));
    for (const value of readsOf(task)) want(value);
  }
  return { leaves: nodes.filter(isLeaf), steps, effects, written: writtenVariables(graph.effects) };
}

function taskFor(node: Node, surroundings: Surroundings): Task {
  for (const rule of rules) {
    const task = rule(node, surroundings);
    if (task) return task;
  }
  return cpuTask(node);
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
    for (const rule of effectRules) {
      const task = rule(effect, inputs);
      if (task) return task;
    }
    return cpuTask(effect, inputs);
  });
  return [...copies, ...tasks];
}
