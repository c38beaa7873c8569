/** Pictures as a step of the training sees them, varied; on the processor, which is quick enough for a few. */
import { cpu } from "../../src/cpu/backend.ts";
import { type PreviewOptions, previewAugmentation } from "../../src/train/preview_augmentation.ts";
import type { FitOptions } from "../../src/train/types.ts";
import type { PictureSet } from "./picture_set.ts";
import { SEED } from "./presets.ts";

/** Draws some pictures of a step into a canvas, side by side. */
export async function drawPreview(
  set: PictureSet,
  augment: NonNullable<FitOptions["augment"]>,
  options: Pick<PreviewOptions, "canvas" | "count" | "step" | "columns">,
): Promise<void> {
  const backend = cpu();
  await previewAugmentation(set.train, augment, { ...options, backend, seed: SEED, imageWidth: set.size, gap: 4 });
}
