import type { TypedArray } from "../core/tensor.ts";

/** Arguments as they are now, for what reads them later. */
export function copied(given: unknown): unknown {
  if (ArrayBuffer.isView(given) && !(given instanceof DataView)) return (given as TypedArray).slice();
  return Array.isArray(given) ? given.map(copied) : given;
}
