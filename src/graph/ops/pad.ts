import { at } from "../../core/at.ts";
import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { describeValue } from "../../core/options.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { checkPositions, resampleAxis } from "./resample_axis.ts";
import { place } from "./slice.ts";

export interface PadOptions {
  /** "constant" (default) fills with `value`; "edge" repeats the border; "reflect" mirrors without repeating it. */
  mode?: "constant" | "reflect" | "edge";
  /** Default 0. */
  value?: number;
}

/** The position that padding along an axis of `extent` elements copies. */
export function paddingSource(position: number, extent: number, mode: "reflect" | "edge"): number {
  if (mode === "edge") return Math.min(Math.max(position, 0), extent - 1);
  const mirrored = Math.abs(position);
  return mirrored < extent ? mirrored : 2 * (extent - 1) - mirrored;
}

/**
 * A tensor with [before, after] more elements along each axis. Throws `ShapeError` where "reflect" would need more than
 * an axis holds beside its border.
 */
export function pad(
  graph: Graph,
  x: Node,
  paddings: readonly (readonly [number, number])[],
  options: PadOptions = {},
): Node {
  const { mode = "constant", value = 0 } = options;
  if (!["constant", "reflect", "edge"].includes(mode)) {
    throw new ArgumentError(`pad: mode is "constant", "reflect" or "edge", got ${describeValue(mode)}.`);
  }
  const whole = paddings.every((pair) => pair.length === 2 && pair.every((n) => Number.isInteger(n) && n >= 0));
  if (paddings.length !== x.shape.length || !whole) {
    throw new ArgumentError(
      `pad: wants [before, after] for each axis of ${formatShape(x.shape)}, whole numbers of at least 0, ` +
        `got ${describeValue(paddings)}.`,
    );
  }
  if (paddings.every(([before, after]) => before + after === 0)) return x;
  if (mode === "constant") {
    return place(graph, x, {
      shape: x.shape.map((extent, axis) => extent + at(at(paddings, axis), 0) + at(at(paddings, axis), 1)),
      begin: paddings.map(([before]) => before),
      strides: x.shape.map(() => 1),
      value,
    });
  }
  return paddings.reduce((padded, [before, after], axis) => {
    const extent = at(x.shape, axis);
    if (mode === "reflect" && Math.max(before, after) >= extent) {
      throw new ShapeError(
        `pad: axis ${axis} of ${formatShape(x.shape)} cannot reflect [${before}, ${after}] elements.`,
      );
    }
    if (before + after === 0) return padded;
    checkPositions("pad", before + extent + after);
    const taps = Array.from({ length: before + extent + after }, (_, position) => [
      { index: paddingSource(position - before, extent, mode), weight: 1 },
    ]);
    return resampleAxis(graph, padded, axis, taps);
  }, x);
}
