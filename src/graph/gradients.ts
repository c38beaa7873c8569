import { at } from "../core/at.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import type { Graph } from "./graph.ts";
import type { Node } from "./node.ts";
import type { OperandGradients } from "./op.ts";
import { add } from "./ops/arithmetic.ts";
import { broadcastTo } from "./ops/broadcast_to.ts";
import { gradientRuleOf } from "./usual_gradients.ts";

/** Which nodes lie on a path from one of `xs`: only those need a gradient. */
function dependsOn(graph: Graph, xs: readonly Node[], last: Node): Set<number> {
  const depends = new Set(xs.map((x) => x.id));
  for (let id = 0; id <= last.id; id++) {
    if (at(graph.nodes, id).inputs.some((input) => depends.has(input.id))) depends.add(id);
  }
  return depends;
}

export interface GradientOptions {
  /**
   * Nodes whose values are not kept for the backward pass but computed once more in it, from those that are kept: less
   * memory for more work, and the same numbers. Default: none.
   */
  recompute?: (node: Node) => boolean;
}

/** The nodes that the backward pass reads in the place of those of the forward pass: copies of what is recomputed. */
function recomputed(graph: Graph, recompute: (node: Node) => boolean): (node: Node) => Node {
  const copies = new Map<Node, Node>();
  const again = (node: Node): Node => {
    if (node.inputs.length === 0 || !recompute(node)) return node;
    const known = copies.get(node);
    if (known) return known;
    const inputs = node.inputs.map(again);
    const copy = graph.inLayer(node.layer, () => graph.addNode(node.op, inputs, node.attributes));
    copies.set(node, copy);
    return copy;
  };
  return again;
}

/** What a rule gave by the operands' names, in the order of the inputs. Throws for a name that the op does not declare. */
function gradientsOfInputs(node: Node, named: OperandGradients): (Node | undefined)[] {
  const names = node.operandNames;
  const foreign = Object.keys(named).find((name) => !names.includes(name));
  if (foreign !== undefined) {
    throw new RangeError(
      `the gradient rule of "${node.op.name}" gave one for "${foreign}", which is none of ${names.join(", ")}.`,
    );
  }
  return names.map((name, index) => {
    const given = named[name];
    return Array.isArray(given) ? given[index - names.indexOf(name)] : given;
  });
}

/**
 * d y / d x for each x, by reverse-mode differentiation: walks from `y` back to `xs` and adds, through each op's gradient rule,
 * the nodes that compute it. `y` is a scalar, or `seed` has its shape and stands for d loss / d y. An x that y does not depend on
 * gets zeros. `options.recompute` trades time for memory. Contributions of several uses are added in the order of the uses,
 * latest first.
 */
export function gradientsOf(
  graph: Graph,
  y: Node,
  xs: readonly Node[],
  seed?: Node,
  { recompute = () => false }: GradientOptions = {},
): Node[] {
  if (seed === undefined && y.shape.length !== 0) {
    throw new ShapeError(
      `gradients: y has shape ${formatShape(y.shape)}; differentiate a scalar (sum or mean it first) or pass a seed.`,
    );
  }
  if (seed !== undefined && !sameShape(seed.shape, y.shape)) {
    throw new ShapeError(`gradients: the seed has shape ${formatShape(seed.shape)}, y has ${formatShape(y.shape)}.`);
  }
  const depends = dependsOn(graph, xs, y);
  const found = new Map<number, Node>();
  if (depends.has(y.id)) found.set(y.id, seed ?? graph.constant(1));
  const wanted = new Set(xs.map((x) => x.id));
  const again = recomputed(graph, recompute);

  for (let id = y.id; id >= 0; id--) {
    const upstream = found.get(id);
    const node = at(graph.nodes, id);
    if (upstream === undefined || node.inputs.length === 0) continue;
    if (!node.inputs.some((input) => depends.has(input.id))) continue;
    const rule = gradientRuleOf(node.op);
    if (rule === undefined) {
      throw new ArgumentError(
        `gradients: "${node.op.name}" has no gradient; put stopGradient before it if none should flow.`,
      );
    }
    const named = graph.inLayer(node.layer, () =>
      rule({
        graph,
        node: again(node),
        attributes: node.attributes,
        upstream,
        operand: (name) => again(node.operand(name)),
        wants: (name, index) =>
          depends.has(index === undefined ? node.operand(name).id : at(node.operands(name), index).id),
      }),
    );
    const contributions = gradientsOfInputs(node, named);
    node.inputs.forEach((input, index) => {
      const contribution = contributions[index];
      if (contribution === undefined || !depends.has(input.id)) return;
      if (!sameShape(contribution.shape, input.shape)) {
        throw new ShapeError(
          `gradients: the rule of "${node.op.name}" gave ${formatShape(contribution.shape)} for an input of shape ` +
            `${formatShape(input.shape)}.`,
        );
      }
      const earlier = found.get(input.id);
      found.set(
        input.id,
        earlier === undefined ? contribution : graph.inLayer(node.layer, () => add(graph, earlier, contribution)),
      );
    });
    if (!wanted.has(id)) found.delete(id);
  }
  return xs.map((x) => found.get(x.id) ?? broadcastTo(graph, graph.constant(0), x.shape));
}
