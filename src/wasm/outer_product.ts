import { alignTo } from "../core/align_to.ts";
import type { Kernel } from "./emit/function.ts";
import { fromTilesKernel, outerProductKernel, PANEL, partialsKernel, TILE } from "./kernels/products.ts";
import { clearKernel } from "./padding.ts";
import { lastOf, panels, panelsOf } from "./product.ts";
import { type Argument, call, divide, type Own, ofBytes, ofProducts, type Range, type Slice } from "./slices.ts";

const FLOAT = 4;

/** c = Σ over places of a value of `a`, at each of `offsets`, by a row of `b`. */
export interface OuterProduct {
  /** Bytes from a place to each row of aᵀ. */
  readonly offsets: readonly number[];
  readonly images: number;
  readonly imageStepA: number;
  readonly outHeight: number;
  readonly outWidth: number;
  /** Bytes from one place to the next, and from one line of places to the next. */
  readonly stepX: number;
  readonly stepY: number;
  readonly columns: number;
  /** Bytes from one place's row of `b` to the next, and of `c`. */
  readonly rowStepB: number;
  readonly rowStepC: number;
}

/** Bytes that partial sums may take; and how many there are at most. */
const MOST_PARTIAL_BYTES = 2 ** 24;
const MOST_PARTIALS = 8;

/** How a sum over `count` is divided into sums of slices, which are then added up: by shapes alone, so that bits are. */
export const dividePartials = (count: number, nanoseconds: number, sumBytes: number): Range[] =>
  divide(count, nanoseconds, { most: Math.max(2, Math.min(MOST_PARTIALS, Math.floor(MOST_PARTIAL_BYTES / sumBytes))) });

/** Adds partial sums, one behind the other, up in the first. */
export const partialsSlices = (at: number, partials: number, bytes: number): Slice[] =>
  partials < 2
    ? []
    : divide(bytes, ofBytes(partials), { unit: 64 }).map(({ begin, count }) => [
        call(partialsKernel, { x: at + begin, partials, step: bytes, bytes: count }),
      ]);

/** Panels from which on each slice has some by itself. */
const MANY_PANELS = 8;

/** Where an outer product works: its operands, and the places that it asked for. */
interface At {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** Its table. */
  readonly offsets: number;
  readonly sums: number;
  readonly panels: number;
  readonly own: Own;
}

/** The calls that an outer product is made of. */
function partsOf(given: OuterProduct) {
  const { offsets, outHeight, outWidth, columns } = given;
  const padded = alignTo(offsets.length, TILE);
  const contiguous =
    offsets.length === padded &&
    offsets.every((offset, row) => offset === (offsets[row - (row % TILE)] ?? 0) + (row % TILE) * FLOAT);
  const kernel = outerProductKernel({ contiguous });
  const [unpackLast, unpackWhole] = [
    fromTilesKernel({ lastColumns: lastOf(columns) }),
    fromTilesKernel({ lastColumns: PANEL }),
  ];
  const places = outHeight * outWidth;
  const right = panels({
    ...{ columns, columnStep: FLOAT, groups: 1, groupStep: 0 },
    ...{ rowsOfGroup: places, rowStep: given.rowStepB },
  });
  const all = panelsOf(columns);
  const panelBytes = padded * PANEL * FLOAT;
  return {
    ...{ padded, right, all, panelBytes, whole: { begin: 0, count: all } },
    kernels: [kernel, unpackLast, unpackWhole, clearKernel, partialsKernel, ...right.kernels] as readonly Kernel[],
    clear: (at: number, bytes: number) => call(clearKernel, { at, bytes }),
    /** c += of one image, so many panels, and rows of aᵀ. */
    multiply: (a: number, b: Argument, c: number, table: number, panelCount: number, rows: Range) =>
      call(kernel, {
        ...{ a, b, c, offsets: table + rows.begin * FLOAT, offsetBytes: rows.count * FLOAT, outHeight },
        ...{ widthBytes: outWidth * PANEL * FLOAT, stepX: given.stepX, jump: given.stepY - outWidth * given.stepX },
        ...{ panels: panelCount, panelBytes: places * PANEL * FLOAT },
      }),
    /** Sums as rows of the result: of so many panels and rows. */
    give: ({ sums, c }: At, range: Range, rows: Range = { begin: 0, count: offsets.length }) =>
      call(range.begin + range.count === all ? unpackLast : unpackWhole, {
        from: sums + range.begin * panelBytes + rows.begin * PANEL * FLOAT,
        to: c + range.begin * PANEL * FLOAT + rows.begin * given.rowStepC,
        ...{ rows: rows.count, panels: range.count, panelBytes, rowStep: given.rowStepC },
      }),
  };
}

export function outerProduct(given: OuterProduct) {
  const { offsets, images } = given;
  const places = given.outHeight * given.outWidth;
  const { padded, right, all, panelBytes, whole, kernels, clear, multiply, give } = partsOf(given);
  const sumsBytes = all * panelBytes;
  const ofImage = ofProducts(padded * all * PANEL * places);
  const byPanels = all >= MANY_PANELS ? divide(all, (images * ofImage) / all) : undefined;
  const byImages = byPanels || images === 1 ? undefined : dividePartials(images, ofImage, sumsBytes);
  const mostPanels = Math.max(...(byPanels ?? [whole]).map(({ count }) => count));

  /** Adds images and panels up at \`to\`. */
  const add = (at: At, range: Range, panelRange: Range, to: number) =>
    Array.from({ length: range.count }, (_, index) => range.begin + index).flatMap((image) => [
      right.call(at.b + image * places * given.rowStepB, at.own, panelRange),
      multiply(at.a + image * given.imageStepA, at.own, to, at.offsets, panelRange.count, { begin: 0, count: padded }),
    ]);
  const panelSlice = (at: At, range: Range): Slice => {
    const to = at.sums + range.begin * panelBytes;
    const adding = add(at, { begin: 0, count: images }, range, to);
    return [clear(to, range.count * panelBytes), ...adding, give(at, range)];
  };
  const imageSlice = (at: At, range: Range, partial: number): Slice => {
    const to = at.sums + partial * sumsBytes;
    return [clear(to, sumsBytes), ...add(at, range, whole, to)];
  };
  const rowSlice = (at: At, rows: Range): Slice => {
    const adding = Array.from({ length: all }, (_, panel) => {
      const to = at.sums + panel * panelBytes + rows.begin * PANEL * FLOAT;
      const product = multiply(at.a, at.panels + panel * right.panelBytes, to, at.offsets, 1, rows);
      return [clear(to, rows.count * PANEL * FLOAT), product];
    });
    const count = Math.min(rows.count, offsets.length - rows.begin);
    return [...adding.flat(), give(at, whole, { begin: rows.begin, count })];
  };

  return {
    kernels,
    tables: [Int32Array.from({ length: padded }, (_, row) => offsets[Math.min(row, offsets.length - 1)] ?? 0)],
    /** Sums, and panels of \`b\` that all threads read. */
    scratch: [(byImages?.length ?? 1) * sumsBytes, byPanels || byImages ? 0 : right.bytes] as const,
    /** Panels of one image of \`b\`. */
    own: [byPanels || byImages ? mostPanels * right.panelBytes : 0] as const,
    /** Lists of slices, to be done one after the other. */
    stages(at: At): Slice[][] {
      if (byPanels) return [byPanels.map((range) => panelSlice(at, range))];
      if (byImages) {
        const slices = byImages.map((range, partial) => imageSlice(at, range, partial));
        return [slices, partialsSlices(at.sums, byImages.length, sumsBytes), [[give(at, whole)]]];
      }
      const byRows = divide(padded, ofImage / padded, { unit: TILE });
      return [right.slices(at.b, at.panels), byRows.map((rows) => rowSlice(at, rows))];
    },
  };
}
