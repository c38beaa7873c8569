import { defineMergingLayer, type Layer } from "../layer.ts";

/** Sum of two or more tensors of one shape, element by element: `add()([x, shortcut])`. */
export function add(options: { name?: string } = {}): Layer {
  return defineMergingLayer("add", options, (graph, x, y) => graph.add(x, y));
}

/** Product of two or more tensors of one shape, element by element. */
export function multiply(options: { name?: string } = {}): Layer {
  return defineMergingLayer("multiply", options, (graph, x, y) => graph.mul(x, y));
}

/** Mean of two or more tensors of one shape, element by element. */
export function average(options: { name?: string } = {}): Layer {
  return defineMergingLayer(
    "average",
    options,
    (graph, x, y) => graph.add(x, y),
    (graph, sum, inputs) => graph.mul(sum, 1 / inputs),
  );
}
