/** What people draw that is no digit, in a unit box: x to the right, y downwards. */
import type { Point } from "./digit_strokes.ts";
import { GLYPHS } from "./digit_strokes.ts";
import { RandomData } from "./random.ts";

export interface Drawing {
  readonly name: string;
  readonly strokes: readonly (readonly Point[])[];
}

function drawing(name: string, ...strokes: (readonly (readonly [number, number])[])[]): Drawing {
  return { name, strokes: strokes.map((points) => points.map(([x, y]) => ({ x, y }))) };
}

/** Points at even angles from `from` to `to` turns around a middle, on an ellipse that may shrink on the way. */
function turn(
  x: number,
  y: number,
  width: number,
  height: number,
  from: number,
  to: number,
  shrink = 0,
): [number, number][] {
  const count = Math.max(2, Math.ceil(Math.abs(to - from) * 16));
  return Array.from({ length: count + 1 }, (_, index) => {
    const share = index / count;
    const angle = 2 * Math.PI * (from + (to - from) * share);
    const size = 1 - shrink * share;
    return [x + width * size * Math.cos(angle), y + height * size * Math.sin(angle)];
  });
}

/** A pen that wanders: each piece turns by up to `bend` of a half turn from the one before. */
function wandering(random: RandomData, pieces: number, bend: number): [number, number][] {
  let [x, y] = [0.2 + 0.6 * random.uniform(), 0.2 + 0.6 * random.uniform()];
  let angle = 2 * Math.PI * random.uniform();
  const points: [number, number][] = [[x, y]];
  for (let piece = 0; piece < pieces; piece++) {
    angle += bend * Math.PI * (2 * random.uniform() - 1);
    const length = 0.12 + 0.25 * random.uniform();
    [x, y] = [x + length * Math.cos(angle), y + length * Math.sin(angle)];
    if (x < 0 || x > 1 || y < 0 || y > 1) angle += Math.PI;
    [x, y] = [Math.min(1, Math.max(0, x)), Math.min(1, Math.max(0, y))];
    points.push([x, y]);
  }
  return points;
}

const zigzag = (teeth: number, top: number, bottom: number): [number, number][] =>
  Array.from({ length: teeth + 1 }, (_, index) => [index / teeth, index % 2 === 0 ? bottom : top]);

const beside = (left: number, right: number): Drawing => {
  const half = (digit: number, from: number) =>
    GLYPHS.find((glyph) => glyph.digit === digit)!.strokes.map((stroke) =>
      stroke.map(({ x, y }) => ({ x: from + 0.48 * x, y })),
    );
  return { name: `${left} beside ${right}`, strokes: [...half(left, 0), ...half(right, 0.52)] };
};

// biome-ignore format: a drawing a line is what one can read.
const SHAPES: readonly Drawing[] = [
  drawing("zigzag of 5", zigzag(5, 0.2, 0.8)),
  drawing("zigzag of 9", zigzag(9, 0.1, 0.9)),
  drawing("flat zigzag", zigzag(8, 0.4, 0.6)),
  drawing("spiral", turn(0.5, 0.5, 0.45, 0.45, 0, 3, 0.9)),
  drawing("curls in a row", [0, 1, 2, 3].flatMap((step) => turn(0.2 + 0.2 * step, 0.5, 0.14, 0.3, 0, 1))),
  drawing("hatching", ...[0, 1, 2, 3, 4].map((step): [number, number][] => [[0.05 + 0.18 * step, 0.95], [0.25 + 0.18 * step, 0.05]])),
  drawing("a grid", [[0.3, 0], [0.3, 1]], [[0.7, 0], [0.7, 1]], [[0, 0.3], [1, 0.3]], [[0, 0.7], [1, 0.7]]),
  drawing("a filled blob", ...Array.from({ length: 7 }, (_, row): [number, number][] => [[0.15, 0.14 * row + 0.08], [0.85, 0.14 * row + 0.08]])),
  drawing("a filled disc", turn(0.5, 0.5, 0.45, 0.45, 0, 6, 0.95)),
  drawing("a plus", [[0.5, 0.05], [0.5, 0.95]], [[0.05, 0.5], [0.95, 0.5]]),
  drawing("a cross", [[0.1, 0.1], [0.9, 0.9]], [[0.9, 0.1], [0.1, 0.9]]),
  drawing("a star of lines", [[0.5, 0], [0.5, 1]], [[0.05, 0.25], [0.95, 0.75]], [[0.95, 0.25], [0.05, 0.75]]),
  drawing("a pentagram", [[0.5, 0.02], [0.8, 0.95], [0.02, 0.38], [0.98, 0.38], [0.2, 0.95], [0.5, 0.02]]),
  drawing("a square", [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9], [0.1, 0.1]]),
  drawing("a triangle", [[0.5, 0.08], [0.95, 0.9], [0.05, 0.9], [0.5, 0.08]]),
  drawing("a heart", [[0.5, 0.95], [0.1, 0.45], [0.15, 0.12], [0.4, 0.1], [0.5, 0.3], [0.6, 0.1], [0.85, 0.12], [0.9, 0.45], [0.5, 0.95]]),
  drawing("a house", [[0.15, 0.95], [0.15, 0.45], [0.5, 0.05], [0.85, 0.45], [0.85, 0.95], [0.15, 0.95]], [[0.15, 0.45], [0.85, 0.45]]),
  drawing("a face", turn(0.5, 0.5, 0.45, 0.45, 0, 1), [[0.35, 0.38], [0.35, 0.42]], [[0.65, 0.38], [0.65, 0.42]], turn(0.5, 0.6, 0.2, 0.15, 0, 0.5)),
  drawing("an arrow", [[0.05, 0.5], [0.95, 0.5]], [[0.7, 0.25], [0.95, 0.5], [0.7, 0.75]]),
  drawing("a tick", [[0.05, 0.55], [0.35, 0.9], [0.95, 0.1]]),
  drawing("a wave", Array.from({ length: 25 }, (_, index): [number, number] => [index / 24, 0.5 + 0.2 * Math.sin(index / 2)])),
  drawing("a level line", [[0.05, 0.5], [0.95, 0.52]]),
  drawing("an equals sign", [[0.1, 0.35], [0.9, 0.35]], [[0.1, 0.65], [0.9, 0.65]]),
  drawing("a colon", [[0.5, 0.2], [0.5, 0.22]], [[0.5, 0.8], [0.5, 0.82]]),
  drawing("a percent sign", turn(0.25, 0.25, 0.15, 0.18, 0, 1), [[0.85, 0.05], [0.15, 0.95]], turn(0.75, 0.75, 0.15, 0.18, 0, 1)),
  drawing("a note", [[0.7, 0.75], [0.7, 0.1], [0.95, 0.3]], turn(0.5, 0.8, 0.2, 0.12, 0, 3, 0.9)),
  drawing("three dots", [[0.1, 0.5], [0.11, 0.5]], [[0.5, 0.5], [0.51, 0.5]], [[0.9, 0.5], [0.91, 0.5]]),
  drawing("two level lines and a stroke", [[0.1, 0.1], [0.9, 0.1]], [[0.1, 0.9], [0.9, 0.9]], [[0.5, 0.1], [0.5, 0.9]]),
];

// biome-ignore format: a letter a line is what one can read. Those that look like a digit (B, D, G, I, J, L, O, Q, S, Z, b, g, l, q, y) are left out.
const LETTERS: readonly Drawing[] = [
  drawing("A", [[0.05, 0.95], [0.5, 0.05], [0.95, 0.95]], [[0.22, 0.62], [0.78, 0.62]]),
  drawing("E", [[0.85, 0.05], [0.2, 0.05], [0.2, 0.95], [0.85, 0.95]], [[0.2, 0.5], [0.75, 0.5]]),
  drawing("F", [[0.85, 0.05], [0.2, 0.05], [0.2, 0.95]], [[0.2, 0.48], [0.75, 0.48]]),
  drawing("H", [[0.15, 0.05], [0.15, 0.95]], [[0.85, 0.05], [0.85, 0.95]], [[0.15, 0.5], [0.85, 0.5]]),
  drawing("K", [[0.2, 0.05], [0.2, 0.95]], [[0.8, 0.05], [0.2, 0.5], [0.85, 0.95]]),
  drawing("M", [[0.05, 0.95], [0.15, 0.05], [0.5, 0.6], [0.85, 0.05], [0.95, 0.95]]),
  drawing("N", [[0.12, 0.95], [0.12, 0.05], [0.88, 0.95], [0.88, 0.05]]),
  drawing("R", [[0.2, 0.95], [0.2, 0.05], [0.6, 0.05], [0.8, 0.25], [0.6, 0.48], [0.2, 0.5], [0.85, 0.95]]),
  drawing("T", [[0.05, 0.08], [0.95, 0.08]], [[0.5, 0.08], [0.5, 0.95]]),
  drawing("V", [[0.05, 0.05], [0.5, 0.95], [0.95, 0.05]]),
  drawing("W", [[0.02, 0.05], [0.25, 0.95], [0.5, 0.3], [0.75, 0.95], [0.98, 0.05]]),
  drawing("X", [[0.12, 0.05], [0.88, 0.95]], [[0.88, 0.05], [0.12, 0.95]]),
  drawing("Y", [[0.05, 0.05], [0.5, 0.5], [0.95, 0.05]], [[0.5, 0.5], [0.5, 0.95]]),
  drawing("m", [[0.05, 0.9], [0.05, 0.3], [0.25, 0.2], [0.45, 0.4], [0.45, 0.9]], [[0.45, 0.4], [0.65, 0.2], [0.88, 0.35], [0.9, 0.9]]),
  drawing("k", [[0.25, 0.02], [0.25, 0.95]], [[0.7, 0.4], [0.25, 0.68], [0.75, 0.95]]),
  drawing("w", [[0.02, 0.25], [0.25, 0.85], [0.5, 0.4], [0.75, 0.85], [0.98, 0.25]]),
];

/** Lines that lead nowhere, by lot from a seed. */
function scribbles(count: number, seed: number): Drawing[] {
  const random = new RandomData(seed);
  return Array.from({ length: count }, (_, index) => {
    const strokes = Array.from({ length: 1 + random.integer(0, 3) }, () =>
      wandering(random, random.integer(6, 16), 0.35 + 0.6 * random.uniform()),
    );
    return drawing(`scribble ${index} of seed ${seed}`, ...strokes);
  });
}

const PAIRS: readonly Drawing[] = [
  [1, 2],
  [4, 7],
  [0, 0],
  [3, 5],
  [8, 6],
  [2, 9],
  [7, 1],
  [5, 4],
].map(([left = 0, right = 0]) => beside(left, right));

export const NO_DIGITS: Readonly<Record<"scribbles" | "shapes" | "letters" | "pairs", readonly Drawing[]>> = {
  scribbles: scribbles(60, 7),
  shapes: SHAPES,
  letters: LETTERS,
  pairs: PAIRS,
};
