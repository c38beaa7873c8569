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

/** An operation's flag in a shader: "leakyRelu" → "LEAKY_RELU". */
export function constantName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
