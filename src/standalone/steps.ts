/** The ops of a network as data: what a module does without a GPU. */
import { ArgumentError } from "../core/errors.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { isOp } from "../graph/op.ts";
import { isView, neededNodes } from "../graph/schedule.ts";
import { addVariable } from "./plan.ts";
import type { Weights } from "./weights.ts";

/** One op: its name, the steps whose values it takes, its result, its attributes, and the steps that nobody needs behind it. */
export type Step = readonly [
  op: string,
  operands: readonly number[],
  shape: readonly number[],
  type: string,
  attributes: unknown,
  unneeded: readonly number[],
];

/** What a module's `STEPS` and `OUTPUTS` hold. */
export interface StepsData {
  readonly steps: readonly Step[];
  readonly outputs: readonly number[];
  /** The ops that they want loops for. */
  readonly ops: ReadonlySet<string>;
}

/** The name under which a module knows the op, and what it has to know of it. */
function described(node: Node, weights: Weights): readonly [string, unknown] {
  if (isOp(node, "input")) return ["input", Number(node.attributes.name)];
  if (isOp(node, "variable")) return ["held", addVariable(weights, node.attributes.variable)];
  if (isOp(node, "constant")) {
    const { data } = node.attributes;
    return ["held", weights.add(data, { data, dtype: node.dtype, rank: 1 })];
  }
  return isView(node) ? ["reshape", undefined] : [node.op.name, node.attributes];
}

/** The steps of a graph; `known` are the ops that there are loops for. Throws `ArgumentError` that names what has none, and its layers. */
export function stepsFor(
  graph: Graph,
  outputs: readonly Node[],
  known: ReadonlySet<string>,
  weights: Weights,
): StepsData {
  const nodes = neededNodes(graph, outputs);
  const places = new Map(nodes.map((node, place) => [node, place]));
  const placeOf = (node: Node) => places.get(node) as number;
  const lastUse = new Map<Node, number>();
  nodes.forEach((node, place) => {
    for (const operand of node.inputs) lastUse.set(operand, place);
  });
  for (const output of outputs) lastUse.delete(output);
  const ops = new Set<string>();
  const missing = new Map<string, Set<string>>();
  const steps = nodes.map((node, place): Step => {
    const [op, attributes] = described(node, weights);
    const isOwn = op !== "input" && op !== "held" && op !== "reshape";
    if (isOwn && known.has(op)) ops.add(op);
    else if (isOwn) missing.set(op, (missing.get(op) ?? new Set()).add(node.layer ?? "the model"));
    const over = [...new Set(node.inputs)].filter((operand) => lastUse.get(operand) === place);
    return [op, node.inputs.map(placeOf), node.shape, node.dtype, attributes, over.map(placeOf)];
  });
  if (missing.size > 0) {
    const list = [...missing].map(([op, layers]) => `"${op}" (${[...layers].map((name) => `"${name}"`).join(", ")})`);
    throw new ArgumentError(
      `toStandaloneModule: a module has no loops for ${list.join(", ")}; docs/standalone.md lists what it has. Compose the layer of ` +
        "other ops.",
    );
  }
  return { steps, outputs: outputs.map(placeOf), ops };
}
