import winnersShader from "../../shaders/conv2d_winners_filter_gradient.wgsl?raw";
import type { ConvGeometry } from "../../src/core/window_geometry.ts";
import type { DeviceTraits, KernelSpec } from "../../src/webgpu/kernel.ts";
import {
  fewChannelsFilterGradient,
  fewChannelsForward,
  fewChannelsSlices,
} from "../../src/webgpu/kernels/conv2d_few_channels.ts";
import {
  type FilterGradientOptions,
  conv2dFilterGradient as filterGradient,
  filterGradientSlices as slicesOfAllKinds,
} from "../../src/webgpu/kernels/conv2d_filter_gradient.ts";
import { firstLayerForward } from "../../src/webgpu/kernels/conv2d_first_layer.ts";
import { type ForwardOptions, conv2dForward as forward } from "../../src/webgpu/kernels/conv2d_forward.ts";
import {
  type InputGradientOptions,
  conv2dInputGradient as inputGradient,
} from "../../src/webgpu/kernels/conv2d_input_gradient.ts";
import { stagedForward } from "../../src/webgpu/kernels/conv2d_staged.ts";
import {
  stagedFilterGradient,
  stagedFilterGradientSlices,
  stagedInputGradient,
} from "../../src/webgpu/kernels/conv2d_staged_gradients.ts";
import type { BlockTile } from "../../src/webgpu/kernels/conv2d_tiles.ts";
import { depthwiseForward, depthwiseInputGradient } from "../../src/webgpu/kernels/depthwise_conv2d.ts";
import type { FilterGradientTile } from "../../src/webgpu/kernels/filter_gradient_tiles.ts";
import { stridedInputGradient } from "../../src/webgpu/kernels/strided_input_gradient.ts";

/** Into how many partial sums a filter gradient is cut; of a tile, those of the kernel of all kinds. */
export function filterGradientSlices(
  geometry: ConvGeometry,
  unpool: boolean,
  traits: DeviceTraits,
  choice: Partial<FilterGradientTile> = {},
): number {
  const isOwn = Object.keys(choice).length === 0;
  const few = isOwn ? fewChannelsSlices(geometry, unpool, traits) : undefined;
  const own = isOwn ? stagedFilterGradientSlices(geometry, unpool, traits) : undefined;
  return few ?? own ?? slicesOfAllKinds(geometry, unpool, traits, choice);
}

/** The kernel that the rules choose for a convolution and what follows it, with every module there; of a tile, one that has such. */
export function conv2dForward(
  options: ForwardOptions,
  traits: DeviceTraits,
  choice: Partial<BlockTile> = {},
): KernelSpec {
  return (
    depthwiseForward(options, traits, choice) ??
    firstLayerForward(options, traits, choice) ??
    (Object.keys(choice).length === 0 ? ownForward(options, traits) : undefined) ??
    forward(options, traits, choice)
  );
}

const ownForward = (options: ForwardOptions, traits: DeviceTraits) =>
  fewChannelsForward(options, traits) ?? stagedForward(options, traits);

/** The same with a 2×2 max-pool. */
export function conv2dPoolForward(
  options: ForwardOptions,
  traits: DeviceTraits,
  choice: Partial<BlockTile> = {},
): KernelSpec {
  return conv2dForward({ ...options, pool: true }, traits, choice);
}

/** The kernel that the rules choose for an input gradient. */
export function conv2dInputGradient(
  options: InputGradientOptions,
  traits: DeviceTraits,
  choice: Partial<BlockTile> = {},
): KernelSpec {
  const { strideHeight, strideWidth } = options.geometry;
  const strided = strideHeight > 1 || strideWidth > 1;
  return (
    depthwiseInputGradient(options, traits, choice) ??
    (Object.keys(choice).length === 0 ? stagedInputGradient(options, traits) : undefined) ??
    (strided ? stridedInputGradient : inputGradient)(options, traits, choice)
  );
}

/** The filter gradient's kernel, which may pick winners. */
export function conv2dFilterGradient(
  options: FilterGradientOptions,
  traits: DeviceTraits,
  choice: Partial<FilterGradientTile> = {},
): KernelSpec {
  const isOwn = Object.keys(choice).length === 0;
  const own = isOwn ? (fewChannelsFilterGradient(options, traits) ?? stagedFilterGradient(options, traits)) : undefined;
  return own ?? filterGradient({ winnersShader, ...options }, traits, choice);
}
