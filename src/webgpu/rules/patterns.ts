import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import type { MatchContext } from "./rule.ts";

/** The node below reshapes. */
export function throughReshapes(node: Node): Node {
  let current = node;
  while (isOp(current, "reshape")) current = current.operand("x");
  return current;
}

/** `add(node, vector of the last axis)` as the sole use of a node. */
export function biasAdd(node: Node, context: MatchContext): { add: Node; bias: Node } | undefined {
  const add = context.soleUse(node);
  if (add === undefined || !isOp(add, "add")) return undefined;
  const bias = add.operand("a") === node ? add.operand("b") : add.operand("a");
  const isVector = bias.shape.length === 1 && bias.shape[0] === node.shape[node.shape.length - 1] && bias !== node;
  return isVector ? { add, bias } : undefined;
}

/** Whether a node is a sum over these axes. */
export function isSumOver(node: Node, axes: readonly number[]): boolean {
  return isOp(node, "sum") && node.attributes.axes.join() === axes.join();
}

/** Whether a node is the sum of images over batch, height and width. */
export function isChannelSum(node: Node): boolean {
  return isSumOver(node, [0, 1, 2]) && node.operand("x").shape.length === 4;
}

/** The one of two nodes that comes first. */
export function earlier(a: Node, b: Node): Node {
  return a.id < b.id ? a : b;
}
