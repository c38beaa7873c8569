import { type Rule, rule } from "./rule.ts";

/** What begins a graph: fed values, constants and variables. */
export const inputLeaf = rule("input", (node) => ({
  lower(emit) {
    const { name, shape, dtype } = node.attributes;
    emit.define(node, emit.input(name, shape, dtype));
  },
}));

export const constantLeaf = rule("constant", (node) => ({
  lower: (emit) => emit.define(node, emit.constant("constant", node.attributes.data, node.dtype)),
}));

export const variableLeaf = rule("variable", (node) => ({
  lower: (emit) => emit.define(node, emit.variable(node.attributes.variable)),
}));

/** Another name for the same elements: no kernel, no memory. */
function sameElements(op: "reshape" | "stopGradient"): Rule {
  return rule(op, (node) => ({ lower: (emit) => emit.define(node, emit.value(node.operand("x"))) }));
}

export const reshapeView = sameElements("reshape");
export const stopGradientView = sameElements("stopGradient");
