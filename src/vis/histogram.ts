import { ArgumentError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { type Picture, type Shown, type Speech, show } from "./figure.ts";
import { ticks } from "./plot.ts";

/** Numbers: an array, or a tensor. */
export type HistogramData = ArrayLike<number> | Pick<Tensor, "data">;

/** How values are counted. */
export interface HistogramOptions {
  /** Equal parts of the range from the least to the largest finite value, 1 to 200. Default 30. */
  bins?: number;
}

/** What a histogram has counted. */
export interface HistogramCounts {
  /** Of each part of the range, from the least value on; the largest value belongs to the last. */
  readonly bins: readonly { readonly from: number; readonly to: number; readonly count: number }[];
  /** Values that are 0. */
  readonly zeros: number;
  /** Values that are no number. */
  readonly nan: number;
  /** Values above all numbers. */
  readonly positiveInfinity: number;
  /** Values below all numbers. */
  readonly negativeInfinity: number;
}

const HEIGHT = 180;
const BELOW = 22;
const MOST_BINS = 200;

/** Counts values, as `showHistogram` draws them. Throws `ArgumentError` for what is no list of numbers, and for other `bins`. */
export function countHistogram(values: HistogramData, { bins = 30 }: HistogramOptions = {}): HistogramCounts {
  const list = (values as Partial<Tensor>)?.data ?? (values as ArrayLike<number>);
  if (typeof list !== "object" || list === null || !Number.isInteger(list.length)) {
    throw new ArgumentError(`showHistogram: wants numbers or a tensor, got ${describeValue(values)}.`);
  }
  if (!(Number.isInteger(bins) && bins >= 1 && bins <= MOST_BINS)) {
    throw new ArgumentError(
      `showHistogram: bins must be a whole number from 1 to ${MOST_BINS}, got ${describeValue(bins)}.`,
    );
  }
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [zeros, nan, positiveInfinity, negativeInfinity] = [0, 0, 0, 0];
  for (let index = 0; index < list.length; index++) {
    const value = list[index] ?? Number.NaN;
    if (Number.isNaN(value)) nan++;
    else if (value === Number.POSITIVE_INFINITY) positiveInfinity++;
    else if (value === Number.NEGATIVE_INFINITY) negativeInfinity++;
    else {
      if (value === 0) zeros++;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  const special = { zeros, nan, positiveInfinity, negativeInfinity };
  if (least > most) return { bins: [], ...special };
  // One value alone has one bin.
  const parts = least === most ? 1 : bins;
  const range = most - least;
  // Where the range overflows, that of halves does not.
  const place = (value: number) =>
    Number.isFinite(range) ? (value - least) / range : (value / 2 - least / 2) / (most / 2 - least / 2);
  const edges = [least];
  for (let index = 1; index < parts; index++) {
    const share = index / parts;
    // Rounding moves no edge before the one below it.
    edges.push(Math.min(most, Math.max(edges[index - 1] ?? least, least * (1 - share) + most * share)));
  }
  edges.push(most);
  const counts = new Array<number>(parts).fill(0);
  for (let index = 0; index < list.length; index++) {
    const value = list[index] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    const bin = parts === 1 ? 0 : Math.min(parts - 1, Math.floor(place(value) * parts));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return {
    bins: counts.map((count, index) => ({ from: edges[index] ?? least, to: edges[index + 1] ?? most, count })),
    ...special,
  };
}

/**
 * Draws how values are distributed, of weights, gradients or activations: a bar for each part of their range; and a table that also
 * counts zeros, NaN and infinite values, which no bar shows. Throws `ArgumentError` for what is no list of numbers.
 */
export function showHistogram(
  element: HTMLElement,
  values: HistogramData,
  options: HistogramOptions = {},
): Shown<HistogramData> {
  return show("showHistogram", element, values, (given, speech) => pictureOf(countHistogram(given, options), speech));
}

function pictureOf(counts: HistogramCounts, { words, number }: Speech): Picture {
  const { bins, zeros, nan, positiveInfinity, negativeInfinity } = counts;
  const infinite = positiveInfinity + negativeInfinity;
  const count = bins.reduce((sum, bin) => sum + bin.count, 0);
  const [from, to] = [bins[0]?.from ?? Number.NaN, bins.at(-1)?.to ?? Number.NaN];
  const highest = Math.max(1, ...bins.map((bin) => bin.count));
  const bad = nan + infinite > 0 ? words.histogramBad(nan, infinite) : "";
  const label = (bins.length === 0 ? words.nothing : words.histogramLabel(count, number(from), number(to))) + bad;
  return {
    label,
    table: {
      caption: label,
      head: [words.range, words.count],
      rows: [
        ...bins.map((bin) => [`${number(bin.from)} … ${number(bin.to)}`, String(bin.count)]),
        ...[
          [words.zeros, String(zeros)],
          ["NaN", String(nan)],
        ],
        ...[
          ["∞", String(positiveInfinity)],
          ["−∞", String(negativeInfinity)],
        ],
      ],
    },
    height: () => HEIGHT,
    draw({ context, width, series, grid, text }) {
      const floor = HEIGHT - BELOW;
      const top = bad === "" ? 8 : 24;
      const part = width / Math.max(1, bins.length);
      context.fillStyle = series[0];
      bins.forEach((bin, index) => {
        const height = (bin.count / highest) * (floor - top);
        context.fillRect(index * part, floor - height, Math.max(1, part - 1), height);
      });
      context.fillStyle = grid;
      context.fillRect(0, floor, width, 1);
      context.fillStyle = text;
      for (const tick of bins.length > 0 ? ticks(from, to) : []) {
        const share = from === to ? 0.5 : (tick - from) / (to - from);
        context.textAlign = share < 0.05 ? "left" : share > 0.95 ? "right" : "center";
        context.fillText(number(tick), share * width, floor + 12);
      }
      context.textAlign = "left";
      context.fillStyle = series[1];
      // What no bar shows stands out.
      context.fillText(bad.replace(/^, /, ""), 0, 10);
      context.fillStyle = text;
      if (bins.length === 0) context.fillText(words.nothing, 0, floor - 12);
    },
  };
}
