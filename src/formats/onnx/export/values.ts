/** What nodes of a model become in a file. */
import type { TypedArray } from "../../../core/tensor.ts";
import { asItIs, sameList, stridesOf } from "../value.ts";
import type { FileType } from "./file.ts";
import type { Extents } from "./twin.ts";

/** A tensor that the file holds. */
export interface Held {
  readonly kind: "held";
  readonly name: string;
  readonly type: FileType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** What a node of the file gives. */
export interface Made {
  readonly kind: "made";
  /** The value's name in the file. */
  readonly name: string;
  readonly type: FileType;
  /** As this library counts axes. */
  readonly extents: Extents;
  /** Which of this library's axes each of the file's is: [0, 3, 1, 2] for an image of NHWC that lies as NCHW. */
  readonly order: readonly number[];
  /**
   * Of a matrix [batch, columns] that was an image: which column here each of the file's is. `lying` writes it with the columns as
   * they lie, for a dense layer, whose weights are turned instead; `plain` with the columns of this library, for all others. `name`
   * is not there.
   */
  readonly columns?: { readonly from: readonly number[]; readonly lying: () => string; readonly plain: () => Made };
  /** Of a matrix of rows that are the last axis of this tensor, which nobody has written yet; `name` is not there. */
  readonly rowsOf?: Made;
}

export type Value = Held | Made;

export const extentsOf = (value: Value): Extents => (value.kind === "held" ? value.shape : value.extents);

/** An image's axes as ONNX wants them: channels behind the batch. */
export const channelsFirst = (rank: number): number[] => {
  const [batch = 0, ...rest] = asItIs(rank);
  const channels = rest.pop();
  return channels === undefined ? asItIs(rank) : [batch, channels, ...rest];
};

/** A held tensor's values with its axes in another order. */
export function turned({ shape, data }: Held, order: readonly number[]): { shape: number[]; data: ArrayLike<number> } {
  const turnedShape = order.map((axis) => shape[axis] ?? 1);
  if (sameList(order, asItIs(order.length))) return { shape: turnedShape, data };
  const strides = stridesOf(shape);
  const result = new Float64Array(data.length);
  const counters = turnedShape.map(() => 0);
  let from = 0;
  for (let index = 0; index < data.length; index++) {
    result[index] = data[from] ?? 0;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      const stride = strides[order[axis] ?? 0] ?? 1;
      counters[axis] = (counters[axis] ?? 0) + 1;
      from += stride;
      if ((counters[axis] ?? 0) < (turnedShape[axis] ?? 1)) break;
      from -= stride * (turnedShape[axis] ?? 1);
      counters[axis] = 0;
    }
  }
  return { shape: turnedShape, data: result };
}

/** What is written once, and only where somebody wants it. */
export function once<T>(write: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: write() };
    return made.value;
  };
}
