import { reduceLowerings } from "../../kernels/reduce.ts";
import { singleOps } from "../single_op.ts";

/** Reductions over axes. */
export const rules = singleOps(reduceLowerings);
