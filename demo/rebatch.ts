import { decodeCheckpoint, encodeCheckpoint } from "../src/formats/checkpoint.ts";

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
