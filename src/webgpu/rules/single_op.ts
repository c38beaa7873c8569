import type { Lowering } from "../lowering.ts";
import type { Rule } from "./rule.ts";

/** What an op's own kernel does where no fusion takes the node. An effect's kernel has the variables that it writes after its inputs. */
function singleOp(lowering: Lowering): Rule {
  return {
    op: lowering.op,
    match: (node) => ({
      lower(emit) {
        const targets = (node.op.writes?.(node) ?? []).map((variable) => emit.variable(variable));
        const values = [...node.inputs.map((input) => emit.value(input)), ...targets];
        lowering.lower(node, values, targets[0] ?? emit.result(node), emit);
      },
    }),
  };
}

/** Ops by themselves. */
export function singleOps(lowerings: readonly Lowering[]): readonly Rule[] {
  return lowerings.map(singleOp);
}
