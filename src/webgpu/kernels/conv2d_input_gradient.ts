import inputGradientShader from "../../../shaders/conv2d_input_gradient.wgsl?raw";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import { type DeviceTraits, type KernelSpec, presentBindings, type Variant } from "../kernel.ts";
import { type KernelForm, kernel } from "../variants.ts";
import { blockConstants, columnsOf, fixedLengths, patchColumns } from "./conv2d_blocks.ts";
import { filterSize, geometryConstants, inputSize } from "./conv2d_constants.ts";
import { type BlockTile, convFlops, inputGradientTile, quickBlockTile } from "./conv2d_tiles.ts";
import { channelsAs, loadedAs, patchIncludes } from "./patches.ts";

export interface InputGradientOptions {
  readonly geometry: ConvGeometry;
  /** `upstream` is the gradient behind a 2×2 pool, to be spread by `winners`. */
  readonly unpool: boolean;
  /** `upstream` is the gradient behind an activation, to be multiplied by `derivative`; without groups and strides. Default false. */
  readonly scaled?: boolean;
}

/** d loss / d input, without strides. */
export function conv2dInputGradient(
  options: InputGradientOptions,
  traits: DeviceTraits,
  choice: Partial<BlockTile> = {},
): KernelSpec {
  const { geometry } = options;
  const form = ({ tile }: Variant<Partial<BlockTile>>) =>
    inputGradientForm(options, { ...inputGradientTile(geometry, traits), ...tile }, traits);
  return kernel(form, { tile: choice });
}

function inputGradientForm(
  { geometry: g, unpool, scaled = false }: InputGradientOptions,
  tile: BlockTile,
  traits: DeviceTraits,
): KernelForm<BlockTile> {
  const columns = columnsOf(g, g.inChannels, tile.vectors);
  const { constants, workgroups, variant } = blockConstants(tile, columns, g.inHeight, g.inWidth, g.batch, traits);
  const patchWidth = tile.width + (g.kernelWidth - 1) * g.dilationWidth;
  const patchHeight = tile.height + (tile.tapRows - 1) * g.dilationHeight;
  const [reachAcross, reachDown] = [(g.kernelWidth - 1) * g.dilationWidth, (g.kernelHeight - 1) * g.dilationHeight];
  const windowPhase = (g.padLeft + reachAcross) % 2;
  const rowPhase = (g.padTop + reachDown) % 2;
  const knownRows = unpool && tile.tapRows === g.kernelHeight && tile.height % 2 === 0;
  const upstreamWidth = unpool ? (g.outWidth >> 1) * 2 : g.outWidth;
  const patch = patchColumns(constants.BLOCKS_ACROSS, patchWidth, reachAcross - g.padLeft, upstreamWidth);
  const pooledPixels = g.batch * (g.outHeight >> 1) * (g.outWidth >> 1);
  const summedUnit = tile.unit === 4 || columns.perLane === 2 ? 4 : 1;
  return {
    name: "conv2d_input_gradient",
    shader: inputGradientShader,
    includes: patchIncludes,
    constants: {
      ...geometryConstants(g),
      ...constants,
      UNPOOL: unpool,
      SCALED: scaled,
      VECTOR_IN: g.inChannels % 4 === 0,
      ...loadedAs("upstream", channelsAs(columns.perLane, tile.unit)),
      ...loadedAs("filters", summedUnit === 4 ? "vectors" : "values"),
      TAP_ROWS: tile.tapRows,
      PATCH_HEIGHT: patchHeight,
      ...patch,
      KNOWN_ROWS: knownRows,
      WINDOW_PHASE: windowPhase,
      FIRST_WINDOW: Math.floor((patch.FIRST_COLUMN + windowPhase) / 2),
      END_WINDOW: Math.floor((patch.END_COLUMN - 1 + windowPhase) / 2) + 1,
      ROW_PHASE: rowPhase,
      WINDOW_ROWS: knownRows ? Math.floor((patchHeight - 1 + rowPhase) / 2) + 1 : patchHeight,
      ...fixedLengths(traits, {
        UPSTREAM_LENGTH: ((unpool ? pooledPixels : g.batch * g.outHeight * g.outWidth) * g.outChannels) / summedUnit,
        FILTERS_LENGTH: filterSize(g) / summedUnit,
        RESULT_LENGTH: inputSize(g) / (g.inChannels % 4 === 0 ? 4 : 1),
        WINNERS_LENGTH: pooledPixels * Math.ceil(g.outChannels / 4),
      }),
    },
    bindings: inputGradientBindings(unpool, scaled),
    workgroups,
    variant,
    flops: convFlops(g),
    tuning: { kind: "block", geometry: g, kept: g.groupInChannels, tile, traits },
    quick: quickBlockTile(g, tile, traits),
    halves: {
      HALF_UPSTREAM: columns.perLane !== 1 && g.outChannels % 4 === 0 && "upstream",
      HALF_OUTPUT: g.groupInChannels % 4 === 0 && "inputGradient",
    },
  };
}

/** Behind a pool `upstream` is the gradient of its output, and `winners` say which pixels it goes to. */
export function inputGradientBindings(unpool: boolean, scaled = false): KernelSpec["bindings"] {
  return presentBindings({
    upstream: "read",
    winners: unpool && "read",
    derivative: scaled && "read",
    filters: "read",
    inputGradient: "write",
  });
}
