import { alignTo } from "../core/align_to.ts";
import type { Kernel } from "./emit/function.ts";
import {
  type Epilogue,
  fromTilesKernel,
  outerProductKernel,
  PANEL,
  panelsKernel,
  productKernel,
  TILE,
} from "./kernels/products.ts";
import type { Places } from "./task.ts";

const FLOAT = 4;
/** Bytes of rows that stay in the nearest cache with a panel of weights. */
const NEAR = 2 ** 16;

/** Columns of the last panel. */
const lastOf = (columns: number) => ((columns - 1) % PANEL) + 1;
const panelsOf = (columns: number) => Math.ceil(columns / PANEL);

/** A matrix as `panelsKernel` reads it: rows in groups. */
export interface PanelSource {
  readonly columns: number;
  readonly columnStep: number;
  readonly groups: number;
  readonly groupStep: number;
  readonly rowsOfGroup: number;
  readonly rowStep: number;
}

/** Brings a matrix into panels of eight columns. */
export function panels(source: PanelSource) {
  const kernel = panelsKernel({ contiguous: source.columnStep === FLOAT, lastColumns: lastOf(source.columns) });
  const { columns, ...steps } = source;
  const rows = source.groups * source.rowsOfGroup;
  return {
    kernel: kernel as Kernel,
    bytes: panelsOf(columns) * PANEL * rows * FLOAT,
    bind(places: Places) {
      const copy = places.call(kernel);
      return (from: number, to: number) => copy({ from, to, panels: panelsOf(columns), ...steps });
    },
  };
}

/** c = a · b with rows of `a` found by tables. */
export interface Product {
  /** Bytes from the beginning of an image to each row of `a`. */
  readonly rows: readonly number[];
  readonly images: number;
  readonly imageStepA: number;
  readonly imageStepC: number;
  /** Bytes from one image's panels of `b` to the next; 0 where it is the same for all. Default 0. */
  readonly imageStepB?: number;
  /** Bytes from the beginning of a row to each of its segments. */
  readonly segments: readonly number[];
  /** Elements of a segment. */
  readonly run: number;
  readonly columns: number;
  /** Bytes from one row of `c` to the next. */
  readonly rowStepC: number;
}

/** Images whose rows do not fill their last tile are walked as one, while their table stays small. */
const MOST_ROWS = 2 ** 15;

export function product(given: Product, epilogue: Epilogue & { readonly pool: boolean }) {
  const rowsOfImage = given.rows.length;
  const continues = given.imageStepC === rowsOfImage * given.rowStepC;
  const asOne = continues && !given.imageStepB && rowsOfImage % TILE !== 0 && rowsOfImage * given.images <= MOST_ROWS;
  const images = asOne ? 1 : given.images;
  const repeats = asOne ? given.images : 1;
  const rows = Array.from({ length: repeats }, (_, image) => given.rows.map((row) => row + image * given.imageStepA));
  const flat = rows.flat();
  const rowCount = flat.length;
  const table = Int32Array.from(
    { length: alignTo(rowCount, TILE) },
    (_, row) => flat[Math.min(row, rowCount - 1)] ?? 0,
  );
  const depth = given.segments.length * given.run;
  const kernel = productKernel({
    bias: epilogue.bias,
    relu: epilogue.relu,
    pool: epilogue.pool,
    lastRows: ((rowCount - 1) % TILE) + 1,
    lastColumns: lastOf(given.columns),
  });
  // Rows overlap under a kernel: what they take of memory is about what one of their segments does.
  const bytesOfRow = given.run * FLOAT;
  const block = Math.max(8, Math.floor(NEAR / bytesOfRow / TILE)) * TILE;
  return {
    kernel: kernel as Kernel,
    tables: [table, Int32Array.from(given.segments)],
    bind(places: Places, [rowTable, segmentTable]: readonly [number, number]) {
      const multiply = places.call(kernel);
      return (a: number, b: number, c: number, bias = 0, codes = 0, rowsNow = rowCount) =>
        multiply({
          ...{ a, b, c, bias, codes, images, imageStepA: given.imageStepA, imageStepC: given.imageStepC },
          ...{
            imageStepB: given.imageStepB ?? 0,
            rows: rowTable,
            rowCount: rowsNow,
            block: Math.min(block, alignTo(rowCount, TILE)),
            rowStepC: given.rowStepC,
          },
          ...{ segments: segmentTable, segmentBytes: given.segments.length * FLOAT, run: given.run * FLOAT },
          ...{ panels: panelsOf(given.columns), panelBytes: depth * PANEL * FLOAT },
        });
    },
  };
}

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

export function outerProduct(given: OuterProduct) {
  const { offsets, outHeight, outWidth, columns } = given;
  const padded = alignTo(offsets.length, TILE);
  const table = Int32Array.from({ length: padded }, (_, row) => offsets[Math.min(row, offsets.length - 1)] ?? 0);
  const contiguous =
    offsets.length === padded &&
    offsets.every((offset, row) => offset === (offsets[row - (row % TILE)] ?? 0) + (row % TILE) * FLOAT);
  const kernel = outerProductKernel({ contiguous });
  const unpack = fromTilesKernel({ lastColumns: lastOf(columns) });
  const places = outHeight * outWidth;
  const right = panels({
    ...{ columns, columnStep: FLOAT, groups: 1, groupStep: 0 },
    ...{ rowsOfGroup: places, rowStep: given.rowStepB },
  });
  const count = panelsOf(columns);
  const sumsBytes = count * padded * PANEL * FLOAT;
  return {
    kernels: [kernel as Kernel, unpack as Kernel, right.kernel],
    tables: [table],
    /** Panels of one image of `b`, and sums. */
    scratch: [right.bytes, sumsBytes] as const,
    bind(at: Places, offsetTable: number, [panelsAt, sumsAt]: readonly [number, number], sums: WasmZeros) {
      const [multiply, give, pack] = [at.call(kernel), at.call(unpack), right.bind(at)];
      return (a: number, b: number, c: number) => {
        sums(sumsAt, sumsBytes);
        for (let image = 0; image < given.images; image++) {
          pack(b + image * places * given.rowStepB, panelsAt);
          multiply({
            ...{ a: a + image * given.imageStepA, b: panelsAt, c: sumsAt, offsets: offsetTable },
            ...{ offsetBytes: padded * FLOAT, outHeight, widthBytes: outWidth * PANEL * FLOAT, stepX: given.stepX },
            ...{ jump: given.stepY - outWidth * given.stepX, panels: count, panelBytes: places * PANEL * FLOAT },
          });
        }
        give({
          ...{ from: sumsAt, to: c, rows: offsets.length, panels: count },
          ...{ panelBytes: padded * PANEL * FLOAT, rowStep: given.rowStepC },
        });
      };
    },
  };
}

/** Puts zeros into memory. */
export type WasmZeros = (at: number, bytes: number) => void;
