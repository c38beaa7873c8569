import forwardShader from "../../../shaders/depthwise_forward.wgsl?raw";
import inputGradientShader from "../../../shaders/depthwise_input_gradient.wgsl?raw";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import { type DeviceTraits, type KernelSpec, presentBindings } from "../kernel.ts";
import { halvesIf, kernel } from "../variants.ts";
import { patchColumns } from "./conv2d_blocks.ts";
import { geometryConstants, inputSize } from "./conv2d_constants.ts";
import { blockPatch, convFlops, type DepthwiseTile, phaseReach } from "./conv2d_tiles.ts";
import { groupOf, loadedAs, patchIncludes, workgroupPlaces } from "./patches.ts";

/** How threads cover a tensor of [batch, height, width, channels] in strips of blocks of pixels. */
function stripGrid(
  plane: { readonly height: number; readonly width: number; readonly channels: number },
  batch: number,
  tile: DepthwiseTile,
  traits: DeviceTraits,
) {
  const across = Math.ceil(plane.width / (tile.width * tile.steps));
  const down = Math.ceil(plane.height / tile.height);
  const columns = Math.ceil(plane.channels / 4);
  const threads = traits.software ? 4 : 64;
  const places = workgroupPlaces("strip", batch * across * down, columns, groupOf(columns, threads, threads));
  return {
    constants: {
      ...places.constants,
      BLOCK_HEIGHT: tile.height,
      BLOCK_WIDTH: tile.width,
      STEPS: tile.steps,
      STRIPS_ACROSS: across,
      STRIPS_DOWN: down,
      BLOCKS_ACROSS: across * tile.steps,
    },
    workgroups: places.workgroups,
    variant:
      `depthwise, strips of ${tile.steps} × ${tile.height} × ${tile.width} pixels × 4 channels a thread, ` +
      `${threads} threads`,
  };
}

/** Depthwise convolution, with bias and ReLU if asked. */
export function depthwiseForward(
  { geometry: g, bias, relu }: { readonly geometry: ConvGeometry; readonly bias: boolean; readonly relu: boolean },
  tile: DepthwiseTile,
  traits: DeviceTraits,
): KernelSpec {
  const plane = { height: g.outHeight, width: g.outWidth, channels: g.outChannels };
  const { constants, workgroups, variant } = stripGrid(plane, g.batch, tile, traits);
  const patch = blockPatch(g, "forward", tile);
  const multiplier = g.groupOutChannels;
  const vectorIn = multiplier === 1 && g.inChannels % 4 === 0;
  const vectorOut = g.outChannels % 4 === 0;
  return kernel(() => ({
    name: "depthwise_forward",
    shader: forwardShader,
    includes: patchIncludes,
    constants: {
      ...geometryConstants(g),
      ...constants,
      BIAS: bias,
      RELU: relu,
      MULTIPLIER: multiplier,
      ...loadedAs("input", vectorIn ? "vectors" : "gathered"),
      ...loadedAs("filters", vectorOut ? "vectors" : "gathered"),
      VECTOR_OUT: vectorOut,
      PATCH_HEIGHT: patch.height,
      PATCH_WIDTH: patch.width,
      ...patchColumns(constants.BLOCKS_ACROSS, patch.width, g.padLeft, g.inWidth),
      BLOCK_PITCH: tile.width * g.strideWidth,
      OVERLAP: tile.steps > 1 ? Math.max(0, patch.width - tile.width * g.strideWidth) : 0,
      FIXED_LENGTHS: traits.software,
      INPUT_LENGTH: inputSize(g) / (vectorIn ? 4 : 1),
      FILTERS_LENGTH: (g.kernelHeight * g.kernelWidth * g.outChannels) / (vectorOut ? 4 : 1),
      OUTPUT_LENGTH: (g.batch * g.outHeight * g.outWidth * g.outChannels) / (vectorOut ? 4 : 1),
    },
    bindings: presentBindings({ input: "read", filters: "read", bias: bias && "read", output: "write" }),
    workgroups,
    variant,
    flops: convFlops(g),
    halves: { HALF_INPUT: vectorIn && "input", HALF_OUTPUT: vectorOut && "output" },
  }));
}

/** d loss / d input of a depthwise convolution, any strides. */
export function depthwiseInputGradient(g: ConvGeometry, tile: DepthwiseTile, traits: DeviceTraits): KernelSpec {
  const plane = { height: g.inHeight, width: g.inWidth, channels: g.inChannels };
  const { constants, workgroups, variant } = stripGrid(plane, g.batch, tile, traits);
  const patch = blockPatch(g, "inputGradient", tile);
  const { height, width } = phaseReach(g);
  const multiplier = g.groupOutChannels;
  const vector = multiplier === 1 && g.inChannels % 4 === 0;
  const unit = vector ? 4 : 1;
  return kernel(() => ({
    name: "depthwise_input_gradient",
    shader: inputGradientShader,
    includes: patchIncludes,
    constants: {
      ...geometryConstants(g),
      ...constants,
      MULTIPLIER: multiplier,
      ...loadedAs("upstream", vector ? "vectors" : "gathered"),
      ...loadedAs("filters", vector ? "vectors" : "gathered"),
      LEAD_ROWS: height.first,
      LEAD_COLUMNS: width.first,
      REACH_HEIGHT: height.reach,
      REACH_WIDTH: width.reach,
      PATCH_HEIGHT: patch.height,
      PATCH_WIDTH: patch.width,
      ...patchColumns(constants.BLOCKS_ACROSS, patch.width, width.first, g.outWidth),
      BLOCK_PITCH: tile.width / g.strideWidth,
      OVERLAP: tile.steps > 1 && multiplier === 1 ? Math.max(0, patch.width - tile.width / g.strideWidth) : 0,
      FIXED_LENGTHS: traits.software,
      UPSTREAM_LENGTH: (g.batch * g.outHeight * g.outWidth * g.outChannels) / unit,
      FILTERS_LENGTH: (g.kernelHeight * g.kernelWidth * g.outChannels) / unit,
      RESULT_LENGTH: inputSize(g) / unit,
    },
    bindings: { upstream: "read", filters: "read", inputGradient: "write" },
    workgroups,
    variant,
    flops: convFlops(g),
    halves: halvesIf(vector, { HALF_UPSTREAM: "upstream", HALF_OUTPUT: "inputGradient" }),
  }));
}
