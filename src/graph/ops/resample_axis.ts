import { at } from "../../core/at.ts";
import { ShapeError } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";

/** One source of an element of the result: where it lies along the axis, and its weight. */
export interface Tap {
  readonly index: number;
  readonly weight: number;
}

export interface ResampleAttributes {
  readonly axis: number;
  /** For each position of the result along the axis, what is added up there, in this order. */
  readonly taps: readonly (readonly Tap[])[];
}

/**
 * Along one axis every element of the result is a weighted sum of a few of the input's: padding by reflection, nearest
 * and linear interpolation are all this. The gradient is the same op with the table turned round.
 */
export const resampleAxisOp = defineOp<ResampleAttributes>({
  name: "resampleAxis",
  operands: { x: FLOATS },
  infer: (given, { axis, taps }) => ({
    shape: given.operand("x").shape.map((extent, other) => (other === axis ? taps.length : extent)),
    dtype: "f32",
  }),
  gradient: ({ graph, attributes: { axis, taps }, upstream, operand }) => ({
    x: resampleAxis(graph, upstream, axis, turnedRound(taps, at(operand("x").shape, axis))),
  }),
});

function turnedRound(taps: readonly (readonly Tap[])[], extent: number): Tap[][] {
  const turned: Tap[][] = Array.from({ length: extent }, () => []);
  taps.forEach((list, position) => {
    for (const { index, weight } of list) at(turned, index).push({ index: position, weight });
  });
  return turned;
}

/** Positions along an axis, each of which has a list of its own in the graph. */
const MOST_POSITIONS = 65_536;

/** Throws `ShapeError` unless an axis of so many positions can have a table. */
export function checkPositions(what: string, extent: number): void {
  if (extent <= MOST_POSITIONS) return;
  throw new ShapeError(`${what}: makes axes of at most ${MOST_POSITIONS} elements, not ${extent}.`);
}

/** Weighted sums along one axis; taps of weight 0 are left out, so that an infinite neighbour does no harm. */
export function resampleAxis(graph: Graph, x: Node, axis: number, taps: readonly (readonly Tap[])[]): Node {
  const kept = taps.map((list) => list.filter(({ weight }) => weight !== 0));
  return graph.addNode(resampleAxisOp, [x], { axis, taps: kept });
}

/** [outer, extent of the axis, inner]: how a tensor looks from one of its axes. */
export function aroundAxis(shape: Shape, axis: number): [number, number, number] {
  const product = (list: Shape) => list.reduce((a, b) => a * b, 1);
  return [product(shape.slice(0, axis)), at(shape, axis), product(shape.slice(axis + 1))];
}
