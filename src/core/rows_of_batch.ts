import { permute, randomKey } from "./random.ts";

/**
 * Which rows of a data set of `count` rows make up batch number `cursor`, counted through all epochs: [batch], −1 beyond the
 * end of a last, shorter batch. With `shuffle` each epoch has an order of its own, from the seed. `shaders/batch_row.wgsl`
 * computes the same.
 */
export function rowsOfBatch(
  cursor: number,
  { count, batch, shuffle, seed }: { count: number; batch: number; shuffle: boolean; seed: number },
): Int32Array {
  const batches = Math.ceil(count / batch);
  const first = (cursor % batches) * batch;
  const key = randomKey(seed, Math.floor(cursor / batches));
  return Int32Array.from({ length: batch }, (_, place) => {
    const row = first + place;
    return row >= count ? -1 : shuffle ? permute(key, row, count) : row;
  });
}
