/** Pictures as a step of the training sees them, varied: in a worker, since large ones take the processor a while. */
import { rowsOfBatch } from "../../src/core/rows_of_batch.ts";
import { readRows } from "../../src/data/data_source.ts";
import type { FitOptions } from "../../src/train/types.ts";
import type { PictureSet } from "./picture_set.ts";
import { SEED } from "./presets.ts";

/** Pictures of a batch, and how they are varied. */
export interface ToPreview {
  /** Bytes of the pictures, one behind the other. */
  readonly images: Uint8Array | Float32Array;
  readonly shape: readonly number[];
  readonly count: number;
  /** Pictures side by side. */
  readonly columns: number;
  readonly augment: NonNullable<FitOptions["augment"]>;
  readonly seed: number;
  readonly step: number;
}

export interface PreviewRequest {
  readonly canvas: HTMLCanvasElement;
  /** Pictures. */
  readonly count: number;
  /** Pictures side by side. */
  readonly columns: number;
  /** The step that would see them, from 0 on. */
  readonly step: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Draws the pictures of a step into a canvas. Rejects where there is no worker, and with the signal's reason. */
export async function drawPreview(
  { train }: PictureSet,
  augment: ToPreview["augment"],
  { canvas, count, columns, step, signal }: PreviewRequest,
): Promise<void> {
  const order = { count: train.count, batch: Math.min(count, train.count), shuffle: true, seed: SEED };
  const rows = rowsOfBatch(step, order).filter((row) => row >= 0);
  const { images } = await readRows(train, [...rows]);
  signal.throwIfAborted();
  const batch = { images, shape: train.shape, count: rows.length };
  const drawn = await inWorker({ ...batch, columns, augment, seed: SEED, step }, signal);
  Object.assign(canvas, { width: drawn.width, height: drawn.height });
  canvas.getContext("2d")?.drawImage(drawn, 0, 0);
  drawn.close();
}

function inWorker(toPreview: ToPreview, signal: AbortSignal): Promise<ImageBitmap> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./preview_worker.ts", import.meta.url), { type: "module" });
    const end = () => worker.terminate();
    signal.addEventListener("abort", () => {
      end();
      reject(signal.reason);
    });
    worker.addEventListener("message", ({ data }: MessageEvent<ImageBitmap | undefined>) => {
      end();
      if (data) resolve(data);
      else reject(new Error("The pictures could not be varied."));
    });
    worker.addEventListener("error", (event) => {
      end();
      reject(new Error(event.message));
    });
    worker.postMessage(toPreview);
  });
}
