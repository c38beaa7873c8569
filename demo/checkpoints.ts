/** Checkpoints that are changed a little before a trainer takes them over. */

import { decodeCheckpoint, encodeCheckpoint } from "../src/formats/checkpoint.ts";
import type { Tensor } from "../src/index.ts";

/**
 * A checkpoint for a trainer that differs in its batch size alone: weights, optimizer and step stay; `cursor` is the
 * number of batches, of the new size, taken from the data set. Throws `FormatError` for what is no checkpoint.
 */
export function withBatchSize(checkpoint: Uint8Array, batchSize: number, cursor: number): Uint8Array {
  const { config, tensors } = decodeCheckpoint(checkpoint);
  if ((config as { batchSize?: unknown }).batchSize === batchSize) return checkpoint;
  const changed = new Map(tensors);
  const place = tensors.get("trainer/cursor");
  if (place) changed.set("trainer/cursor", { ...place, data: place.data.map(() => cursor) });
  return encodeCheckpoint({ config: { ...config, batchSize }, tensors: changed });
}

/** The tensors of a checkpoint with these names, as 32-bit floats. Throws `FormatError` for what is no checkpoint. */
export function parametersIn(
  checkpoint: Uint8Array,
  names: Iterable<string>,
): ReadonlyMap<string, Tensor<Float32Array>> {
  const { tensors } = decodeCheckpoint(checkpoint);
  const wanted = new Set(names);
  return new Map(
    [...tensors].flatMap(([name, { shape, data }]) =>
      wanted.has(name) ? [[name, { shape, data: Float32Array.from(data) }] as const] : [],
    ),
  );
}
