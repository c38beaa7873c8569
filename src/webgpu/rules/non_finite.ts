import { ArgumentError } from "../../core/errors.ts";
import { isOp } from "../../graph/op.ts";
import { MOST_WATCHED, nonFinite as nonFiniteKernel } from "../kernels/non_finite.ts";
import { sumSlices } from "../kernels/sum_slices.ts";
import { numberedValues } from "../lowering.ts";
import { rule } from "./rule.ts";
import { defineFindings, onlyGuards } from "./verdict.ts";

/** A look through tensors for numbers that are not finite; variables of one arena are looked through together. */
const nonFinite = rule("nonFinite", (node, context) => ({
  lower(emit) {
    const sources = new Set(
      node.inputs.map((input) => {
        const arena = isOp(input, "variable") ? input.attributes.variable.arena : undefined;
        return arena ? emit.arena(arena) : emit.value(input);
      }),
    );
    if (sources.size > MOST_WATCHED) {
      throw new ArgumentError(`nonFinite: looks through at most ${MOST_WATCHED} tensors beside parameters.`);
    }
    const parts = [...sources];
    const sizes = parts.map(({ size }) => size);
    const spec = nonFiniteKernel(sizes, emit.traits);
    const findings = defineFindings(node, spec.workgroups, emit);
    emit.dispatch(spec, { ...numberedValues("source", parts), found: findings });
    if (onlyGuards(node, context)) return;
    emit.dispatch(sumSlices({ size: 1, slices: findings.size }, emit.traits), {
      partials: findings,
      output: emit.result(node),
    });
  },
}));

export const rules = [nonFinite];
