/**
 * Pictures that look alike, found without comparing each with each. A hash of 64 bits says where brightness falls along the
 * rows (dHash: N. Krawetz, "Kind of like that", 2013); of two that differ in at most five bits, one of six parts of the hash is
 * the same. Candidates are then compared by the correlation of a coarse picture.
 */
import { sizeOf } from "../../core/shape.ts";
import type { DatasetInput } from "../dataset.ts";
import { luma } from "../picture.ts";
import { type Share, sharesOf } from "../resize.ts";

/** The coarse picture: twice the hash's nine columns and eight rows. */
const [COLUMNS, ROWS] = [18, 16];
const CELLS = COLUMNS * ROWS;
/** Bits of the hash that near duplicates may differ in, and the parts of which one is then the same. */
const MOST_BITS = 5;
const PARTS = MOST_BITS + 1;
const VALUES_OF_A_PART = 2 ** Math.ceil(64 / PARTS);
/** Correlation of the coarse pictures from which on two count as one picture: saved again, scaled, or brightened. */
const LEAST_CORRELATION = 0.99;
/** Standard deviation, of 255, below which a picture is of one colour: correlation says nothing then, the means do. */
const FLAT = 2;
/** Pictures that one is compared with, and of those that share a part of its hash: where there are more, all look alike. */
const [MOST_COMPARED, MOST_WITH_A_PART] = [512, 1000];

/** A picture of one set that looks like one of another. */
export interface Twin {
  readonly index: number;
  readonly other: number;
  /** From −1 to 1; 1 where both are of one colour. */
  readonly correlation: number;
}

interface Looks {
  readonly count: number;
  /** Two numbers of 32 bits each. */
  readonly hashes: Uint32Array;
  /** Coarse pictures, without their mean, of length 1; zeros where flat. */
  readonly coarse: Float32Array;
  /** The mean brightness of flat pictures, 0–255; NaN of others. */
  readonly flat: Float32Array;
}

/** Whether pictures of a shape can be compared: [height, width, 1] or [height, width, 3]. */
export function isPictureShape(shape: readonly number[]): boolean {
  return shape.length === 3 && (shape[2] === 1 || shape[2] === 3);
}

/** The pictures of `whole`, each with the picture of `among` that it looks like, where there is one. */
export function findTwins(whole: DatasetInput & { count: number }, among: DatasetInput & { count: number }): Twin[] {
  const [looks, others] = [looksOf(whole), looksOf(among)];
  const index = indexOf(others);
  const twins: Twin[] = [];
  for (let row = 0; row < looks.count; row++) {
    let best: Twin | undefined;
    for (const other of candidates(index, others, looks.hashes[2 * row] ?? 0, looks.hashes[2 * row + 1] ?? 0)) {
      const correlation = likeness(looks, row, others, other);
      if (correlation >= LEAST_CORRELATION && correlation > (best?.correlation ?? 0)) {
        best = { index: row, other, correlation };
      }
    }
    if (best) twins.push(best);
  }
  return twins;
}

function likeness(looks: Looks, row: number, others: Looks, other: number): number {
  const [flat, otherFlat] = [looks.flat[row] ?? Number.NaN, others.flat[other] ?? Number.NaN];
  if (!Number.isNaN(flat) && !Number.isNaN(otherFlat)) return Math.abs(flat - otherFlat) <= FLAT ? 1 : 0;
  let sum = 0;
  for (let cell = 0; cell < CELLS; cell++) {
    sum += (looks.coarse[row * CELLS + cell] ?? 0) * (others.coarse[other * CELLS + cell] ?? 0);
  }
  return sum;
}

function looksOf({ images, shape, count }: DatasetInput & { count: number }): Looks {
  const [height = 1, width = 1, channels = 1] = shape;
  const [columns, rows] = [sharesOf(width, COLUMNS), sharesOf(height, ROWS)];
  const looks: Looks = {
    count,
    hashes: new Uint32Array(2 * count),
    coarse: new Float32Array(count * CELLS),
    flat: new Float32Array(count).fill(Number.NaN),
  };
  const grey = new Float32Array(height * width);
  const scale = images instanceof Uint8Array ? 1 : 255;
  for (let row = 0; row < count; row++) {
    const start = row * sizeOf(shape);
    for (let pixel = 0; pixel < grey.length; pixel++) {
      const at = start + pixel * channels;
      const value = images[at] ?? 0;
      grey[pixel] = scale * (channels === 1 ? value : luma(value, images[at + 1] ?? 0, images[at + 2] ?? 0));
    }
    const coarse = coarsened(grey, width, columns, rows);
    looks.hashes.set(hashOf(coarse), 2 * row);
    normalize(coarse, row, looks);
  }
  return looks;
}

/** The means of a picture's parts, [ROWS, COLUMNS]. */
function coarsened(grey: Float32Array, width: number, columns: readonly Share[], rows: readonly Share[]): Float32Array {
  const coarse = new Float32Array(CELLS);
  const narrow = new Float64Array(COLUMNS);
  for (let row = 0; row < ROWS; row++) {
    const { first, weights } = rows[row] ?? { first: 0, weights: [] };
    for (let place = 0; place < weights.length; place++) {
      const start = (first + place) * width;
      for (let column = 0; column < COLUMNS; column++) {
        const share = columns[column];
        let sum = 0;
        if (share)
          for (let x = 0; x < share.weights.length; x++)
            sum += (share.weights[x] ?? 0) * (grey[start + share.first + x] ?? 0);
        narrow[column] = sum;
      }
      for (let column = 0; column < COLUMNS; column++) {
        coarse[row * COLUMNS + column] =
          (coarse[row * COLUMNS + column] ?? 0) + (weights[place] ?? 0) * (narrow[column] ?? 0);
      }
    }
  }
  return coarse;
}

/** A bit for each of eight steps in each of eight rows: whether it becomes darker there. */
function hashOf(coarse: Float32Array): [number, number] {
  const cell = (row: number, column: number) => {
    const at = 2 * row * COLUMNS + 2 * column;
    return (coarse[at] ?? 0) + (coarse[at + 1] ?? 0) + (coarse[at + COLUMNS] ?? 0) + (coarse[at + COLUMNS + 1] ?? 0);
  };
  const hash: [number, number] = [0, 0];
  for (let row = 0; row < 8; row++) {
    for (let column = 0; column < 8; column++) {
      const bit = cell(row, column) > cell(row, column + 1) ? 1 : 0;
      const half = row < 4 ? 0 : 1;
      hash[half] = ((hash[half] << 1) | bit) >>> 0;
    }
  }
  return hash;
}

function normalize(coarse: Float32Array, row: number, looks: Looks): void {
  const mean = coarse.reduce((sum, value) => sum + value, 0) / CELLS;
  const squares = coarse.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  if (Math.sqrt(squares / CELLS) < FLAT) {
    looks.flat[row] = mean;
    return;
  }
  for (let cell = 0; cell < CELLS; cell++) {
    looks.coarse[row * CELLS + cell] = ((coarse[cell] ?? 0) - mean) / Math.sqrt(squares);
  }
}

interface HashIndex {
  /** Pictures by their hash. */
  readonly alike: ReadonlyMap<string, number[]>;
  /** One picture of each hash, by the value of each part of it. */
  readonly byPart: ReadonlyMap<number, number[]>;
}

const keyOf = (high: number, low: number) => `${high},${low}`;

function indexOf({ count, hashes }: Looks): HashIndex {
  const alike = new Map<string, number[]>();
  const byPart = new Map<number, number[]>();
  for (let row = 0; row < count; row++) {
    const [high, low] = [hashes[2 * row] ?? 0, hashes[2 * row + 1] ?? 0];
    const same = alike.get(keyOf(high, low));
    if (same) {
      same.push(row);
      continue;
    }
    alike.set(keyOf(high, low), [row]);
    for (let part = 0; part < PARTS; part++) {
      const key = part * VALUES_OF_A_PART + partOf(high, low, part);
      const rows = byPart.get(key);
      if (rows) rows.push(row);
      else byPart.set(key, [row]);
    }
  }
  return { alike, byPart };
}

/** Every sixth bit of a hash, from one on: neighbours, which say much the same, are in different parts. */
function partOf(high: number, low: number, part: number): number {
  let value = 0;
  for (let bit = part; bit < 64; bit += PARTS) value = (value << 1) | (((bit < 32 ? high : low) >>> (bit % 32)) & 1);
  return value;
}

/** Pictures whose hash differs in few bits: first those of the same one. */
function candidates({ alike, byPart }: HashIndex, { hashes }: Looks, high: number, low: number): number[] {
  const found = (alike.get(keyOf(high, low)) ?? []).slice(0, MOST_COMPARED);
  const seen = new Set([keyOf(high, low)]);
  for (let part = 0; part < PARTS; part++) {
    const rows = byPart.get(part * VALUES_OF_A_PART + partOf(high, low, part)) ?? [];
    for (let place = 0; place < Math.min(rows.length, MOST_WITH_A_PART); place++) {
      if (found.length >= MOST_COMPARED) return found;
      const row = rows[place] ?? 0;
      const [otherHigh, otherLow] = [hashes[2 * row] ?? 0, hashes[2 * row + 1] ?? 0];
      if (bitsOf(high ^ otherHigh) + bitsOf(low ^ otherLow) > MOST_BITS) continue;
      const key = keyOf(otherHigh, otherLow);
      if (!seen.has(key)) found.push(...(alike.get(key) ?? []).slice(0, MOST_COMPARED - found.length));
      seen.add(key);
    }
  }
  return found;
}

/** How many bits are 1 (Hacker's Delight, figure 5-2). */
function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
