import { at } from "../../core/at.ts";
import { type Code, F32x4, type I32, load, store, when } from "../emit/code.ts";
import { defineKernel, type LocalF32x4, type LocalI32, type LocalI32x4 } from "../emit/function.ts";
import { overFloats } from "./pointwise.ts";
import { type Epilogue, kernelName, PANEL, poolWindow } from "./products.ts";

// Winograd's F(2×2, 3×3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015): a tile of 2 × 2 results comes
// of 4 × 4 values of the source by 16 products for each pair of channels in place of 36. Factors are 1, −1 and ½: exact on whole
// numbers. A value that is not finite spreads over its tile.

const FLOAT = 4;
const VECTOR = 16;
const FOUR = [0, 1, 2, 3] as const;
/** Values of a tile once it is transformed. */
export const POINTS = 16;

type Four = readonly [F32x4, F32x4, F32x4, F32x4];

/** Bᵀ of four values. */
const ofSource = ([a, b, c, d]: Four): Four => [a.minus(c), b.plus(c), c.minus(b), b.minus(d)];
/** Aᵀ of four values. */
const ofProducts = ([a, b, c, d]: Four): readonly [F32x4, F32x4] => [a.plus(b).plus(c), b.minus(c).minus(d)];

/** A 4 × 4 tile of locals, row by row. */
const column = (tile: readonly LocalF32x4[], x: number): Four =>
  FOUR.map((y) => at(tile, y * 4 + x)) as [LocalF32x4, LocalF32x4, LocalF32x4, LocalF32x4];
const row = (tile: readonly LocalF32x4[], y: number): Four =>
  FOUR.map((x) => at(tile, y * 4 + x)) as [LocalF32x4, LocalF32x4, LocalF32x4, LocalF32x4];

/**
 * The 16 matrices of a kernel's weights, `step` bytes apart: G g Gᵀ of nine values that lie `tapStep` bytes apart (below 0: turned
 * around), for `bytes` bytes of each.
 */
export const winogradFilterKernel = defineKernel(
  "winograd filter",
  { from: "i32", tapStep: "i32", to: "i32", step: "i32", bytes: "i32" },
  (locals, p) => {
    const half = F32x4.of(0.5);
    const [taps, lines] = [locals.f32x4s(9), locals.f32x4s(12)];
    const target = locals.i32();
    /** G of three values. */
    const ofFilter = (a: F32x4, b: F32x4, c: F32x4): Four => {
      const [plus, minus] = [a.plus(b).plus(c).times(half), a.minus(b).plus(c).times(half)];
      return [a, plus, minus, c];
    };
    return overFloats(locals, p.bytes, (_, memory) => [
      taps.map((tap, index) => tap.set(memory.load(p.from.plus(p.tapStep.times(index))))),
      [0, 1, 2].map((x) =>
        ofFilter(at(taps, x), at(taps, 3 + x), at(taps, 6 + x)).map((value, y) => at(lines, y * 3 + x).set(value)),
      ),
      target.set(p.to),
      FOUR.map((y) =>
        ofFilter(at(lines, y * 3), at(lines, y * 3 + 1), at(lines, y * 3 + 2)).map((value) => [
          memory.store(target, value),
          target.add(p.step),
        ]),
      ),
    ]);
  },
);

/** Where a kernel is in a batch's rows of tiles. */
const ROWS = { rows: "i32", columns: "i32", left: "i32", rowsOfImage: "i32" } as const;

/**
 * Bᵀ d B of `rows` rows of `columns` tiles, in 16 matrices [tiles][channels], `planeBytes` apart. Tiles overlap: each begins two rows
 * or pixels behind the one before. `left` rows are left of the first image; behind each image are `jump` bytes more.
 */
export const winogradSourceKernel = (shape: { readonly channels: number }) =>
  defineKernel(
    kernelName("winograd source", shape),
    { from: "i32", to: "i32", rowBytes: "i32", planeBytes: "i32", jump: "i32", ...ROWS },
    (locals, p) => {
      const pixel = shape.channels * FLOAT;
      const [lines, tile] = [locals.i32s(4), locals.f32x4s(16)];
      const values = [locals.f32x4(), locals.f32x4(), locals.f32x4(), locals.f32x4()] as const;
      const [place, target] = [locals.i32(), locals.i32()];
      return locals.range({ end: p.rows }, () => [
        place.set(p.from),
        locals.range({ end: p.columns }, () => [
          locals.range({ end: pixel, step: VECTOR }, (channel) => [
            lines.map((line, y) => line.set(y === 0 ? place.plus(channel) : at(lines, y - 1).plus(p.rowBytes))),
            FOUR.map((x) => [
              values.map((value, y) => value.set(load.f32x4(at(lines, y), x * pixel))),
              ofSource(values).map((value, y) => at(tile, y * 4 + x).set(value)),
            ]),
            target.set(p.to.plus(channel)),
            FOUR.map((y) =>
              ofSource(row(tile, y)).map((value) => [store.f32x4(target, value), target.add(p.planeBytes)]),
            ),
          ]),
          place.add(2 * pixel),
          p.to.add(pixel),
        ]),
        p.from.add(p.rowBytes.times(2)),
        nextRow(p, p.from.add(p.jump)),
      ]);
    },
  );

/** Counts a row of tiles; `jump` behind an image's last. */
const nextRow = (p: { readonly left: LocalI32; readonly rowsOfImage: LocalI32 }, jump: Code): Code => [
  p.left.set(p.left.minus(1)),
  when(p.left.equals(0), [p.left.set(p.rowsOfImage), jump]),
];

export interface WinogradResultShape extends Epilogue {
  readonly channels: number;
  readonly pool: boolean;
  /** Whether the last row and column of tiles hang over the edge. */
  readonly oddHeight: boolean;
  readonly oddWidth: boolean;
}

/**
 * Aᵀ m A of 16 matrices of products, with bias, ReLU and 2 × 2 pool. Rows of the result are `rowStep` bytes apart; behind each
 * image are `jump` bytes more than whole rows of tiles take.
 */
export const winogradResultKernel = (shape: WinogradResultShape) =>
  defineKernel(
    kernelName("winograd result", shape),
    {
      ...{ from: "i32", to: "i32", planeBytes: "i32", bias: "i32", codes: "i32" },
      ...{ rowStep: "i32", jump: "i32", ...ROWS },
    },
    (locals, p) => {
      const pixel = shape.channels * FLOAT;
      const [products, halves, results] = [locals.f32x4s(16), locals.f32x4s(8), locals.f32x4s(4)];
      const [source, place, target] = [locals.i32(), locals.i32(), locals.i32()];
      const code: LocalI32x4 = locals.i32x4();
      const zero = F32x4.of(0);
      const sums = (channel: I32): Code => [
        source.set(p.from.plus(channel)),
        products.map((product) => [product.set(load.f32x4(source)), source.add(p.planeBytes)]),
        FOUR.map((x) => ofProducts(column(products, x)).map((value, y) => at(halves, y * 4 + x).set(value))),
        [0, 1].map((y) => ofProducts(row(halves, y)).map((value, x) => at(results, y * 2 + x).set(value))),
      ];
      const isLastRow = p.left.equals(1);
      const storePlain = (channel: I32, isLastColumn: I32): Code =>
        results.map((result, index) => {
          const [y, x] = [index >> 1, index % 2];
          const biased = shape.bias ? result.plus(load.f32x4(p.bias.plus(channel))) : result;
          const address = target.plus(channel);
          const stored = store.f32x4(
            y === 0 ? address : address.plus(p.rowStep),
            shape.relu ? biased.atLeast(zero) : biased,
            x * pixel,
          );
          const inRow = y === 1 && shape.oddHeight ? when(isLastRow.equals(0), stored) : stored;
          return x === 1 && shape.oddWidth ? when(isLastColumn.equals(0), inRow) : inRow;
        });
      const storePooled = (channel: I32, isLastColumn: I32): Code => {
        const address = target.plus(channel);
        const stored = [
          poolWindow(results, code, shape.bias ? load.f32x4(p.bias.plus(channel)) : undefined),
          store.f32x4(address, at(results, 0)),
          store.f32x4(address.plus(p.codes).minus(p.to), code),
        ];
        const inRow = shape.oddHeight ? when(isLastRow.equals(0), stored) : stored;
        return shape.oddWidth ? when(isLastColumn.equals(0), inRow) : inRow;
      };
      return [
        place.set(p.to),
        locals.range({ end: p.rows }, () => [
          target.set(place),
          locals.range({ end: p.columns }, (index) => [
            locals.range({ end: pixel, step: VECTOR }, (channel) => [
              sums(channel),
              (shape.pool ? storePooled : storePlain)(channel, index.plus(1).equals(p.columns)),
            ]),
            p.from.add(pixel),
            target.add(shape.pool ? pixel : 2 * pixel),
          ]),
          place.add(shape.pool ? p.rowStep : p.rowStep.times(2)),
          nextRow(p, place.add(p.jump)),
        ]),
      ];
    },
  );

/** A of two values, the other way round as `ofProducts`. */
const ofGradients = ([a, b]: readonly [F32x4, F32x4]): Four => [a, a.plus(b), a.minus(b), b.negated()];
/** Gᵀ of four values. */
const ofSums = ([a, b, c, d]: Four, half: F32x4): readonly [F32x4, F32x4, F32x4] => {
  const [plus, minus] = [b.plus(c).times(half), b.minus(c).times(half)];
  return [a.plus(plus), minus, plus.plus(d)];
};

/**
 * A dy Aᵀ of `rows` rows of `columns` tiles of 2 × 2 gradients, in 16 matrices of panels [channels / 8][tiles][8], `planeBytes`
 * apart: the adjoint of what makes results of products. `left` and `jump` as for the source.
 */
export const winogradGradientKernel = (shape: { readonly channels: number }) =>
  defineKernel(
    kernelName("winograd gradient", shape),
    { from: "i32", to: "i32", rowBytes: "i32", planeBytes: "i32", panelBytes: "i32", jump: "i32", ...ROWS },
    (locals, p) => {
      const pixel = shape.channels * FLOAT;
      const panels = Math.ceil(shape.channels / PANEL);
      const [given, halves] = [locals.f32x4s(4), locals.f32x4s(8)];
      const [place, source, panelStart, target] = [locals.i32(), locals.i32(), locals.i32(), locals.i32()];
      const vector = (side: number): Code => [
        given.map((value, index) =>
          value.set(load.f32x4(index < 2 ? source : source.plus(p.rowBytes), (index % 2) * pixel + side * VECTOR)),
        ),
        [0, 1].map((x) =>
          ofGradients([at(given, x), at(given, 2 + x)]).map((value, y) => at(halves, y * 2 + x).set(value)),
        ),
        target.set(panelStart.plus(side * VECTOR)),
        FOUR.map((y) =>
          ofGradients([at(halves, y * 2), at(halves, y * 2 + 1)]).map((value) => [
            store.f32x4(target, value),
            target.add(p.planeBytes),
          ]),
        ),
      ];
      return locals.range({ end: p.rows }, () => [
        place.set(p.from),
        locals.range({ end: p.columns }, () => [
          source.set(place),
          panelStart.set(p.to),
          locals.range({ end: panels }, (panel) => [
            vector(0),
            shape.channels % PANEL === 0 ? vector(1) : when(panel.plus(1).isBelow(panels), vector(1)),
            source.add(PANEL * FLOAT),
            panelStart.add(p.panelBytes),
          ]),
          place.add(2 * pixel),
          p.to.add(PANEL * FLOAT),
        ]),
        p.from.add(p.rowBytes.times(2)),
        nextRow(p, p.from.add(p.jump)),
      ]);
    },
  );

/** Gᵀ du G: nine matrices of 16, `bytes` bytes of each, all of them `step` bytes apart. */
export const winogradFilterGradientKernel = defineKernel(
  "winograd filter gradient",
  { from: "i32", to: "i32", step: "i32", bytes: "i32" },
  (locals, p) => {
    const half = F32x4.of(0.5);
    const [sums, lines] = [locals.f32x4s(16), locals.f32x4s(12)];
    const target = locals.i32();
    return overFloats(locals, p.bytes, (_, memory) => [
      sums.map((sum, index) => sum.set(memory.load(p.from.plus(p.step.times(index))))),
      FOUR.map((x) => ofSums(column(sums, x), half).map((value, y) => at(lines, y * 4 + x).set(value))),
      target.set(p.to),
      [0, 1, 2].map((y) =>
        ofSums(row(lines, y), half).map((value) => [memory.store(target, value), target.add(p.step)]),
      ),
    ]);
  },
);
