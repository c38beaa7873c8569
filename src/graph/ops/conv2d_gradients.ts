import type { ConvGeometry } from "../../core/window_geometry.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS, type GradientRule } from "../op.ts";
import {
  type ConvAttributes,
  conv2dOp,
  convFilterShape,
  convInputShape,
  convOutputShape,
  expectShapes,
} from "./conv2d.ts";

// The convolution is linear in input and in filter, and so is each gradient; the three ops are therefore closed
// under differentiation: every gradient of one is another of the three.

export const gradientOfConv2d: GradientRule<ConvAttributes> = (context) => {
  const { graph, attributes, upstream, operand, wants } = context;
  const { geometry } = attributes;
  return {
    x: wants("x") ? conv2dInputGradient(graph, upstream, operand("filter"), geometry) : undefined,
    filter: wants("filter") ? conv2dFilterGradient(graph, operand("x"), upstream, geometry) : undefined,
  };
};

export const conv2dInputGradientOp = defineOp<ConvAttributes>({
  name: "conv2dInputGradient",
  operands: { upstream: FLOATS, filter: FLOATS },
  infer(given, { geometry }, what) {
    expectShapes(what, given, { upstream: convOutputShape(geometry), filter: convFilterShape(geometry) });
    return { shape: convInputShape(geometry), dtype: "f32" };
  },
  gradient: ({ graph, attributes: { geometry }, upstream, operand, wants }) => ({
    upstream: wants("upstream") ? graph.addNode(conv2dOp, [upstream, operand("filter")], { geometry }) : undefined,
    filter: wants("filter") ? conv2dFilterGradient(graph, upstream, operand("upstream"), geometry) : undefined,
  }),
});

/** d loss / d input of a convolution, from d loss / d output and the filter. `geometry` is the forward convolution's. */
export function conv2dInputGradient(graph: Graph, upstream: Node, filter: Node, geometry: ConvGeometry): Node {
  return graph.addNode(conv2dInputGradientOp, [upstream, filter], { geometry });
}

export const conv2dFilterGradientOp = defineOp<ConvAttributes>({
  name: "conv2dFilterGradient",
  operands: { x: FLOATS, upstream: FLOATS },
  infer(given, { geometry }, what) {
    expectShapes(what, given, { x: convInputShape(geometry), upstream: convOutputShape(geometry) });
    return { shape: convFilterShape(geometry), dtype: "f32" };
  },
  gradient: ({ graph, attributes: { geometry }, upstream, operand, wants }) => ({
    x: wants("x") ? conv2dInputGradient(graph, operand("upstream"), upstream, geometry) : undefined,
    upstream: wants("upstream") ? graph.addNode(conv2dOp, [operand("x"), upstream], { geometry }) : undefined,
  }),
});

/** d loss / d filter of a convolution, from its input and d loss / d output. `geometry` is the forward convolution's. */
export function conv2dFilterGradient(graph: Graph, input: Node, upstream: Node, geometry: ConvGeometry): Node {
  return graph.addNode(conv2dFilterGradientOp, [input, upstream], { geometry });
}
