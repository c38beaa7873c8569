import { ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape, sameShape } from "../../core/shape.ts";
import { type ConvGeometry, convGeometry, type Padding, type Pair } from "../../core/window_geometry.ts";
import type { Graph } from "../graph.ts";
import type { Node, Operands } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";

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

/** Throws `ShapeError` where operands have other shapes than these. */
export function expectShapes(what: string, given: Operands, shapes: Readonly<Record<string, Shape>>): void {
  for (const [name, shape] of Object.entries(shapes)) {
    const operand = given.operand(name);
    if (!sameShape(operand.shape, shape)) {
      throw new ShapeError(`${what}: wants ${formatShape(shape)}, got ${formatShape(operand.shape)}.`);
    }
  }
}

export const conv2dOp = defineOp<ConvAttributes>({
  name: "conv2d",
  operands: { x: FLOATS, filter: FLOATS },
  infer(given, { geometry }, what) {
    expectShapes(what, given, { x: convInputShape(geometry), filter: convFilterShape(geometry) });
    return { shape: convOutputShape(geometry), dtype: "f32" };
  },
});

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
