/** The worker in which pictures are varied to be looked at. */
import { cpu } from "../../src/cpu/backend.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { previewAugmentation } from "../../src/train/preview_augmentation.ts";
import type { ToPreview } from "./preview.ts";

/** Between two pictures, in pixels. */
const GAP = 4;

async function draw({ images, shape, count, columns, augment, seed, step }: ToPreview): Promise<ImageBitmap> {
  const canvas = new OffscreenCanvas(1, 1);
  // The batch alone, in its order: random numbers go by the place in a batch.
  const batch: Dataset = { images, shape, count, labels: new Int32Array(count), classes: 1 };
  const backend = cpu();
  const look = { columns, imageWidth: shape[1] ?? 1, gap: GAP };
  await previewAugmentation(batch, augment, { backend, canvas, count, seed, step, shuffle: false, ...look });
  return canvas.transferToImageBitmap();
}

globalThis.addEventListener("message", ({ data }: MessageEvent<ToPreview>) => {
  draw(data).then(
    (drawn) => postMessage(drawn, { transfer: [drawn] }),
    () => postMessage(undefined),
  );
});
