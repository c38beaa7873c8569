import forwardShader from "../../../shaders/depthwise_forward.wgsl?raw";
import inputGradientShader from "../../../shaders/depthwise_input_gradient.wgsl?raw";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import { type DeviceTraits, type KernelSpec, presentBindings } from "../kernel.ts";
import { halvesIf, kernel } from "../variants.ts";
import { patchColumns } from "./conv2d_blocks.ts";
import { geometryConstants, inputSize } from "./conv2d_constants.ts";
import type { ForwardOptions } from "./conv2d_forward.ts";
import type { InputGradientOptions } from "./conv2d_input_gradient.ts";
import { blockPatch, phaseReach } from "./conv2d_reach.ts";
import { convFlops, isDepthwise } from "./conv2d_tiles.ts";
import { groupOf, loadedAs, patchIncludes, workgroupPlaces } from "./patches.ts";

/** What a thread of a depthwise kernel walks over: `steps` blocks of pixels side by side, for four channels. */
export interface DepthwiseTile {
  readonly height: number;
  readonly width: number;
  readonly steps: number;
}

/** Pixels that a thread of a depthwise kernel keeps, four channels each: a 7 × 7 kernel on 2 × 2 pixels fits. */
const MOST_DEPTHWISE_PATCH = 64;
/** Pixels of a thread's block. */
const MOST_DEPTHWISE_PIXELS = 16;
/** Threads that keep a GPU busy: where there are more blocks than these, a thread walks over several. */
const BUSY_THREADS = 32768;

/**
 * The tile of depthwise_forward.wgsl and depthwise_input_gradient.wgsl, where these are the better ones: each channel a
 * group of its own, so that there is no sum over channels and loads are all that counts. Kernels that are large or
 * far apart (a patch that no thread could keep) and single channels are left to the kernels of grouped convolution.
 */
export function depthwiseTile(
  g: ConvGeometry,
  direction: "forward" | "inputGradient",
  traits: DeviceTraits,
): DepthwiseTile | undefined {
  if (!isDepthwise(g)) return undefined;
  const forward = direction === "forward";
  const [rows, columns] = forward ? [g.outHeight, g.outWidth] : [g.inHeight, g.inWidth];
  // Blocks of the input gradient are whole strides, so that a pixel's place in its block says which taps reach it.
  const [downUnit, width] = forward ? [1, 2] : [g.strideHeight, g.strideWidth === 1 ? 2 : g.strideWidth];
  // Taller blocks load each row of the image for more windows; wider ones leave a software adapter's instruction cache.
  const heights = (traits.software ? [4, 2, 1] : [2, 1]).filter((count) => count === 1 || count * downUnit <= rows);
  const fits = (height: number) => {
    const patch = blockPatch(g, direction, { height, width });
    return patch.height * patch.width <= MOST_DEPTHWISE_PATCH && height * width <= MOST_DEPTHWISE_PIXELS;
  };
  const height = heights.map((count) => count * downUnit).find(fits);
  if (height === undefined) return undefined;
  const across = Math.ceil(columns / width);
  const blocks = g.batch * Math.ceil(rows / height) * across * Math.ceil((forward ? g.outChannels : g.inChannels) / 4);
  const steps = traits.software ? across : Math.max(1, Math.min(across, Math.floor(blocks / BUSY_THREADS)));
  return { height, width, steps };
}

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
  const places = workgroupPlaces(batch * across * down, columns, groupOf(columns, threads, threads));
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

/** Depthwise convolution, with bias and ReLU if asked; undefined where another kernel is the better one, as before a pool. */
export function depthwiseForward(
  { geometry: g, bias, relu, pool = false }: ForwardOptions,
  traits: DeviceTraits,
  choice: Partial<DepthwiseTile> = {},
): KernelSpec | undefined {
  const chosen = pool ? undefined : depthwiseTile(g, "forward", traits);
  if (chosen === undefined) return undefined;
  const tile = { ...chosen, ...choice };
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

/** d loss / d input of a depthwise convolution, any strides; undefined where another kernel is the better one, as behind a pool. */
export function depthwiseInputGradient(
  { geometry: g, unpool }: InputGradientOptions,
  traits: DeviceTraits,
  choice: Partial<DepthwiseTile> = {},
): KernelSpec | undefined {
  const chosen = unpool ? undefined : depthwiseTile(g, "inputGradient", traits);
  if (chosen === undefined) return undefined;
  const tile = { ...chosen, ...choice };
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
