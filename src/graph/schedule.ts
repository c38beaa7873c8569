import type { Graph } from "./graph.ts";
import type { Node, Variable } from "./node.ts";
import { isOp } from "./op.ts";

/**
 * The nodes that outputs and effects are made of, in an order in which each stands behind its operands; effects, which run
 * after all of them and in their own order, are not among them.
 */
export function neededNodes(graph: Graph, outputs: readonly Node[]): Node[] {
  const needed = new Set<Node>();
  const visit = [...outputs, ...graph.effects];
  for (let node = visit.pop(); node !== undefined; node = visit.pop()) {
    if (needed.has(node)) continue;
    needed.add(node);
    visit.push(...node.inputs);
  }
  return graph.nodes.filter((node) => needed.has(node) && node.op.writes === undefined);
}

/** Whether a node's value is there before a step begins. */
export function isLeaf(node: Node): boolean {
  return isOp(node, "input") || isOp(node, "constant") || isOp(node, "variable");
}

/** Whether a node shows its operand's values under another shape or name, so that a backend needs no memory for it. */
export function isView(node: Node): boolean {
  return isOp(node, "reshape") || isOp(node, "stopGradient");
}

/** The node whose values a view, or a view of a view, shows; any other node is its own. */
export function ownerOf(node: Node): Node {
  return isView(node) ? ownerOf(node.operand("x")) : node;
}

/** The variable whose value a node shows. */
export function variableOf(node: Node): Variable | undefined {
  const owner = ownerOf(node);
  return isOp(owner, "variable") ? owner.attributes.variable : undefined;
}

/** The variables that effects change. */
export function writtenVariables(effects: readonly Node[]): ReadonlySet<Variable> {
  return new Set(effects.flatMap((effect) => effect.op.writes?.(effect) ?? []));
}

/**
 * For each effect the operands that show a variable which an earlier effect has changed by then. An effect sees the values that
 * variables had before the first effect: a backend copies these operands before it runs any.
 */
export function outdatedOperands(effects: readonly Node[]): ReadonlyMap<Node, readonly Node[]> {
  const written = new Set<Variable>();
  return new Map(
    effects.map((effect) => {
      const outdated = [...new Set(effect.inputs)].filter((input) => {
        const variable = variableOf(input);
        return variable !== undefined && written.has(variable);
      });
      for (const variable of effect.op.writes?.(effect) ?? []) written.add(variable);
      return [effect, outdated];
    }),
  );
}
