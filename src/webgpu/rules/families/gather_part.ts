import { gatherPartLowerings } from "../../kernels/gather_part.ts";
import { singleOps } from "../single_op.ts";

/** Rows of a table that lies in several buffers. */
export const rules = singleOps(gatherPartLowerings);
