import { lowerings } from "../kernels/index.ts";
import type { Lowering } from "../lowering.ts";
import type { Rule } from "./rule.ts";

/** A node by itself. An effect's kernel has the variables that it writes after its inputs. */
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

/** What every op's own kernels do where no fusion takes the node. */
export const singleOps: readonly Rule[] = lowerings.map(singleOp);
