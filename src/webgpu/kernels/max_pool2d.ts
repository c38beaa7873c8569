import elementNan from "../../../shaders/element_nan.wgsl?raw";
import poolShader from "../../../shaders/max_pool2d.wgsl?raw";
import gradientShader from "../../../shaders/max_pool2d_gradient.wgsl?raw";
import storedTensor from "../../../shaders/stored_tensor.wgsl?raw";
import type { PoolGeometry } from "../../core/window_geometry.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { halvesIf, kernel } from "../variants.ts";
import { workgroupThreads } from "./sizes.ts";

/** What the shaders of poolings know of their windows. */
export function poolConstants(g: PoolGeometry, threads: number) {
  const vector = g.channels % 4 === 0;
  return {
    THREADS: threads,
    VECTOR: vector,
    CHANNELS: vector ? g.channels / 4 : g.channels,
    BATCH: g.batch,
    IN_HEIGHT: g.inHeight,
    IN_WIDTH: g.inWidth,
    OUT_HEIGHT: g.outHeight,
    OUT_WIDTH: g.outWidth,
    KERNEL_HEIGHT: g.kernelHeight,
    KERNEL_WIDTH: g.kernelWidth,
    STRIDE_HEIGHT: g.strideHeight,
    STRIDE_WIDTH: g.strideWidth,
    DILATION_HEIGHT: g.dilationHeight,
    DILATION_WIDTH: g.dilationWidth,
    PAD_TOP: g.padTop,
    PAD_LEFT: g.padLeft,
    DISJOINT:
      g.dilationHeight === 1 &&
      g.dilationWidth === 1 &&
      g.strideHeight >= g.kernelHeight &&
      g.strideWidth >= g.kernelWidth,
  };
}

function variant(g: PoolGeometry): string {
  return `${g.kernelHeight}×${g.kernelWidth}, ${g.channels % 4 === 0 ? "4 channels" : "1 channel"} a thread`;
}

/** Largest value of each window. */
export function maxPool2d(g: PoolGeometry, traits: DeviceTraits): KernelSpec {
  const constants = poolConstants(g, workgroupThreads(traits));
  return kernel(() => ({
    name: "max_pool2d",
    shader: poolShader,
    includes: { element_nan: elementNan, stored_tensor: storedTensor },
    constants,
    bindings: { input: "read", output: "write" },
    workgroups: linearWorkgroups(g.batch * g.outHeight * g.outWidth * constants.CHANNELS, constants.THREADS),
    variant: variant(g),
    flops: g.batch * g.outHeight * g.outWidth * g.channels * g.kernelHeight * g.kernelWidth,
    halves: halvesIf(constants.VECTOR, { HALF_INPUT: "input", HALF_OUTPUT: "output" }),
  }));
}

/** Each window's gradient to its first maximum. */
export function maxPool2dGradient(g: PoolGeometry, traits: DeviceTraits): KernelSpec {
  const constants = poolConstants(g, workgroupThreads(traits));
  return kernel(() => ({
    name: "max_pool2d_gradient",
    shader: gradientShader,
    includes: { element_nan: elementNan, stored_tensor: storedTensor },
    constants,
    bindings: { input: "read", upstream: "read", output: "write" },
    workgroups: linearWorkgroups(g.batch * g.inHeight * g.inWidth * constants.CHANNELS, constants.THREADS),
    variant: variant(g),
    flops: g.batch * g.outHeight * g.outWidth * g.channels * (g.kernelHeight * g.kernelWidth) ** 2,
    halves: halvesIf(constants.VECTOR, { HALF_INPUT: "input", HALF_UPSTREAM: "upstream", HALF_OUTPUT: "output" }),
  }));
}

export const maxPool2dLowerings: readonly Lowering[] = [
  lowering("maxPool2d", (node, values, output, emit) => {
    emit.dispatch(maxPool2d(node.attributes.geometry, emit.traits), { input: values.operand("x"), output });
  }),
  lowering("maxPool2dGradient", (node, values, output, emit) => {
    emit.dispatch(maxPool2dGradient(node.attributes.geometry, emit.traits), {
      input: values.operand("x"),
      upstream: values.operand("upstream"),
      output,
    });
  }),
];
