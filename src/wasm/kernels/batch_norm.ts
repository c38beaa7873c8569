import { at } from "../../core/at.ts";
import { type Code, F32x4, type I32, load, store, when } from "../emit/code.ts";
import { defineKernel, type LocalF32x4, type LocalI32, type Locals } from "../emit/function.ts";
import { kernelName } from "./products.ts";

const FLOAT = 4;
const VECTOR = 16;

/** Channels that are walked together: whole cache lines where their number allows it, else one by one. */
export interface Strip {
  /** Vectors side by side; 0: a single channel. */
  readonly vectors: number;
  /** Whether images with a negative label do not count. */
  readonly labels: boolean;
}

export function vectorsOf(channels: number): number {
  return [4, 2, 1].find((vectors) => channels % (4 * vectors) === 0) ?? 0;
}

const ONE = F32x4.of(1);

class Columns {
  readonly count: number;
  readonly bytes: number;
  readonly #isVector: boolean;

  constructor({ vectors }: Strip) {
    this.#isVector = vectors > 0;
    this.count = Math.max(1, vectors);
    this.bytes = this.#isVector ? vectors * VECTOR : FLOAT;
  }

  load(address: I32, column: number): F32x4 {
    return this.#isVector ? load.f32x4(address, column * VECTOR) : load.splat(address);
  }

  store(address: I32, column: number, value: F32x4): Code {
    return this.#isVector ? store.f32x4(address, value, column * VECTOR) : store.lane(address, value, 0);
  }

  each<T>(of: (column: number) => T): T[] {
    return Array.from({ length: this.count }, (_, column) => of(column));
  }
}

/** Calls `row` for each row of each image, `begin` before an image and `end` after; `counts` is 1 for images that count. */
function overRows(
  locals: Locals,
  p: { readonly images: I32; readonly rows: I32; readonly labels: I32; readonly channelBytes: I32 },
  strip: Strip,
  offset: LocalI32,
  visits: { begin?: Code; row: Code; end?: Code },
  counts: LocalI32,
): Code {
  return locals.range({ end: p.images }, (image) => [
    strip.labels
      ? // As a number without a sign a negative label is above all others.
        counts.set(load.i32(p.labels.plus(image.times(FLOAT))).isBelow(0x7fffffff))
      : counts.set(1),
    visits.begin ?? [],
    locals.range({ end: p.rows }, () => [visits.row, offset.add(p.channelBytes)]),
    visits.end ?? [],
  ]);
}

/** 1 / √(variance + ε) of a strip's channels. */
const inverse = (columns: Columns, variance: I32, epsilon: F32x4, column: number): F32x4 =>
  ONE.over(columns.load(variance, column).plus(epsilon).squareRoot());

const FORMULAS = {
  mean: (x: F32x4) => x,
  variance: (x: F32x4, mean: F32x4) => x.minus(mean).times(x.minus(mean)),
  gamma: (x: F32x4, mean: F32x4, scale: F32x4, upstream: F32x4) => x.minus(mean).times(scale).times(upstream),
} as const;

/** Sums over all rows of images that count, times `factor`: of x, of (x − mean)², or of upstream · x̂; of so many bytes of channels. */
export const batchSumsKernel = (shape: Strip & { readonly of: keyof typeof FORMULAS }) =>
  defineKernel(
    kernelName("batch sums", shape),
    {
      ...{ x: "i32", upstream: "i32", mean: "i32", variance: "i32", to: "i32", labels: "i32" },
      ...{ images: "i32", rows: "i32", channelBytes: "i32", bytes: "i32", epsilon: "f32", factor: "f32" },
    },
    (locals, p) => {
      const columns = new Columns(shape);
      const [offset, counts] = [locals.i32(), locals.i32()];
      const [totals, parts, means, scales] = [0, 1, 2, 3].map(() => locals.f32x4s(columns.count)) as LocalF32x4[][] as [
        ...[LocalF32x4[], LocalF32x4[], LocalF32x4[], LocalF32x4[]],
      ];
      const row = columns.each((column) => {
        const value = FORMULAS[shape.of](
          columns.load(p.x.plus(offset), column),
          at(means, column),
          at(scales, column),
          columns.load(p.upstream.plus(offset), column),
        );
        return at(parts, column).set(at(parts, column).plus(value));
      });
      return locals.range({ end: p.bytes, step: columns.bytes }, (strip) => [
        offset.set(strip),
        columns.each((column) => [
          at(totals, column).set(F32x4.of(0)),
          shape.of === "mean" ? [] : at(means, column).set(columns.load(p.mean.plus(strip), column)),
          shape.of === "gamma"
            ? at(scales, column).set(inverse(columns, p.variance.plus(strip), p.epsilon.splat(), column))
            : [],
        ]),
        overRows(
          locals,
          p,
          shape,
          offset,
          {
            // An image's sums by themselves: fewer roundings than in one long chain.
            begin: parts.map((part) => part.set(F32x4.of(0))),
            row,
            end: when(
              counts,
              columns.each((column) => at(totals, column).set(at(totals, column).plus(at(parts, column)))),
            ),
          },
          counts,
        ),
        columns.each((column) => columns.store(p.to.plus(strip), column, at(totals, column).times(p.factor.splat()))),
      ]);
    },
  );

/** y = (x − mean) · gamma / √(variance + ε) + beta. */
export const normalizeKernel = (shape: Strip) =>
  defineKernel(
    kernelName("batch norm", shape),
    {
      ...{ x: "i32", mean: "i32", variance: "i32", gamma: "i32", beta: "i32", to: "i32", labels: "i32" },
      ...{ images: "i32", rows: "i32", channelBytes: "i32", epsilon: "f32" },
    },
    (locals, p) => {
      const columns = new Columns(shape);
      const [offset, counts] = [locals.i32(), locals.i32()];
      const [means, scales, shifts] = [0, 1, 2].map(() => locals.f32x4s(columns.count)) as LocalF32x4[][] as [
        ...[LocalF32x4[], LocalF32x4[], LocalF32x4[]],
      ];
      const row = columns.each((column) => {
        const centred = columns.load(p.x.plus(offset), column).minus(at(means, column));
        return columns.store(p.to.plus(offset), column, centred.times(at(scales, column)).plus(at(shifts, column)));
      });
      return locals.range({ end: p.channelBytes, step: columns.bytes }, (strip) => [
        offset.set(strip),
        columns.each((column) => {
          const scale = inverse(columns, p.variance.plus(strip), p.epsilon.splat(), column);
          return [
            at(means, column).set(columns.load(p.mean.plus(strip), column)),
            at(scales, column).set(scale.times(columns.load(p.gamma.plus(strip), column))),
            at(shifts, column).set(columns.load(p.beta.plus(strip), column)),
          ];
        }),
        overRows(locals, p, shape, offset, { row }, counts),
      ]);
    },
  );

/**
 * dx = gamma / √(variance + ε) · (dy − (Σ dy + x̂ · Σ dy x̂) / n); images that did not count move no statistic: of theirs the
 * second part is left out. `factor` is 1 / n.
 */
export const normalizeGradientKernel = (shape: Strip) =>
  defineKernel(
    kernelName("batch norm input gradient", shape),
    {
      ...{ x: "i32", upstream: "i32", mean: "i32", variance: "i32", gamma: "i32", gammaGradient: "i32" },
      ...{ betaGradient: "i32", to: "i32", labels: "i32", images: "i32", rows: "i32", channelBytes: "i32" },
      ...{ epsilon: "f32", factor: "f32" },
    },
    (locals, p) => {
      const columns = new Columns(shape);
      const [offset, counts] = [locals.i32(), locals.i32()];
      const [means, scales, gammas, along, constant] = [0, 1, 2, 3, 4].map(() =>
        locals.f32x4s(columns.count),
      ) as LocalF32x4[][] as [...[LocalF32x4[], LocalF32x4[], LocalF32x4[], LocalF32x4[], LocalF32x4[]]];
      const share = locals.f32x4();
      const row = columns.each((column) => {
        const centred = columns.load(p.x.plus(offset), column).minus(at(means, column));
        const through = at(constant, column)
          .plus(centred.times(at(along, column)))
          .times(share);
        const value = columns.load(p.upstream.plus(offset), column).minus(through);
        return columns.store(p.to.plus(offset), column, value.times(at(gammas, column)));
      });
      return locals.range({ end: p.channelBytes, step: columns.bytes }, (strip) => [
        offset.set(strip),
        columns.each((column) => [
          at(means, column).set(columns.load(p.mean.plus(strip), column)),
          at(scales, column).set(inverse(columns, p.variance.plus(strip), p.epsilon.splat(), column)),
          at(gammas, column).set(at(scales, column).times(columns.load(p.gamma.plus(strip), column))),
          at(along, column).set(at(scales, column).times(columns.load(p.gammaGradient.plus(strip), column))),
          at(constant, column).set(columns.load(p.betaGradient.plus(strip), column)),
        ]),
        overRows(
          locals,
          p,
          shape,
          offset,
          { begin: [share.set(F32x4.of(0)), when(counts, share.set(p.factor.splat()))], row },
          counts,
        ),
      ]);
    },
  );
