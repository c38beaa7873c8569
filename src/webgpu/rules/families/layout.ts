import { castLowerings } from "../../kernels/cast.ts";
import { oneHotLowerings } from "../../kernels/one_hot.ts";
import { resampleAxisLowerings } from "../../kernels/resample_axis.ts";
import { sliceLowerings } from "../../kernels/slice.ts";
import { transposeLowerings } from "../../kernels/transpose.ts";
import { singleOps } from "../single_op.ts";

/** Kernels that move, stretch and convert elements. */
export const rules = singleOps([
  ...sliceLowerings,
  ...transposeLowerings,
  ...resampleAxisLowerings,
  ...castLowerings,
  ...oneHotLowerings,
]);
