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
  return encodeCheckpoint({ config: { ...config, batchSize }, tensors: movedTo(cursor, tensors) });
}

/** A checkpoint for a trainer that begins another data set. Throws `FormatError` for what is no checkpoint. */
export function atBeginning(checkpoint: Uint8Array): Uint8Array {
  const { config, tensors } = decodeCheckpoint(checkpoint);
  return encodeCheckpoint({ config, tensors: movedTo(0, tensors) });
}

function movedTo(cursor: number, tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const place = tensors.get("trainer/cursor");
  return new Map([
    ...tensors,
    ...(place ? [["trainer/cursor", { ...place, data: place.data.map(() => cursor) }] as const] : []),
  ]);
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
