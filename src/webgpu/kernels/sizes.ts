import type { DeviceTraits } from "../kernel.ts";

/** Threads of a workgroup where nothing asks for more: fills a wave of every GPU. */
export function workgroupThreads(traits: DeviceTraits): number {
  return Math.min(64, powerOfTwoAtMost(traits.maxWorkgroupSize));
}

/** Threads of a kernel that runs as one workgroup alone. A software adapter has no use for many. */
export function loneWorkgroupThreads(wanted: number, traits: DeviceTraits): number {
  const most = Math.min(traits.software ? 64 : 256, powerOfTwoAtMost(traits.maxWorkgroupSize));
  return Math.max(1, Math.min(most, powerOfTwoAtLeast(wanted)));
}

/** The largest power of two that is not above `value`; 1 for anything below 1. */
export function powerOfTwoAtMost(value: number): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, value))));
}

/** The smallest power of two that is not below `value`. */
export function powerOfTwoAtLeast(value: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, value)));
}

/**
 * Neighbouring threads that share a row of `columns` values: about 16 columns each, but one thread alone where there
 * are rows enough to keep the device busy. They meet at barriers, which software adapters pay dearly for.
 */
export function lanesPerRow(rows: number, columns: number, traits: DeviceTraits): number {
  const busy = traits.software ? 16 : 32768;
  const useful = powerOfTwoAtMost(columns / 16);
  const needed = powerOfTwoAtLeast(busy / rows);
  return Math.min(useful, needed, workgroupThreads(traits));
}

/**
 * How a reduction over `threads` neighbouring threads (a power of two) is cut: halvings through workgroup memory first,
 * then exchanges within subgroups. Only blocks of the smallest size that a subgroup may have exchange, so that the order
 * of sums, and with it every bit, is the same whatever size the driver picks, and the same as without subgroups. Wherever
 * subgroups are there they are used: a barrier costs more than an exchange on GPUs, and on SwiftShader too, where a kernel
 * with them takes 0.82 to 0.96 of the time (bench/NOTES.md).
 */
function halvings(threads: number, traits: DeviceTraits): { halvings: number; shuffles: number } {
  const all = Math.log2(threads);
  const shuffles = Math.min(all, Math.log2(powerOfTwoAtMost(traits.subgroups?.minSize ?? 1)));
  return { halvings: all - shuffles, shuffles };
}

/** What `workgroup_sum.wgsl` and `workgroup_element_sum.wgsl` want to know. */
export function workgroupReduction(threads: number, traits: DeviceTraits) {
  const cut = halvings(threads, traits);
  return { THREADS: threads, WORKGROUP_HALVINGS: cut.halvings, WORKGROUP_SHUFFLES: cut.shuffles };
}

/** What `row_reduce.wgsl` wants to know: `lanes` of the workgroup's `threads` share a row. */
export function rowReduction(threads: number, lanes: number, traits: DeviceTraits) {
  const cut = halvings(lanes, traits);
  return { THREADS: threads, LANES: lanes, ROW_HALVINGS: cut.halvings, ROW_SHUFFLES: cut.shuffles };
}

/** An operation's flag in a shader: "leakyRelu" → "IS_LEAKY_RELU". */
export function flagOf(operation: string): string {
  return `IS_${operation.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
