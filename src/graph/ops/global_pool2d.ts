import { ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { max, mean } from "./reduce.ts";

function checkImage(what: string, x: Node): Node {
  if (x.shape.length === 4) return x;
  throw new ShapeError(`${what}: wants [batch, height, width, channels], got ${formatShape(x.shape)}.`);
}

/** Mean of each channel over the image: [batch, height, width, channels] → [batch, channels], or [batch, 1, 1, channels]. */
export function globalAvgPool2d(graph: Graph, x: Node, keepDims = false): Node {
  return mean(graph, checkImage("globalAvgPool2d", x), [1, 2], keepDims);
}

/** Maximum of each channel over the image; shapes as globalAvgPool2d. */
export function globalMaxPool2d(graph: Graph, x: Node, keepDims = false): Node {
  return max(graph, checkImage("globalMaxPool2d", x), [1, 2], keepDims);
}
