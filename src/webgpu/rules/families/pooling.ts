import { avgPool2dLowerings } from "../../kernels/avg_pool2d.ts";
import { maxPool2dLowerings } from "../../kernels/max_pool2d.ts";
import { singleOps } from "../single_op.ts";

/** Kernels of pools by themselves, and of their gradients. */
export const rules = singleOps([...maxPool2dLowerings, ...avgPool2dLowerings]);
