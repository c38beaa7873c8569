import batchRow from "../../../shaders/batch_row.wgsl?raw";
import fetchBatchShader from "../../../shaders/fetch_batch.wgsl?raw";
import random from "../../../shaders/random.wgsl?raw";
import { permutationHalfBits, randomKey } from "../../core/random.ts";
import type { BatchRowsAttributes } from "../../graph/ops/batch_rows.ts";
import { type DeviceTraits, type KernelSpec, presentBindings } from "../kernel.ts";
import type { ShaderConstants } from "../preprocess.ts";
import { workgroupThreads } from "./sizes.ts";
import { tableOf } from "./table.ts";

/** What shaders include to find them. */
export const batchRowIncludes = { batch_row: batchRow, random };

/** What the shaders need to know of which rows make up a batch. */
export function batchRowConstants(options: BatchRowsAttributes): ShaderConstants {
  return {
    COUNT: options.count,
    BATCH: options.batch,
    BATCHES_PER_EPOCH: Math.ceil(options.count / options.batch),
    SHUFFLE: options.shuffle,
    // The shader derives the epoch's key from this one: randomKey(seed, epoch).
    SEED_KEY: randomKey(options.seed),
    HALF_BITS: permutationHalfBits(options.count),
  };
}

export interface FetchBatchOptions {
  readonly rows: BatchRowsAttributes;
  /** Elements of one image. */
  readonly rowSize: number;
  readonly dtype: "u8" | "f32";
  readonly scale: number;
  /** Elements, a multiple of four, of a buffer that is looked through for floats that are not finite; none by default. */
  readonly watchedSize?: number;
}

/** Most images of one `fetchBatch`: workgroups along an axis. */
export const MOST_FETCHED_ROWS = 65535;

/**
 * Images and labels (i32) of the batch that the cursor (u32) names. Where a buffer is watched, `found` gets an f32 a
 * workgroup: 1 where it saw a float that is not finite, there or among images of floats.
 */
export function fetchBatch(options: FetchBatchOptions, traits: DeviceTraits): KernelSpec {
  const { rows, rowSize, watchedSize = 0 } = options;
  const threads = workgroupThreads(traits);
  const { elements, includes, constants, variant } = tableOf(options);
  const rowWorkgroups = Math.ceil(elements / threads);
  const watch = watchedSize > 0;
  return {
    name: "fetch_batch",
    shader: fetchBatchShader,
    includes: { ...batchRowIncludes, ...includes },
    constants: {
      THREADS: threads,
      ...batchRowConstants(rows),
      ...constants,
      WATCH: watch,
      WATCHED_VECTORS: watchedSize / 4,
      ROW_WORKGROUPS: rowWorkgroups,
      WORKGROUPS: rowWorkgroups * rows.batch,
    },
    bindings: presentBindings({
      table: "read",
      labelTable: "read",
      cursor: "read",
      images: "write",
      labels: "write",
      watched: watch && "read",
      found: watch && "write",
    }),
    workgroups: [rowWorkgroups, rows.batch, 1],
    variant: `${rows.shuffle ? "shuffled " : ""}${variant}`,
    flops: rows.batch * rowSize,
  };
}
