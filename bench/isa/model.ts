/**
 * How long a program would take on graphics cards that nobody here has: an estimate, to be held against the first real
 * measurement and corrected.
 *
 * A dispatch takes the longest of three times: its floating-point operations at the rate that its hot loop allows, its bytes
 * at the memory's rate, and what a launch takes at least. The rate is the card's peak, times the share of multiply-adds among
 * the loop's instructions, times how well the card is filled: by waves that hide each other's waiting, and by workgroups for
 * all of its processors. Caches, and what loads of neighbours touch, are not in it. The instruction mix is that of one AMD
 * family for every card, since no other compiler is at hand.
 */
import type { Compiled } from "./compile.ts";
import type { Kernel } from "./plans.ts";

export interface Card {
  readonly name: string;
  /** f32, 10¹² operations a second, a multiply-add as two. */
  readonly teraflops: number;
  /** Of its memory, 10⁹ bytes a second. */
  readonly gigabytes: number;
  /** Compute units, streaming multiprocessors, cores. */
  readonly units: number;
  /** From one dispatch to the next that depends on it, µs. */
  readonly launch: number;
}

/*
 * Peaks, memory and units from the makers' data sheets: NVIDIA's for GeForce RTX 3060 (12 GB) and RTX 4090 and H100 SXM, AMD's
 * for Radeon RX 6800, Apple's of June 2022 for M2 (10 cores), Intel's for Iris Xe of 96 execution units at 1.35 GHz with
 * LPDDR4X-4266. Qualcomm tells none for Adreno 740: 1,536 lanes at 680 MHz are what others measured, LPDDR5X-8400 is of the data
 * sheet of Snapdragon 8 Gen 2. Launches: 1.65 µs with a barrier was measured on an RTX 3050 (github.com/kvark/meganeura,
 * 69ae7fd); those of the others are guesses in proportion to the clock of their front ends.
 */
export const CARDS: readonly Card[] = [
  { name: "RTX 3060", teraflops: 12.74, gigabytes: 360, units: 28, launch: 2 },
  { name: "RTX 4090", teraflops: 82.58, gigabytes: 1008, units: 128, launch: 2 },
  { name: "H100", teraflops: 66.9, gigabytes: 3350, units: 132, launch: 2 },
  { name: "RX 6800", teraflops: 16.17, gigabytes: 512, units: 60, launch: 2.5 },
  { name: "M2", teraflops: 3.6, gigabytes: 100, units: 10, launch: 4 },
  { name: "Iris Xe", teraflops: 2.07, gigabytes: 68, units: 12, launch: 6 },
  { name: "Adreno 740", teraflops: 2.09, gigabytes: 67, units: 6, launch: 8 },
];

/** Waves a SIMD that hide each other's waiting for memory, where there are no fewer. */
const WAVES = 8;
/** Invocations that keep one compute unit at work: two waves of 32 on each of four SIMDs. */
const INVOCATIONS_A_UNIT = 256;

/** How many of a card's units have work, over the time that the last of them takes. */
function filled(workgroups: number, threads: number, { units }: Card): number {
  const loads = (workgroups * threads) / INVOCATIONS_A_UNIT;
  return loads / (units * Math.ceil(loads / units));
}

/** Microseconds of one dispatch on a card. `threads` of a workgroup. */
export function microseconds(
  { flops, bytes, workgroups: [x, y, z] }: Pick<Kernel, "flops" | "bytes" | "workgroups">,
  threads: number,
  { mix, waves }: Compiled,
  card: Card,
): number {
  const share = mix.multiplyAdds / Math.max(1, mix.instructions);
  const rate = card.teraflops * share * Math.min(1, waves / WAVES) * filled(x * y * z, threads, card);
  // A kernel whose loop multiplies nothing is one that moves memory.
  const arithmetic = share === 0 ? 0 : flops / (rate * 1e6);
  return Math.max(arithmetic, bytes / (card.gigabytes * 1e3), card.launch);
}

/** Invocations of a workgroup of WGSL, whose extents are numbers or constants declared above. */
export function threadsOf(wgsl: string): number {
  const extents = /@workgroup_size\(([^)]*)\)/.exec(wgsl)?.[1];
  if (extents === undefined) throw new Error("a kernel without @workgroup_size");
  return extents
    .split(",")
    .filter((extent) => extent.trim() !== "")
    .map((extent) => {
      const text = extent.trim();
      const known = new RegExp(`const ${text}\\b[^=]*=\\s*(\\d+)`).exec(wgsl)?.[1] ?? text;
      const value = Number.parseInt(known, 10);
      if (Number.isNaN(value)) throw new Error(`a workgroup of ${extents} invocations: what is "${text}"?`);
      return value;
    })
    .reduce((product, extent) => product * extent, 1);
}
