import { Operands } from "../../graph/node.ts";
import type { Lowering } from "../lowering.ts";
import type { Rule } from "./rule.ts";

/** What an op's own kernel does where no fusion takes the node. */
function singleOp(lowering: Lowering): Rule {
  return {
    op: lowering.op,
    match: (node) => ({
      lower(emit) {
        const values = new Operands(
          node.op,
          node.inputs.map((input) => emit.value(input)),
        );
        const [target] = node.op.writes?.(node) ?? [];
        lowering.lower(node, values, target ? emit.variable(target) : emit.result(node), emit);
      },
    }),
  };
}

/** Ops by themselves. */
export function singleOps(lowerings: readonly Lowering[]): readonly Rule[] {
  return lowerings.map(singleOp);
}
