import { alignTo } from "../core/align_to.ts";

/** Bytes that are needed from one task to another, both included. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

const ALIGNMENT = 64;

/**
 * Offsets into one block of memory at which values that are needed at the same time do not overlap: largest first, each in the
 * lowest gap that is large enough ("greedy by size for offset calculation", Pisarchyk and Lee 2020, section 4.2).
 */
export function planOffsets(lifetimes: readonly Lifetime[]): { offsets: readonly number[]; bytes: number } {
  const order = lifetimes.map((_, index) => index);
  const of = (index: number) => lifetimes[index] as Lifetime;
  order.sort((a, b) => of(b).bytes - of(a).bytes || of(a).first - of(b).first);
  const offsets = lifetimes.map(() => 0);
  /** Indices of what has its place, in order of offsets. */
  const placed: number[] = [];
  let bytes = 0;
  for (const index of order) {
    const { first, last } = of(index);
    const size = alignTo(of(index).bytes, ALIGNMENT);
    let offset = 0;
    for (const other of placed) {
      if (of(other).last < first || last < of(other).first) continue;
      const start = offsets[other] as number;
      if (start - offset >= size) break;
      offset = Math.max(offset, start + alignTo(of(other).bytes, ALIGNMENT));
    }
    offsets[index] = offset;
    bytes = Math.max(bytes, offset + size);
    const place = placed.findIndex((other) => (offsets[other] as number) > offset);
    placed.splice(place < 0 ? placed.length : place, 0, index);
  }
  return { offsets, bytes };
}
