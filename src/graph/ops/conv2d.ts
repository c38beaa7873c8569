import { ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape, sameShape } from "../../core/shape.ts";
import { type ConvGeometry, convGeometry, type Padding, type Pair } from "../../core/window_geometry.ts";
import type { Graph } from "../graph.ts";
import type { Node, Operands } from "../node.ts";
import { defineOp, FLOATS, type GradientRule } from "../op.ts";

/** The geometry of a convolution. */
export interface Conv2dOptions {
  /** Default [1, 1]. */
  strides?: Pair;
  /** Default "valid". */
  padding?: Padding;
  /** Distance between the taps of the kernel; default [1, 1]. */
  dilations?: Pair;
  /** Channels are split into this many independent convolutions; default 1. */
  groups?: number;
}

/** What all three convolution ops carry: the one geometry record. */
export interface ConvAttributes {
  geometry: ConvGeometry;
}

export function convInputShape(g: ConvGeometry): Shape {
  return [g.batch, g.inHeight, g.inWidth, g.inChannels];
}

export function convFilterShape(g: ConvGeometry): Shape {
  return [g.kernelHeight, g.kernelWidth, g.groupInChannels, g.outChannels];
}

export function convOutputShape(g: ConvGeometry): Shape {
  return [g.batch, g.outHeight, g.outWidth, g.outChannels];
}

function expectShapes(what: string, given: Operands, shapes: Readonly<Record<string, Shape>>): void {
  for (const [name, shape] of Object.entries(shapes)) {
    const operand = given.operand(name);
    if (!sameShape(operand.shape, shape)) {
      throw new ShapeError(`${what}: wants ${formatShape(shape)}, got ${formatShape(operand.shape)}.`);
    }
  }
}

// The convolution is linear in input and in filter, and so is each gradient; the three ops are therefore closed
// under differentiation: every gradient of one is another of the three.

export const conv2dOp = defineOp<ConvAttributes>({
  name: "conv2d",
  operands: { x: FLOATS, filter: FLOATS },
  infer(given, { geometry }, what) {
    expectShapes(what, given, { x: convInputShape(geometry), filter: convFilterShape(geometry) });
    return { shape: convOutputShape(geometry), dtype: "f32" };
  },
});

export const gradientOfConv2d: GradientRule<ConvAttributes> = (context) => {
  const { graph, attributes, upstream, operand, wants } = context;
  const { geometry } = attributes;
  return {
    x: wants("x") ? conv2dInputGradient(graph, upstream, operand("filter"), geometry) : undefined,
    filter: wants("filter") ? conv2dFilterGradient(graph, operand("x"), upstream, geometry) : undefined,
  };
};

/**
 * 2-D convolution (cross-correlation, as in every CNN library): input [batch, height, width, channels], filter
 * [kh, kw, channels / groups, filters] → [batch, outHeight, outWidth, filters]. Throws `ShapeError` when they do not fit.
 */
export function conv2d(graph: Graph, input: Node, filter: Node, options: Conv2dOptions = {}): Node {
  const geometry = convGeometry("conv2d", input.shape, filter.shape, {
    strides: options.strides ?? [1, 1],
    padding: options.padding ?? "valid",
    dilations: options.dilations ?? [1, 1],
    groups: options.groups ?? 1,
  });
  return graph.addNode(conv2dOp, [input, filter], { geometry });
}

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
