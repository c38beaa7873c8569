import load from "../../../shaders/load.wgsl?raw";
import loadedTensor from "../../../shaders/loaded_tensor.wgsl?raw";
import shader from "../../../shaders/matmul_narrow.wgsl?raw";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, presentBindings } from "../kernel.ts";
import { kernel } from "../variants.ts";
import { type MatmulSizes, type Product, productHalves } from "./matmul.ts";
import { loadedAs } from "./patches.ts";
import { powerOfTwoAtMost } from "./sizes.ts";

/** How the threads of a workgroup share a product of few columns. */
export interface NarrowTile {
  /** Rows of a thread. */
  readonly rows: number;
  /** Groups of threads, of other rows each. */
  readonly groups: number;
  /** Threads of a group, which divide K among themselves. */
  readonly slices: number;
  /** Times four summed places that a thread multiplies in a turn. */
  readonly chunks: number;
}

/** Columns up to which a thread keeps them all. */
const MOST_COLUMNS = 12;
/** Threads of a workgroup: where they are apart along K, twice as many share the right operand. */
const threadsOf = ({ groups, slices }: NarrowTile) => groups * slices;
/** Rows and summed places from which on the kernel is better than one that reads straight from storage. */
const LEAST_ROWS = 16;
const LEAST_PLACES = 16;
/** From this many workgroups on a card has work for all its processors. */
const ENOUGH_WORKGROUPS = 96;

/** Up to so many times four places of a thread K is one turn, of so many bytes of the right operand at most. */
const MOST_CHUNKS = 4;
const ROOM = 10240;

/** Whether the kernel is for this product: on graphics cards, of few columns, and in vectors. */
export function isNarrowProduct({ m, n, k, transposeA, transposeB }: MatmulSizes, traits: DeviceTraits): boolean {
  const { software, maxWorkgroupSize } = traits;
  if (software || maxWorkgroupSize < 128 || transposeB || n > MOST_COLUMNS) return false;
  return m >= LEAST_ROWS && k >= LEAST_PLACES && k % 4 === 0 && (!transposeA || m % 4 === 0);
}

/** The tile of a product: where the left operand is stored transposed, threads of a group are apart and rows are neighbours. */
export function narrowTile({ m, n, k, transposeA }: MatmulSizes, { maxWorkgroupStorage }: DeviceTraits): NarrowTile {
  if (!transposeA) {
    // A turn's right operand and the partial sums have room for ten columns.
    const slices = Math.min(n <= 10 ? 64 : 32, powerOfTwoAtMost(k / 16));
    const chunks = Math.min(MOST_CHUNKS, Math.floor(ROOM / (16 * slices * n)));
    return { rows: 2, groups: 128 / slices, slices, chunks: k > 4 * slices * chunks ? 1 : Math.ceil(k / (4 * slices)) };
  }
  const wanted = [1, 2, 4, 8].find((count) => (m * count) / (4 * 64) >= ENOUGH_WORKGROUPS) ?? 8;
  const slices = Math.min(wanted, powerOfTwoAtMost(k / 16));
  const sums = (64 / slices) * 4 * n * ((slices / 2) | 1);
  // The longest turn that there is room for beside the partial sums.
  const room = powerOfTwoAtMost((maxWorkgroupStorage - 4 * sums) / (4 * n));
  const chunks = Math.ceil(Math.min(k, room) / (4 * slices));
  return { rows: 4, groups: 64 / slices, slices, chunks };
}

/** As `matmulBias` or `matmul`, where `isNarrowProduct`. */
export function narrowProduct(
  { sizes, bias, relu }: Product,
  traits: DeviceTraits,
  tile = narrowTile(sizes, traits),
): KernelSpec {
  const { m, n, k, transposeA } = sizes;
  const depth = 4 * tile.slices * tile.chunks;
  const rows = tile.groups * tile.rows;
  const threads = threadsOf(tile);
  // Odd, so that neighbouring values lie in other banks.
  const pitch = tile.slices > 1 ? (tile.slices / 2) | 1 : 1;
  const { HALF_A, HALF_B } = productHalves(sizes);
  return kernel(() => ({
    name: "matmul_narrow",
    shader,
    includes: { load, loaded_tensor: loadedTensor },
    constants: {
      ...{ M: m, N: n, K: k, TRANSPOSE_A: transposeA, BIAS: bias, RELU: relu },
      ...loadedAs("a", "vectors"),
      ...loadedAs("b", "vectors"),
      ...{ FIXED_LENGTHS: true, A_LENGTH: (m * k) / 4, B_LENGTH: (k * n) / 4 },
      SLICES_PITCH: pitch,
      THREADS: threads,
      ROWS: tile.rows,
      GROUPS: tile.groups,
      SLICES: tile.slices,
      CHUNKS: tile.chunks,
      DEPTH: depth,
      LOADS: Math.ceil((depth * n) / 4 / threads),
      // Vectors of the left operand for four summed places.
      ROWS_OR_PLACES: transposeA ? 4 : tile.rows,
    },
    bindings: presentBindings({ a: "read", b: "read", bias: bias && "read", output: "write" }),
    workgroups: linearWorkgroups(Math.ceil(m / rows), 1),
    variant: `${rows} rows × all columns, ${threads} threads${tile.slices > 1 ? `, K in ${tile.slices} slices` : ""}`,
    flops: 2 * m * n * k,
    halves: { HALF_A, HALF_B },
  }));
}
