import { cumsumLowerings } from "../../kernels/cumsum.ts";
import { singleOps } from "../single_op.ts";

/** Running sums. */
export const rules = singleOps(cumsumLowerings);
