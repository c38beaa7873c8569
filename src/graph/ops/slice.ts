import { at } from "../../core/at.ts";
import { normalizeAxes } from "../../core/axes.ts";
import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { checkShape, formatShape, type Shape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, WORDS } from "../op.ts";

export interface SliceAttributes {
  /** First element along each axis. */
  readonly begin: readonly number[];
  /** Extent of the result along each axis. */
  readonly shape: Shape;
  /** Distance of neighbouring elements of the result along each axis. */
  readonly strides: readonly number[];
}

export const sliceOp = defineOp<SliceAttributes>({
  name: "slice",
  operands: { x: WORDS },
  infer: (given, { shape }) => ({ shape, dtype: given.operand("x").dtype }),
  gradient: ({ graph, attributes: { begin, strides }, upstream, operand }) => ({
    x: place(graph, upstream, { shape: operand("x").shape, begin, strides, value: 0 }),
  }),
});

export interface PlaceAttributes extends SliceAttributes {
  /** What fills the rest. */
  readonly value: number;
}

/** The reverse of a slice: the elements at begin, begin + stride, … of a larger tensor, `value` everywhere else. */
export const placeOp = defineOp<PlaceAttributes>({
  name: "place",
  operands: { x: WORDS },
  infer: (given, { shape }) => ({ shape, dtype: given.operand("x").dtype }),
  gradient: ({ graph, attributes: { begin, strides }, upstream, operand }) => ({
    x: graph.addNode(sliceOp, [upstream], { begin, shape: operand("x").shape, strides }),
  }),
});

/** Throws unless there is one whole number of at least `least` for each axis. */
function checkAxisList(what: string, name: string, list: readonly number[], shape: Shape, least: number): void {
  if (list.length !== shape.length || !list.every((value) => Number.isInteger(value) && value >= least)) {
    throw new ArgumentError(
      `${what}: ${name} wants a whole number of at least ${least} for each axis of ${formatShape(shape)}, ` +
        `got [${list.join(", ")}].`,
    );
  }
}

/**
 * A part of a tensor: along each axis the elements begin, begin + stride, … below begin + size. `size` counts elements of
 * the input, as in WebNN, so that ceil(size / stride) are left; strides are 1 by default. Any type.
 */
export function slice(
  graph: Graph,
  x: Node,
  begin: readonly number[],
  size: readonly number[],
  strides: readonly number[] = x.shape.map(() => 1),
): Node {
  checkAxisList("slice", "begin", begin, x.shape, 0);
  checkAxisList("slice", "size", size, x.shape, 1);
  checkAxisList("slice", "strides", strides, x.shape, 1);
  x.shape.forEach((extent, axis) => {
    if (at(begin, axis) + at(size, axis) > extent) {
      throw new ShapeError(
        `slice: ${at(size, axis)} elements from ${at(begin, axis)} on do not lie within axis ${axis} of ${formatShape(x.shape)}.`,
      );
    }
  });
  const shape = size.map((extent, axis) => Math.ceil(extent / at(strides, axis)));
  return graph.addNode(sliceOp, [x], { begin: [...begin], shape, strides: [...strides] });
}

/** The parts of a tensor along one axis: as many equal ones as a number says, or of the given sizes. */
export function split(graph: Graph, x: Node, parts: number | readonly number[], axis = 0): Node[] {
  const [along] = normalizeAxes("split", axis, x.shape.length) as [number];
  const extent = at(x.shape, along);
  if (typeof parts === "number" && !(parts <= extent)) {
    throw new ShapeError(`split: axis ${along} of ${formatShape(x.shape)} has no ${parts} parts.`);
  }
  const sizes = typeof parts === "number" ? new Array<number>(parts).fill(extent / parts) : parts;
  checkShape("split", sizes);
  if (sizes.reduce((sum, size) => sum + size, 0) !== extent) {
    throw new ShapeError(
      `split: parts of [${sizes.join(", ")}] do not make up axis ${along} of ${formatShape(x.shape)}.`,
    );
  }
  let start = 0;
  return sizes.map((size) => {
    const begin = x.shape.map((_, other) => (other === along ? start : 0));
    start += size;
    return slice(
      graph,
      x,
      begin,
      x.shape.map((whole, other) => (other === along ? size : whole)),
    );
  });
}

/** Elements of `x` spread over a larger tensor; see `placeOp`. The caller has checked that they fit. */
export function place(graph: Graph, x: Node, attributes: PlaceAttributes): Node {
  return graph.addNode(placeOp, [x], attributes);
}
