import { pointwiseLowerings } from "../../kernels/pointwise.ts";
import { singleOps } from "../single_op.ts";

/** Functions of one value that no fusion takes. */
export const rules = singleOps(pointwiseLowerings);
