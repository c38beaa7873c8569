import { augmentImages } from "../augment_images.ts";

/** What makes random copies of a data set's images. */
export const rules = [augmentImages];
