import { softmaxLowerings } from "../../kernels/softmax.ts";
import { singleOps } from "../single_op.ts";

/** What a classifier ends in. */
export const rules = singleOps(softmaxLowerings);
