import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { formatShape, type Shape } from "../../core/shape.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Node } from "../../graph/node.ts";
import { add as addNode, mul, sub } from "../../graph/ops/arithmetic.ts";
import { maximum as maximumNode, minimum as minimumNode } from "../../graph/ops/binary.ts";
import { concat } from "../../graph/ops/concat.ts";
import { type Layer, layerConfig, layerOfSeveral } from "../layer.ts";
import { imageAxis } from "./image_axis.ts";

type Options = { name?: string };

/** The shape of tensors combined element by element: equal, or an extent of 1 stretches, as a channel's weight does. */
function combinedShape(shapes: readonly Shape[], what: string): Shape {
  return shapes.reduce((a, b) => {
    const fits =
      a.length === b.length && a.every((extent, axis) => extent === b[axis] || extent === 1 || b[axis] === 1);
    if (!fits) {
      throw new ShapeError(`${what}: combines equal shapes, got ${formatShape(a)} and ${formatShape(b)}.`);
    }
    return a.map((extent, axis) => (extent === 1 ? (b[axis] ?? 1) : extent));
  });
}

function elementwise(kind: string, options: Options, combine: (graph: Graph, x: Node, y: Node) => Node): Layer {
  checkOptions(kind, options, { name: "string" });
  return layerOfSeveral({
    config: layerConfig(kind, options),
    keyword: kind,
    outputShape: combinedShape,
    build: (inputs, graph) => inputs.reduce((x, y) => combine(graph, x, y)),
  });
}

/**
 * Sum of two or more tensors, element by element: `add()([x, shortcut])`. Equal shapes, or an extent of 1 stretches:
 * [1, 1, channels] goes with [height, width, channels]; so in the other layers that combine tensors.
 */
export function add(options: Options = {}): Layer {
  return elementwise("add", options, (graph, x, y) => addNode(graph, x, y));
}

/** The first of two tensors minus the second, element by element. */
export function subtract(options: Options = {}): Layer {
  checkOptions("subtract", options, { name: "string" });
  return layerOfSeveral({
    config: layerConfig("subtract", options),
    keyword: "subtract",
    outputShape(shapes, what) {
      if (shapes.length !== 2) throw new ArgumentError(`${what}: takes a list of two tensors, got ${shapes.length}.`);
      return combinedShape(shapes, what);
    },
    build: (inputs, graph) => inputs.reduce((x, y) => sub(graph, x, y)),
  });
}

/** Product of two or more tensors, element by element. */
export function multiply(options: Options = {}): Layer {
  return elementwise("multiply", options, (graph, x, y) => mul(graph, x, y));
}

/** Mean of two or more tensors, element by element. */
export function average(options: Options = {}): Layer {
  checkOptions("average", options, { name: "string" });
  return layerOfSeveral({
    config: layerConfig("average", options),
    keyword: "average",
    outputShape: combinedShape,
    build: (inputs, graph) =>
      mul(
        graph,
        inputs.reduce((x, y) => addNode(graph, x, y)),
        1 / inputs.length,
      ),
  });
}

/** The largest of two or more tensors, element by element. */
export function maximum(options: Options = {}): Layer {
  return elementwise("maximum", options, (graph, x, y) => maximumNode(graph, x, y));
}

/** The smallest of two or more tensors, element by element. */
export function minimum(options: Options = {}): Layer {
  return elementwise("minimum", options, (graph, x, y) => minimumNode(graph, x, y));
}

/**
 * Two or more tensors one behind the other along `axis` (Keras' count: the batch is axis 0; default −1, the channels). Their
 * other extents are equal.
 */
export function concatenate(options: { axis?: number; name?: string } = {}): Layer {
  checkOptions("concatenate", options, { axis: "number", name: "string" });
  const { axis = -1 } = options;
  return layerOfSeveral({
    config: layerConfig("concatenate", options),
    keyword: "concatenate",
    outputShape(shapes, what) {
      const [first = []] = shapes;
      const along = imageAxis(what, axis, first.length);
      for (const shape of shapes) {
        if (shape.length !== first.length || !shape.every((extent, i) => i === along || extent === first[i])) {
          throw new ShapeError(
            `${what}: ${formatShape(first)} and ${formatShape(shape)} differ in more than axis ${along + 1}.`,
          );
        }
      }
      const extent = shapes.reduce((sum, shape) => sum + (shape[along] ?? 0), 0);
      return first.map((own, i) => (i === along ? extent : own));
    },
    build: (inputs, graph) =>
      concat(graph, inputs, axis < 0 ? axis : imageAxis("concatenate", axis, (inputs[0]?.shape.length ?? 1) - 1) + 1),
  });
}
