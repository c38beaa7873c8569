import storedTensor from "../../../shaders/stored_tensor.wgsl?raw";
import filterShader from "../../../shaders/winograd_filter.wgsl?raw";
import inputShader from "../../../shaders/winograd_input.wgsl?raw";
import multiplyShader from "../../../shaders/winograd_multiply.wgsl?raw";
import outputShader from "../../../shaders/winograd_output.wgsl?raw";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, presentBindings } from "../kernel.ts";
import type { Emitter, Value } from "../lowering.ts";
import { kernel } from "../variants.ts";
import { patchIncludes } from "./patches.ts";
import { powerOfTwoAtLeast, workgroupThreads } from "./sizes.ts";
import { PLACES, type WinogradPlan } from "./winograd_plan.ts";

/** Filters, transformed: [place, summed, kept]. */
export function winogradFilter({ summed, kept, flip }: WinogradPlan, traits: DeviceTraits): KernelSpec {
  const threads = workgroupThreads(traits);
  return {
    name: "winograd_filter",
    shader: filterShader,
    constants: { THREADS: threads, SUMMED: summed, KEPT: kept, FLIP: flip },
    bindings: { filters: "read", transformed: "write" },
    workgroups: linearWorkgroups((summed * kept) / 4, threads),
    flops: 42 * summed * kept,
  };
}

function tileConstants(plan: WinogradPlan) {
  return { TILES: plan.tiles, TILES_DOWN: plan.tilesDown, TILES_ACROSS: plan.tilesAcross };
}

/** Patches of the source, transformed: [place, tile, summed]. */
export function winogradInput(plan: WinogradPlan, traits: DeviceTraits): KernelSpec {
  const threads = workgroupThreads(traits);
  return kernel(() => ({
    name: "winograd_input",
    shader: inputShader,
    includes: { ...patchIncludes, stored_tensor: storedTensor },
    constants: {
      ...tileConstants(plan),
      THREADS: threads,
      SUMMED: plan.summed,
      PATCH_HEIGHT: 4,
      SOURCE_HEIGHT: plan.source.height,
      SOURCE_WIDTH: plan.source.width,
      PAD_TOP: plan.padTop,
      PAD_LEFT: plan.padLeft,
    },
    bindings: { source: "read", transformed: "write" },
    workgroups: linearWorkgroups((plan.tiles * plan.summed) / 4, threads),
    flops: 32 * plan.tiles * plan.summed,
    halves: { HALF_SOURCE: "source" },
  }));
}

/** The 16 matrix products: [place, tile, kept]. */
export function winogradMultiply({ tiles, summed, kept }: WinogradPlan, traits: DeviceTraits): KernelSpec {
  const tileRows = 8;
  const threads = workgroupThreads(traits);
  const pairs = Math.ceil(kept / 8);
  const groupColumns = Math.min(powerOfTwoAtLeast(pairs), 8, threads);
  const groupRows = threads / groupColumns;
  return {
    name: "winograd_multiply",
    shader: multiplyShader,
    constants: {
      TILES: tiles,
      SUMMED: summed,
      KEPT: kept,
      TILE_ROWS: tileRows,
      GROUP_COLUMNS: groupColumns,
      GROUP_ROWS: groupRows,
    },
    bindings: { image: "read", filters: "read", products: "write" },
    workgroups: [Math.ceil(pairs / groupColumns), Math.ceil(tiles / (tileRows * groupRows)), PLACES],
    variant: `16 products, ${tileRows} tiles × 8 channels a thread, ${threads} threads`,
    flops: 2 * PLACES * tiles * summed * kept,
  };
}

export interface WinogradEpilogue {
  readonly bias: boolean;
  readonly relu: boolean;
}

/** Products to pixels, with bias and ReLU if asked. */
export function winogradOutput(plan: WinogradPlan, { bias, relu }: WinogradEpilogue, traits: DeviceTraits): KernelSpec {
  const threads = workgroupThreads(traits);
  return kernel(() => ({
    name: "winograd_output",
    shader: outputShader,
    includes: { stored_tensor: storedTensor },
    constants: {
      ...tileConstants(plan),
      THREADS: threads,
      KEPT: plan.kept,
      RESULT_HEIGHT: plan.result.height,
      RESULT_WIDTH: plan.result.width,
      BIAS: bias,
      RELU: relu,
    },
    bindings: presentBindings({ products: "read", bias: bias && "read", result: "write" }),
    workgroups: linearWorkgroups((plan.tiles * plan.kept) / 4, threads),
    flops: 24 * plan.tiles * plan.kept,
    halves: { HALF_RESULT: "result" },
  }));
}

/** What a convolution reads and writes, in either direction. */
export interface WinogradValues {
  readonly source: Value;
  readonly filters: Value;
  readonly bias?: Value | undefined;
  readonly result: Value;
}

/**
 * Appends a convolution (or input gradient) in four dispatches. The transformed tensors, four times source and result, live in scratch memory that the planner shares with others. One
 * kernel for all would save that traffic, but hold 16 sums a pixel-quad and channel in registers and transform each patch
 * once for every group of kept channels. Rounding errors grow: transforms add four values of the source and nine of the
 * filter with weights of 1 and 1/4, and outputs nine products, so that a result is as exact as a sum of magnitudes up to
 * a few times larger (the test has the bound).
 */
export function emitWinograd(
  plan: WinogradPlan,
  epilogue: WinogradEpilogue,
  { source, filters, bias, result }: WinogradValues,
  emit: Emitter,
): void {
  const transformedFilters = emit.scratch("winograd filters", PLACES * plan.summed * plan.kept);
  const transformedSource = emit.scratch("winograd tiles", PLACES * plan.tiles * plan.summed);
  const products = emit.scratch("winograd products", PLACES * plan.tiles * plan.kept);
  emit.dispatch(winogradFilter(plan, emit.traits), { filters, transformed: transformedFilters });
  emit.dispatch(winogradInput(plan, emit.traits), { source, transformed: transformedSource });
  emit.dispatch(winogradMultiply(plan, emit.traits), {
    image: transformedSource,
    filters: transformedFilters,
    products,
  });
  emit.dispatch(winogradOutput(plan, epilogue, emit.traits), {
    products,
    bias,
    result,
  });
}
