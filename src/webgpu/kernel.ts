import type { matmulSubgroupMatrix } from "./kernels/matmul_subgroup_matrix.ts";
import type { Tuning } from "./other_tiles.ts";
import type { ShaderConstants } from "./preprocess.ts";

/** How a kernel uses one of its buffers; `write` and `readWrite` are both `var<storage, read_write>` in WGSL. */
export type BindingAccess = "read" | "write" | "readWrite";

/** The buffers of a kernel by the names that its shader has for them, in the order of `@group(0) @binding(n)`. */
export type Bindings = Readonly<Record<string, BindingAccess>>;

/**
 * One dispatch, still without buffers: a shader of `shaders/`, the constants that specialise it, its bindings, and its size.
 * Functions in `kernels/` make these from shapes and limits alone.
 */
export interface KernelSpec {
  /** Name of the shader file, without ".wgsl". */
  readonly name: string;
  /** Text of the shader file. */
  readonly shader: string;
  /** Texts by the names that only this shader may `#include`, beside those of shaders.ts, which every page fetches. */
  readonly includes?: Readonly<Record<string, string>>;
  readonly constants: ShaderConstants;
  readonly bindings: Bindings;
  /** Workgroups along x, y, z; each at most 65,535. */
  readonly workgroups: readonly [number, number, number];
  /** What the choice of tile was, for tables: "8 rows × 8 columns a thread, 64 threads". */
  readonly variant?: string;
  /** Floating-point operations, a multiply-add counting as two. */
  readonly flops: number;
  /** The other forms of this kernel; none where it has but this one. */
  readonly variants?: Variants;
}

/** What makes a form of a kernel; what is left out is as the kernel's own function chose it. */
export interface Variant<Tile = unknown> {
  /** What a thread computes, and how threads work together: one of `Variants.tiles`, or `quick`. */
  readonly tile?: Tile | undefined;
  /** Bindings whose tensors are stored as 16-bit floats. */
  readonly halves?: readonly string[] | undefined;
  /** What the shader then includes: `halfIncludes` of half_storage.ts. */
  readonly includes?: Readonly<Record<string, string>>;
  /** The operand in whose place the output lies. It has no binding then. */
  readonly inPlace?: string | undefined;
}

/** The forms that a kernel has, and the function that makes them. */
export interface Variants<Tile = unknown> {
  /** What the autotuner makes other tiles of (other_tiles.ts): the same job and bindings, equal up to rounding. */
  readonly tuning: Tuning | undefined;
  /**
   * Smaller tiles: the same bindings, every sum in the same order and hence the same bits, slower to run and much quicker to
   * compile. A program may begin with them. Only where compiling takes longer than some steps do: software adapters compile
   * one kernel at a time, for a second a large one.
   */
  readonly quick: Tile | undefined;
  /** The bindings whose tensors may be stored as 16-bit floats. */
  readonly halves: readonly string[];
  /** The operands that are read exactly where the output is written, so that it may lie in their place. */
  readonly inPlace: readonly string[];
  /** What it makes of its operands: sums of many elements, or each element of theirs at its place alone. */
  readonly role?: "sum" | "pointwise" | undefined;
  /** This kernel with a change. */
  make(change: Variant<Tile>): KernelSpec;
}

/** Bindings of which some are there only in some variants of a kernel: without those that are false. */
export function presentBindings(bindings: Readonly<Record<string, BindingAccess | false>>): Bindings {
  const present: Record<string, BindingAccess> = {};
  for (const [name, access] of Object.entries(bindings)) if (access !== false) present[name] = access;
  return present;
}

/** `count` bindings `name_0`, `name_1`, …, which shaders declare with `#unroll`. */
export function numberedBindings(name: string, count: number, access: BindingAccess): Bindings {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}_${index}`, access]));
}

/** Limits and features of a device that a kernel's choice of tile may depend on. */
export interface DeviceTraits {
  readonly maxWorkgroupSize: number;
  readonly maxWorkgroupStorage: number;
  /** A CPU behind the WebGPU API (SwiftShader, lavapipe, WARP): no fast workgroup memory, few threads. */
  readonly software: boolean;
  /** Whether large 3 × 3 convolutions may run as Winograd's; default true. */
  readonly winograd?: boolean | undefined;
  /** Whether an autotuner tries other algorithms than those of the rules; default true. */
  readonly autotunes?: boolean | undefined;
  /** Sizes of subgroups, where kernels may exchange values within them (subgroups.ts). */
  readonly subgroups?: SubgroupSizes | undefined;
  /** Sizes of the matrices that subgroups multiply, where the device has shown that it does so rightly (subgroup_matrix.ts). */
  readonly subgroupMatrix?: SubgroupMatrix | undefined;
  /** The same for operands that are stored as 16-bit floats, with sums in f32. */
  readonly subgroupMatrixOfHalves?: SubgroupMatrix | undefined;
  /** What makes the kernel for them (kernels/matmul_subgroup_matrix.ts), which is fetched for such devices alone. */
  readonly matmulSubgroupMatrix?: typeof matmulSubgroupMatrix;
}

/** Threads of a subgroup, powers of two. Which size a kernel gets is the driver's choice where they differ. */
export interface SubgroupSizes {
  readonly minSize: number;
  readonly maxSize: number;
}

/** [m, k]·[k, n] → [m, n] with f32 sums, multiplied by a subgroup as a whole, and the sizes that subgroups may have. */
export interface SubgroupMatrix extends SubgroupSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Workgroups for `threads` invocations of `size` a group, folded into x and y when x alone would pass 65,535. */
export function linearWorkgroups(threads: number, size: number): [number, number, number] {
  const groups = Math.max(1, Math.ceil(threads / size));
  if (groups <= 65535) return [groups, 1, 1];
  const y = Math.ceil(groups / 65535);
  return [Math.ceil(groups / y), y, 1];
}
