import { mixImagesLowerings } from "../../kernels/mix_images.ts";
import { singleOps } from "../single_op.ts";

/** What mixes images of a batch: mixup and CutMix. */
export const rules = singleOps(mixImagesLowerings);
