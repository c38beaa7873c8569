import shader from "../../../shaders/augment_images.wgsl?raw";
import batchRow from "../../../shaders/batch_row.wgsl?raw";
import normalQuantile from "../../../shaders/normal_quantile.wgsl?raw";
import random from "../../../shaders/random.wgsl?raw";
import tableLoad from "../../../shaders/table_load.wgsl?raw";
import { AFFINE_STREAM } from "../../core/affine.ts";
import { at } from "../../core/at.ts";
import { cutoutSide, isMoved } from "../../core/augmentation.ts";
import { randomKey } from "../../core/random.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import type { AugmentImagesAttributes } from "../../graph/ops/augment_images.ts";
import type { BatchRowsAttributes } from "../../graph/ops/batch_rows.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, presentBindings } from "../kernel.ts";
import type { ShaderConstants } from "../preprocess.ts";
import { batchRowConstants } from "./fetch_batch.ts";
import { workgroupThreads } from "./sizes.ts";

/** Where images are fetched from beside their augmentation. */
export interface FetchedBytes {
  readonly rows: BatchRowsAttributes;
  readonly scale: number;
  /** Elements, a multiple of four, of a buffer that is looked through for floats that are not finite; none by default. */
  readonly watchedSize?: number;
}

/** Images that a thread's random numbers serve: what is drawn for an image is drawn anew by each of its threads. */
function pixelsPerThread({ software }: DeviceTraits): number {
  return software ? 16 : 4;
}

function constantsOf(options: AugmentImagesAttributes, height: number, width: number): ShaderConstants {
  const { flip, fill, seed } = options;
  return {
    STREAM_KEY: randomKey(seed, AFFINE_STREAM),
    AFFINE: isMoved(options),
    SHIFT: { f32: options.shift },
    ROTATE: { f32: (options.rotate * Math.PI) / 180 },
    ZOOM: { f32: options.zoom },
    SLANT: { f32: Math.tan((options.shear * Math.PI) / 180) },
    MIDDLE_COLUMN: { f32: (width - 1) / 2 },
    MIDDLE_ROW: { f32: (height - 1) / 2 },
    FLIP_ROWS: flip === "vertical" || flip === "both",
    FLIP_COLUMNS: flip === "horizontal" || flip === "both",
    CROP: options.crop,
    FILL_NEAREST: fill === "nearest",
    FILL_REFLECT: fill === "reflect",
    FILL_VALUE: { f32: options.fillValue },
    CLIP: options.clip,
    CONTRAST: options.contrast > 0,
    CONTRAST_RANGE: { f32: options.contrast },
    BRIGHTNESS: options.brightness > 0,
    BRIGHTNESS_RANGE: { f32: options.brightness },
    SATURATION: options.saturation > 0,
    SATURATION_RANGE: { f32: options.saturation },
    NOISY: options.noise > 0,
    NOISE: { f32: options.noise },
    CUT_SIDE: cutoutSide(options.cutout, height, width),
  };
}

/**
 * Random copies of images [batch, height, width, channels]; the batch number is u32. With `fetched` the images are bytes of
 * a data set, the number is that of its batch, and labels (i32) are fetched beside them.
 */
export function augmentImages(
  options: AugmentImagesAttributes,
  shape: Shape,
  traits: DeviceTraits,
  fetched?: FetchedBytes,
): KernelSpec {
  const threads = workgroupThreads(traits);
  const [batch, height, width, channels] = [at(shape, 0), at(shape, 1), at(shape, 2), at(shape, 3)];
  const groups = Math.ceil((height * width) / (threads * pixelsPerThread(traits)));
  const workgroups = linearWorkgroups(batch * groups * threads, threads);
  const { watchedSize = 0 } = fetched ?? {};
  return {
    name: "augment_images",
    shader,
    includes: { batch_row: batchRow, normal_quantile: normalQuantile, random, table_load: tableLoad },
    constants: {
      THREADS: threads,
      BATCH: batch,
      HEIGHT: height,
      WIDTH: width,
      CHANNELS: channels,
      GROUPS: groups,
      PIXELS_PER_THREAD: pixelsPerThread(traits),
      ...constantsOf(options, height, width),
      FETCH: fetched !== undefined,
      WATCH: watchedSize > 0,
      ...(fetched && {
        ...batchRowConstants(fetched.rows),
        ...{ BYTES: true, INTEGERS: false, VECTOR: false, SCALE: { f32: fetched.scale } },
        ...{ WATCHED_VECTORS: watchedSize / 4, WORKGROUPS: workgroups[0] * workgroups[1] },
      }),
    },
    bindings: presentBindings({
      images: fetched === undefined && "read",
      table: fetched !== undefined && "read",
      labelTable: fetched !== undefined && "read",
      sums: options.contrast > 0 && "read",
      batchNumber: "read",
      output: "write",
      labels: fetched !== undefined && "write",
      watched: watchedSize > 0 && "read",
      found: watchedSize > 0 && "write",
    }),
    workgroups,
    ...(fetched && { variant: `of bytes${fetched.rows.shuffle ? ", shuffled" : ""}` }),
    flops: 8 * sizeOf(shape),
  };
}
