/** Stretches pictures to a model's size: plain sums, the same in every browser, in workers and in Node. */
import type { Pixels } from "./picture.ts";

/** What an output position takes of consecutive input positions. */
export interface Share {
  readonly first: number;
  readonly weights: readonly number[];
}

/**
 * Along one axis: the mean of what an output covers where it becomes smaller, as photographs are made smaller without
 * jagged edges; linear between centres where it becomes larger.
 */
export function sharesOf(from: number, to: number): Share[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, index): Share => {
    if (from <= to) {
      const center = Math.min(Math.max((index + 0.5) * scale - 0.5, 0), from - 1);
      const first = Math.min(Math.floor(center), Math.max(0, from - 2));
      return { first, weights: from === 1 ? [1] : [1 - (center - first), center - first] };
    }
    const [start, end] = [index * scale, (index + 1) * scale];
    const first = Math.floor(start);
    const last = Math.min(from, Math.ceil(end - 1e-9));
    const weights = Array.from({ length: last - first }, (_, place) => {
      const position = first + place;
      return (Math.min(position + 1, end) - Math.max(position, start)) / scale;
    });
    return { first, weights };
  });
}

/** Shares one behind the other: reading them is what pictures take most of their time for. */
function flatShares(shares: readonly Share[]) {
  const weights = Float64Array.from(shares.flatMap((share) => share.weights));
  const ends = new Int32Array(shares.length);
  let end = 0;
  shares.forEach((share, index) => {
    end += share.weights.length;
    ends[index] = end;
  });
  return { firsts: Int32Array.from(shares, ({ first }) => first), ends, weights };
}

/** A picture at another size. Colours count by their alpha, so that what cannot be seen leaves no trace. */
export function resized(pixels: Pixels, width: number, height: number): Pixels {
  if (pixels.width === width && pixels.height === height) return pixels;
  const narrow = narrowed(pixels, width);
  const { firsts, ends, weights } = flatShares(sharesOf(pixels.height, height));
  const result = new Float32Array(width * height * 4);
  const sums = new Float64Array(4 * width);
  for (let row = 0, share = 0; row < height; row++) {
    sums.fill(0);
    const first = (firsts[row] ?? 0) - share;
    for (const end = ends[row] ?? 0; share < end; share++) {
      const weight = weights[share] ?? 0;
      const start = (first + share) * sums.length;
      for (let at = 0; at < sums.length; at++) sums[at] = (sums[at] ?? 0) + weight * (narrow[start + at] ?? 0);
    }
    for (let at = 0; at < sums.length; at += 4) {
      const alpha = sums[at + 3] ?? 0;
      const visible = alpha === 0 ? 1 : alpha;
      const place = row * sums.length + at;
      result[place] = (sums[at] ?? 0) / visible;
      result[place + 1] = (sums[at + 1] ?? 0) / visible;
      result[place + 2] = (sums[at + 2] ?? 0) / visible;
      result[place + 3] = alpha;
    }
  }
  return { width, height, data: result };
}

/** Each row at another width: red, green and blue, each times alpha, and alpha. */
function narrowed({ data, width: from, height }: Pixels, width: number): Float64Array {
  const narrow = new Float64Array(height * width * 4);
  const { firsts, ends, weights } = flatShares(sharesOf(from, width));
  for (let row = 0; row < height; row++) {
    for (let column = 0, share = 0; column < width; column++) {
      let [red, green, blue, alpha] = [0, 0, 0, 0];
      let at = 4 * (row * from + (firsts[column] ?? 0));
      for (const end = ends[column] ?? 0; share < end; share++, at += 4) {
        const part = (weights[share] ?? 0) * (data[at + 3] ?? 0);
        red += part * (data[at] ?? 0);
        green += part * (data[at + 1] ?? 0);
        blue += part * (data[at + 2] ?? 0);
        alpha += part;
      }
      const place = 4 * (row * width + column);
      narrow[place] = red;
      narrow[place + 1] = green;
      narrow[place + 2] = blue;
      narrow[place + 3] = alpha;
    }
  }
  return narrow;
}
