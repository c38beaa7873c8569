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

/** A picture at another size. Colours count by their alpha, so that what cannot be seen leaves no trace. */
export function resized(pixels: Pixels, width: number, height: number): Pixels {
  if (pixels.width === width && pixels.height === height) return pixels;
  const { data } = pixels;
  // Red, green, blue, each times alpha, and alpha.
  const narrow = new Float64Array(pixels.height * width * 4);
  const columns = sharesOf(pixels.width, width);
  for (let row = 0; row < pixels.height; row++) {
    columns.forEach(({ first, weights }, column) => {
      let [red, green, blue, alpha] = [0, 0, 0, 0];
      for (let place = 0; place < weights.length; place++) {
        const at = 4 * (row * pixels.width + first + place);
        const share = (weights[place] ?? 0) * (data[at + 3] ?? 0);
        red += share * (data[at] ?? 0);
        green += share * (data[at + 1] ?? 0);
        blue += share * (data[at + 2] ?? 0);
        alpha += share;
      }
      narrow.set([red, green, blue, alpha], 4 * (row * width + column));
    });
  }
  const result = new Float32Array(width * height * 4);
  sharesOf(pixels.height, height).forEach(({ first, weights }, row) => {
    for (let column = 0; column < width; column++) {
      const sums = [0, 0, 0, 0];
      weights.forEach((weight, place) => {
        const at = 4 * ((first + place) * width + column);
        for (let channel = 0; channel < 4; channel++) {
          sums[channel] = (sums[channel] ?? 0) + weight * (narrow[at + channel] ?? 0);
        }
      });
      const [red = 0, green = 0, blue = 0, alpha = 0] = sums;
      const visible = alpha === 0 ? 1 : alpha;
      result.set([red / visible, green / visible, blue / visible, alpha], 4 * (row * width + column));
    }
  });
  return { width, height, data: result };
}
