import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape } from "../../core/shape.ts";
import { type ConvGeometry, convGeometry } from "../../core/window_geometry.ts";
import { defaultInitializer, type InitializerName } from "../initializers.ts";
import { activationName, checkCount, defineLayer, type Layer, toPair } from "../layer.ts";

export interface Conv2dLayerOptions {
  /** Output channels. */
  filters: number;
  /** Window, a number or [height, width]. */
  kernelSize: number | readonly [number, number];
  /** Default 1. */
  strides?: number | readonly [number, number];
  /** Default "valid". */
  padding?: "same" | "valid";
  /** Default 1. */
  dilationRate?: number | readonly [number, number];
  /** Default 1. */
  groups?: number;
  /** Default true. */
  useBias?: boolean;
  /** Default "linear". */
  activation?: string;
  /** Default "heNormal" before a ReLU, else "glorotUniform". Keras: "glorotUniform" always. */
  kernelInitializer?: InitializerName;
  name?: string;
}

/** 2-D convolution: [height, width, channels] → [outHeight, outWidth, filters]. Kernel [kh, kw, channels / groups, filters]. */
export function conv2d(options: Conv2dLayerOptions): Layer {
  const { name, ...plain } = options;
  const what = `layer conv2d${name === undefined ? "" : ` "${name}"`}`;
  const filters = checkCount(what, "filters", options.filters);
  const kernel = toPair(what, "kernelSize", options.kernelSize);
  const strides = toPair(what, "strides", options.strides ?? 1);
  const dilations = toPair(what, "dilationRate", options.dilationRate ?? 1);
  const groups = checkCount(what, "groups", options.groups ?? 1);
  const padding = options.padding ?? "valid";
  if (padding !== "same" && padding !== "valid") {
    throw new ArgumentError(`${what}: padding must be "same" or "valid", got "${String(padding)}".`);
  }

  function geometry(input: Shape, where: string): ConvGeometry {
    if (input.length !== 3) {
      throw new ShapeError(`${where}: wants [height, width, channels], got ${formatShape(input)}.`);
    }
    const channels = input[2] ?? 0;
    if (channels % groups !== 0) {
      throw new ShapeError(
        `${where}: ${channels} channels of ${formatShape(input)} cannot be split into ${groups} groups.`,
      );
    }
    const filter = [kernel[0], kernel[1], channels / groups, filters];
    return convGeometry(where, [1, ...input], filter, { strides, padding, dilations, groups });
  }

  return defineLayer({
    config: { kind: "conv2d", ...(name === undefined ? {} : { name }), options: plain },
    keyword: "conv2d",
    activation: activationName(what, options.activation),
    outputShape(input, where) {
      const g = geometry(input, where);
      return [g.outHeight, g.outWidth, g.outChannels];
    },
    parameters(input) {
      const inChannels = (input[2] ?? 0) / groups;
      const field = kernel[0] * kernel[1];
      const fans = { fanIn: field * inChannels, fanOut: field * filters };
      return [
        {
          name: "kernel",
          shape: [kernel[0], kernel[1], inChannels, filters],
          initializer: options.kernelInitializer ?? defaultInitializer(options.activation),
          fans,
        },
        ...(options.useBias === false ? [] : [{ name: "bias", shape: [filters], initializer: "zeros" as const, fans }]),
      ];
    },
    multiplyAdds(input, where) {
      const g = geometry(input, where);
      return g.outHeight * g.outWidth * g.outChannels * g.kernelHeight * g.kernelWidth * g.groupInChannels;
    },
    build(x, { graph, parameter }) {
      const y = graph.conv2d(x, parameter("kernel"), { strides, padding, dilations, groups });
      return options.useBias === false ? y : graph.add(y, parameter("bias"));
    },
  });
}
