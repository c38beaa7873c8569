import { dropoutLowerings } from "../../kernels/dropout.ts";
import { gaussianNoiseLowerings } from "../../kernels/gaussian_noise.ts";
import { singleOps } from "../single_op.ts";

/** Kernels that draw random numbers. */
export const rules = singleOps([...dropoutLowerings, ...gaussianNoiseLowerings]);
