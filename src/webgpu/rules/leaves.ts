import { constantOp, inputOp, variableOp } from "../../graph/graph.ts";
import type { Attributes } from "../../graph/node.ts";
import type { OpDefinition } from "../../graph/op.ts";
import { reshapeOp } from "../../graph/ops/reshape.ts";
import { stopGradientOp } from "../../graph/ops/stop_gradient.ts";
import { type Rule, rule } from "./rule.ts";

/** What begins a graph: fed values, constants and variables. */
export const inputLeaf = rule(inputOp, (node) => ({
  lower(emit) {
    const { name, shape, dtype } = node.attributes;
    emit.define(node, emit.input(name, shape, dtype));
  },
}));

export const constantLeaf = rule(constantOp, (node) => ({
  lower: (emit) => emit.define(node, emit.constant("constant", node.attributes.data, node.dtype)),
}));

export const variableLeaf = rule(variableOp, (node) => ({
  lower: (emit) => emit.define(node, emit.variable(node.attributes.variable)),
}));

/** Another name for the same elements: no kernel, no memory. */
function sameElements<A extends Attributes>(op: OpDefinition<A>): Rule {
  return rule(op, (node) => ({ lower: (emit) => emit.define(node, emit.value(node.operand("x"))) }));
}

export const reshapeView = sameElements(reshapeOp);
export const stopGradientView = sameElements(stopGradientOp);
