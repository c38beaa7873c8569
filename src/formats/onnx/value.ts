import { FormatError } from "../../core/errors.ts";
import { Node } from "../../graph/node.ts";
import type { SymbolicTensor } from "../../nn/symbolic_tensor.ts";
import type { ElementType } from "./tensors.ts";

/** What computes: a node of a graph, or a tensor between the layers of a model. */
export type Handle = Node | SymbolicTensor;

/**
 * How many images a model's batch has while its file is read: a prime, so that an extent tells by itself whether it is made of
 * the batch, also behind the arithmetic with shapes that files do. Models only; in a graph the batch is a number as any other.
 */
export const BATCH = 1_000_003;

/** A value that is known while the file is read. */
export interface Known {
  readonly kind: "known";
  readonly shape: readonly number[];
  readonly type: ElementType;
  readonly data: ArrayLike<number>;
  /**
   * Whether it holds how many images a model's batch has, or was computed from that, so that nobody can tell where: then it may be
   * part of a shape, and nothing else.
   */
  readonly ofBatch?: "held" | "computed" | undefined;
}

/** A value that is computed. */
export interface Computed {
  readonly kind: "computed";
  readonly type: ElementType;
  readonly handle: Handle;
  /** Which axis of the file's tensor each axis of the handle is: [0, 2, 3, 1] for an image of NCHW that lies as NHWC. */
  readonly order: readonly number[];
  /**
   * Of a matrix [batch, columns] that was an image: which column of the file's each column here is, and the same value with the
   * file's columns, for whoever wants these. A dense layer does not: it turns its weights instead.
   */
  readonly columns?: { readonly from: readonly number[]; readonly plain: () => Computed };
}

export type Value = Known | Computed;

/** A handle's extents, the batch of a model among them. */
export function extentsOf(handle: Handle): readonly number[] {
  return handle instanceof Node || handle.isConstant ? handle.shape : [BATCH, ...handle.shape];
}

/** Extents as the file counts them. */
export function shapeOf(value: Value): readonly number[] {
  if (value.kind === "known") return value.shape;
  const extents = extentsOf(value.handle);
  const shape = [...extents];
  value.order.forEach((axis, place) => {
    shape[axis] = extents[place] ?? 1;
  });
  return shape;
}

export const rankOf = (value: Value): number => (value.kind === "known" ? value.shape.length : value.order.length);

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/** 0, 1, 2 …: as the file has it. */
export const asItIs = (rank: number): number[] => Array.from({ length: rank }, (_, axis) => axis);

/** An image's axes in the order of this library: channels last. */
export const channelsLast = (rank: number): number[] => {
  const [batch = 0, channels = 1, ...rest] = asItIs(rank);
  return rank < 2 ? asItIs(rank) : [batch, ...rest, channels];
};

export const sameList = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((one, index) => one === b[index]);

/** An axis that may count from the end. Throws `FormatError` where there is none. */
export function axisOf(axis: number, rank: number, what: string): number {
  const found = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(found) && found >= 0 && found < rank) return found;
  throw new FormatError(`ONNX: ${what}: axis ${axis} does not exist among ${rank}.`);
}

/** The distance of neighbours along each axis, row by row. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  return strides;
}

/** Places in `data` of each element of a tensor of `shape` whose axes lie `strides` apart, row by row. */
export function placesOf(shape: readonly number[], strides: readonly number[], start = 0): number[] {
  let places = [start];
  shape.forEach((extent, axis) => {
    const stride = strides[axis] ?? 0;
    const next: number[] = [];
    for (const place of places) for (let index = 0; index < extent; index++) next.push(place + index * stride);
    places = next;
  });
  return places;
}

/** A known value whose axes come in another order. */
export function transposed(value: Known, order: readonly number[]): Known {
  if (sameList(order, asItIs(order.length))) return value;
  const strides = stridesOf(value.shape);
  const shape = order.map((axis) => value.shape[axis] ?? 1);
  const places = placesOf(
    shape,
    order.map((axis) => strides[axis] ?? 0),
  );
  return { ...value, shape, data: Float64Array.from(places, (place) => value.data[place] ?? 0) };
}
