import { assignOp } from "../../graph/graph.ts";
import { defineCpuOp } from "../op.ts";
import { verdictOf } from "./finish_step.ts";

export const assignCpuOp = defineCpuOp(
  assignOp,
  ({ attributes, input, optionalInput, variable }) => {
    const verdict = optionalInput("verdict");
    if (verdict === undefined || verdictOf(verdict).counts) variable(attributes.variable).set(input("value"));
  },
  () => 0,
);
