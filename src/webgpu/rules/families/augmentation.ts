import { mixImagesLowerings } from "../../kernels/mix_images.ts";
import { augmentImages } from "../augment_images.ts";
import { singleOps } from "../single_op.ts";

/** What makes random copies of a data set's images, and mixes them. */
export const rules = [augmentImages, ...singleOps(mixImagesLowerings)];
