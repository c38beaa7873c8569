import { alignTo } from "../core/align_to.ts";
import type { Kernel } from "./emit/function.ts";
import { type Epilogue, PANEL, panelsKernel, productKernel, TILE } from "./kernels/products.ts";
import { type Argument, type Call, call, divide, Own, ofBytes, ofProducts, type Range, type Slice } from "./slices.ts";

const FLOAT = 4;
/** Bytes of rows that stay in the nearest cache with a panel of weights. */
const NEAR = 2 ** 16;

/** Columns of the last panel. */
export const lastOf = (columns: number) => ((columns - 1) % PANEL) + 1;
export const panelsOf = (columns: number) => Math.ceil(columns / PANEL);

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
  const { columns, ...steps } = source;
  const contiguous = source.columnStep === FLOAT;
  const [kernel, whole] = [lastOf(columns), PANEL].map((lastColumns) => panelsKernel({ contiguous, lastColumns })) as [
    ReturnType<typeof panelsKernel>,
    ReturnType<typeof panelsKernel>,
  ];
  const rows = source.groups * source.rowsOfGroup;
  const all = panelsOf(columns);
  const panelBytes = PANEL * rows * FLOAT;
  return {
    kernels: [kernel as Kernel, whole as Kernel],
    bytes: all * panelBytes,
    panelBytes,
    /** What brings so many panels from the first on to `to`. */
    call: (from: Argument, to: Argument, { begin, count }: Range = { begin: 0, count: all }): Call =>
      call(begin + count === all ? kernel : whole, {
        ...{ from: added(from, begin * PANEL * source.columnStep), to, panels: count, ...steps },
      }),
    /** Slices that bring all of it from one place to another. */
    slices(from: number, to: number): Slice[] {
      return divide(all, ofBytes(8 * panelBytes)).map((range) => [
        this.call(from, to + range.begin * panelBytes, range),
      ]);
    },
  };
}

/** So many bytes behind an address. */
export function added(address: Argument, bytes: number): Argument {
  if (typeof address === "number") return address + bytes;
  return address instanceof Own ? address.plus(bytes) : () => address() + bytes;
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
  const { imageStepA, imageStepB = 0, imageStepC, rowStepC } = given;
  const ofRow = ofProducts(depth * given.columns);
  return {
    kernel: kernel as Kernel,
    tables: [table, Int32Array.from(given.segments)],
    /** The whole product, or of each image so many rows, which are whole tiles or the last. */
    call: (
      { a, b, c, bias = 0, codes = 0 }: Operands,
      [rowTable, segmentTable]: readonly [number, number],
      { begin, count }: Range = { begin: 0, count: rowCount },
      ofImages = images,
    ): Call =>
      call(kernel, {
        ...{ a, b, c, bias, codes, images: ofImages, imageStepA, imageStepB, imageStepC, rowStepC },
        ...{ rows: rowTable + begin * FLOAT, rowCount: count, block: Math.min(block, alignTo(rowCount, TILE)) },
        ...{ segments: segmentTable, segmentBytes: given.segments.length * FLOAT, run: given.run * FLOAT },
        ...{ panels: panelsOf(given.columns), panelBytes: depth * PANEL * FLOAT },
      }),
    /** The whole product, some images or rows a slice. */
    slices({ a, b, c, bias = 0, codes = 0 }: NumberedOperands, tables: readonly [number, number]): Slice[] {
      if (images > 1) {
        return divide(images, rowCount * ofRow).map(({ begin, count }) => {
          const [from, to] = [a + begin * imageStepA, begin * imageStepC];
          const operands = { a: from, b: b + begin * imageStepB, c: c + to, bias, codes: codes + to };
          return [this.call(operands, tables, undefined, count)];
        });
      }
      return divide(rowCount, ofRow, { unit: TILE }).map((range) => {
        const to = (epilogue.pool ? range.begin / TILE : range.begin) * rowStepC;
        return [this.call({ a, b, c: c + to, bias, codes: codes + to }, tables, range)];
      });
    },
  };
}

/** Where the operands of a product lie. */
interface Operands {
  readonly a: Argument;
  readonly b: Argument;
  readonly c: Argument;
  readonly bias?: Argument;
  readonly codes?: Argument;
}
type NumberedOperands = { readonly [Name in keyof Operands]: number };
