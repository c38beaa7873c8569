import { ShapeError } from "./errors.ts";
import { formatShape, type Shape, sizeOf } from "./shape.ts";

/** Element types of the IR. `u8` is storage for images only: kernels read it and compute in f32. */
export type DType = "f32" | "i32" | "u32" | "u8";

/** What may hold a tensor's values at the border of the library. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray;

/** A tensor at the border of the library: row-major values with their shape. */
export interface Tensor<T extends TypedArray = TypedArray> {
  /** Extents, outermost first: [batch, height, width, channels] for images. */
  shape: number[];
  /** Values in row-major order, as many as the extents' product. */
  data: T;
}

/** Bytes that one element of `dtype` takes in a GPU buffer. */
export function bytesPerElement(dtype: DType): number {
  return dtype === "u8" ? 1 : 4;
}

/** Throws a `ShapeError` unless `data` holds exactly the elements that `shape` says. */
export function checkLength(what: string, shape: Shape, data: ArrayLike<number>): void {
  const expected = sizeOf(shape);
  if (data.length !== expected) {
    throw new ShapeError(
      `${what}: shape ${formatShape(shape)} holds ${expected} values, the array has ${data.length}.`,
    );
  }
}
