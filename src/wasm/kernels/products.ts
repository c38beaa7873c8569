import { at } from "../../core/at.ts";
import { type Code, copyBytes, F32x4, type I32, I32x4, load, repeat, store, when } from "../emit/code.ts";
import { defineKernel, type LocalF32x4, type LocalI32, type LocalI32x4, type Locals } from "../emit/function.ts";

/** Columns of a panel: two vectors. With four rows, eight sums and two vectors of weights fill the registers. */
export const PANEL = 8;
/** Rows of a tile. */
export const TILE = 4;

const FLOAT = 4;
const VECTOR = 16;
const PANEL_BYTES = PANEL * FLOAT;
const SIDES = [0, 1] as const;
const ROWS = [0, 1, 2, 3] as const;

/** A kernel's name with everything that makes its code. */
export const kernelName = (kind: string, shape: object): string =>
  [kind, ...Object.entries(shape).map(([key, value]) => `${key}=${value}`)].join(" ");

/** Stores both vectors of a panel, or as many of its columns as count. */
function storeColumns(to: I32, columns: number, values: readonly F32x4[]): Code {
  return values.map((value, side) => {
    const left = columns - side * TILE;
    if (left >= TILE) return store.f32x4(to, value, side * VECTOR);
    return Array.from({ length: Math.max(0, left) }, (_, lane) =>
      store.lane(to, value, lane, side * VECTOR + lane * FLOAT),
    );
  });
}

/** Four rows of sums, each two vectors, and what multiplies into them. */
class Tile {
  readonly sums: readonly (readonly LocalF32x4[])[];
  readonly #weights: readonly LocalF32x4[];
  readonly #value: LocalF32x4;

  constructor(locals: Locals) {
    this.sums = ROWS.map(() => locals.f32x4s(SIDES.length));
    this.#weights = locals.f32x4s(SIDES.length);
    this.#value = locals.f32x4();
  }

  clear(): Code {
    return this.sums.flat().map((sum) => sum.set(F32x4.of(0)));
  }

  /**
   * Adds the products of four values, each in all lanes, and a panel at `weights`. Loops have it once: where it is written out
   * several times, engines load everything first, and then have too few registers (bench/NOTES.md).
   */
  multiply(weights: I32, value: (row: number) => F32x4): Code {
    return [
      SIDES.map((side) => at(this.#weights, side).set(load.f32x4(weights, side * VECTOR))),
      this.sums.map((ofRow, row) => [
        this.#value.set(value(row)),
        ofRow.map((sum, side) => sum.set(sum.plus(at(this.#weights, side).times(this.#value)))),
      ]),
    ];
  }
}

/** What is done with sums before they are stored. */
export interface Epilogue {
  readonly bias: boolean;
  readonly relu: boolean;
}

export interface ProductShape extends Epilogue {
  /** Four rows at a time are the window of a 2 × 2 pool: the largest of them is stored, and which it was (`CODES`). */
  readonly pool: boolean;
  /** Rows of the last tile, 1 to 4. */
  readonly lastRows: number;
  /** Columns of the last panel, 1 to 8. */
  readonly lastColumns: number;
}

/** What a pool notes of a window: 0 to 3, which of its values won, or that ReLU let none through. */
export const DEAD = 4;

/**
 * The largest of four values in the first, and its code: the first of equals, NaN before everything; then bias, which is the same for
 * all four, and ReLU.
 */
export function poolWindow(values: readonly LocalF32x4[], code: LocalI32x4, bias: F32x4 | undefined): Code {
  const best = at(values, 0);
  const challenges = [1, 2, 3].map((place) => {
    const value = at(values, place);
    const wins = value.isAbove(best).or(value.differs(value).butNot(best.differs(best)));
    return [code.set(wins.choose<I32x4>(I32x4.of(place), code)), best.set(wins.choose<F32x4>(value, best))];
  });
  return [
    code.set(I32x4.of(0)),
    challenges,
    bias ? best.set(best.plus(bias)) : [],
    code.set(best.isAtMost(F32x4.of(0)).choose<I32x4>(I32x4.of(DEAD), code)),
    best.set(best.atLeast(F32x4.of(0))),
  ];
}

/** Pools the four rows of a tile in the first. */
const poolTile = ({ sums }: Tile, codes: readonly LocalI32x4[], bias: I32, { bias: hasBias }: Epilogue): Code =>
  SIDES.map((side) =>
    poolWindow(
      sums.map((ofRow) => at(ofRow, side)),
      at(codes, side),
      hasBias ? load.f32x4(bias, side * VECTOR) : undefined,
    ),
  );

function epilogue({ sums }: Tile, bias: I32, shape: Epilogue): Code {
  return sums.map((ofRow) =>
    ofRow.map((sum, side) => {
      const biased = shape.bias ? sum.plus(load.f32x4(bias, side * VECTOR)) : sum;
      return shape.relu || shape.bias ? sum.set(shape.relu ? biased.atLeast(F32x4.of(0)) : biased) : [];
    }),
  );
}

/**
 * c = a · b (+ bias, ReLU), for each of `images`; `b` may be the same for all (`imageStepB` is 0). A row of `a` is found in pieces: it begins at its entry of the table `rows`
 * (bytes from `a`), and its elements lie in segments of `run` bytes that begin at the entries of `segments` from there. So a row
 * can be the patch of an image under a kernel, which nobody has to copy together. `b` lies in panels
 * [columns / 8][elements of a row][8]. Both tables are of i32; that of rows is filled up to whole tiles. Rows are walked in
 * blocks of `block`, a multiple of 4, so that what they read stays in the cache for all panels.
 */
export const productKernel = (shape: ProductShape) =>
  defineKernel(
    kernelName("product", shape),
    {
      ...{ a: "i32", b: "i32", c: "i32", bias: "i32", images: "i32", imageStepA: "i32", imageStepC: "i32" },
      ...{ imageStepB: "i32", codes: "i32", rows: "i32", rowCount: "i32", block: "i32", rowStepC: "i32" },
      ...{ segments: "i32", segmentBytes: "i32", run: "i32", panels: "i32", panelBytes: "i32" },
    },
    (locals, p) => {
      const tile = new Tile(locals);
      const [starts, values] = [locals.i32s(TILE), locals.i32s(TILE)];
      const first = at(values, 0);
      const [b, c, panelStart, bias, end, entry, blockEnd] = [
        ...[locals.i32(), locals.i32(), locals.i32(), locals.i32(), locals.i32(), locals.i32(), locals.i32()],
      ] as [LocalI32, LocalI32, LocalI32, LocalI32, LocalI32, LocalI32, LocalI32];
      const multiplySegment = (segment: I32): Code => [
        values.map((value, row) => value.set(at(starts, row).plus(load.i32(segment)))),
        end.set(first.plus(p.run)),
        repeat(
          [
            tile.multiply(b, (row) => load.splat(at(values, row))),
            values.map((value) => value.add(FLOAT)),
            b.add(PANEL_BYTES),
          ],
          first.isBelow(end),
        ),
      ];
      /** Rows beyond the last are not stored, of the last panel no columns beyond the last. */
      const storeTile = (row: I32, columns: number): Code =>
        tile.sums.map((ofRow, index) => {
          const stored = [index > 0 ? c.add(p.rowStepC) : [], storeColumns(c, columns, ofRow)];
          return index < shape.lastRows ? stored : when(row.plus(index).isBelow(p.rowCount), stored);
        });
      const codes = SIDES.map(() => locals.i32x4());
      /** Codes are i32 and lie as the result does. */
      const storePooled = (columns: number): Code => [
        storeColumns(c, columns, at(tile.sums, 0)),
        c.set(c.plus(p.codes).minus(p.c)),
        storeColumns(
          c,
          columns,
          codes.map((code) => code.asFloats()),
        ),
      ];
      const storeRows = (row: I32, columns: number) => (shape.pool ? storePooled(columns) : storeTile(row, columns));
      const computeTile = (row: I32, panel: I32): Code => [
        entry.set(p.rows.plus(row.times(FLOAT))),
        starts.map((start, index) => start.set(p.a.plus(load.i32(entry, index * FLOAT)))),
        tile.clear(),
        b.set(panelStart),
        locals.range({ first: p.segments, end: p.segments.plus(p.segmentBytes), step: FLOAT }, multiplySegment),
        shape.pool ? poolTile(tile, codes, bias, shape) : epilogue(tile, bias, shape),
        c.set(p.c.plus((shape.pool ? row.quarter() : row).times(p.rowStepC)).plus(panel.times(PANEL_BYTES))),
        shape.lastColumns === PANEL
          ? storeRows(row, PANEL)
          : when(panel.plus(1).isBelow(p.panels), storeRows(row, PANEL), storeRows(row, shape.lastColumns)),
      ];
      return locals.range({ end: p.images }, () => [
        locals.range({ end: p.rowCount, step: p.block }, (blockStart) => [
          blockEnd.set(blockStart.plus(p.block)),
          when(p.rowCount.isBelow(blockEnd), blockEnd.set(p.rowCount)),
          panelStart.set(p.b),
          bias.set(p.bias),
          locals.range({ end: p.panels }, (panel) => [
            locals.range({ first: blockStart, end: blockEnd, step: TILE }, (row) => computeTile(row, panel)),
            panelStart.add(p.panelBytes),
            bias.add(PANEL_BYTES),
          ]),
        ]),
        p.a.add(p.imageStepA),
        p.b.add(p.imageStepB),
        p.c.add(p.imageStepC),
        shape.pool ? p.codes.add(p.imageStepC) : [],
      ]);
    },
  );

/**
 * c += aᵀ · b over `outHeight` × `outWidth` places of one image, in tiles of four rows of aᵀ. Row i of it is the value that lies
 * `offsets[i]` bytes (a table of i32, filled up to whole tiles) behind each place; places are `stepX` bytes apart, and `jump` more
 * at the end of a line. `b` is a panel-wise copy [columns / 8][places][8], `c` lies in tiles [columns / 8][rows / 4][4][8].
 * With `contiguous` the four values of a tile lie side by side.
 */
export const outerProductKernel = (shape: { readonly contiguous: boolean }) =>
  defineKernel(
    kernelName("outer product", shape),
    {
      ...{ a: "i32", b: "i32", c: "i32", offsets: "i32", offsetBytes: "i32" },
      ...{ outHeight: "i32", widthBytes: "i32", stepX: "i32", jump: "i32", panels: "i32", panelBytes: "i32" },
    },
    (locals, p) => {
      const tile = new Tile(locals);
      const offsets = locals.i32s(TILE);
      const [place, b, lineEnd] = [locals.i32(), locals.i32(), locals.i32()];
      const loadValue = (row: number): F32x4 =>
        shape.contiguous
          ? load.splat(place.plus(at(offsets, 0)), row * FLOAT)
          : load.splat(place.plus(at(offsets, row)));
      const line: Code = [
        lineEnd.set(b.plus(p.widthBytes)),
        repeat([tile.multiply(b, loadValue), place.add(p.stepX), b.add(PANEL_BYTES)], b.isBelow(lineEnd)),
        place.add(p.jump),
      ];
      return locals.range({ end: p.panels }, () => [
        locals.range({ first: p.offsets, end: p.offsets.plus(p.offsetBytes), step: TILE * FLOAT }, (entry) => [
          offsets.map((offset, row) => offset.set(load.i32(entry, row * FLOAT))),
          tile.clear(),
          place.set(p.a),
          b.set(p.b),
          locals.range({ end: p.outHeight }, () => line),
          // One image's sums by themselves: fewer roundings than in one long chain.
          tile.sums.map((ofRow, row) =>
            ofRow.map((sum, side) => {
              const offset = row * PANEL_BYTES + side * VECTOR;
              return store.f32x4(p.c, sum.plus(load.f32x4(p.c, offset)), offset);
            }),
          ),
          p.c.add(TILE * PANEL_BYTES),
        ]),
        p.b.add(p.panelBytes),
      ]);
    },
  );

/**
 * Panels [columns / 8][rows][8] of a matrix, the last filled up with zeros. Rows come in `groups` of `rowsOfGroup`, `groupStep` and
 * `rowStep` bytes apart; columns are `columnStep` bytes apart, side by side with `contiguous`.
 */
export const panelsKernel = (shape: { readonly contiguous: boolean; readonly lastColumns: number }) =>
  defineKernel(
    kernelName("panels", shape),
    {
      ...{ from: "i32", to: "i32", panels: "i32", columnStep: "i32" },
      ...{ groups: "i32", groupStep: "i32", rowsOfGroup: "i32", rowStep: "i32" },
    },
    (locals, p) => {
      const [panelStart, groupStart, value] = [locals.i32(), locals.i32(), locals.i32()];
      /** So many columns, one by one. */
      const single = (columns: number): Code => [
        value.set(groupStart),
        Array.from({ length: PANEL }, (_, column) => [
          column < columns
            ? [store.f32(p.to, load.f32(value), column * FLOAT), value.add(p.columnStep)]
            : store.f32(p.to, F32x4.of(0).lane(0), column * FLOAT),
        ]),
      ];
      const whole = shape.contiguous
        ? SIDES.map((side) => store.f32x4(p.to, load.f32x4(groupStart, side * VECTOR), side * VECTOR))
        : single(PANEL);
      const rowsOf = (copyRow: Code): Code =>
        locals.range({ end: p.groups }, (group) => [
          groupStart.set(panelStart.plus(group.times(p.groupStep))),
          locals.range({ end: p.rowsOfGroup }, () => [copyRow, groupStart.add(p.rowStep), p.to.add(PANEL_BYTES)]),
        ]);
      return [
        panelStart.set(p.from),
        locals.range({ end: p.panels }, (panel) => [
          shape.lastColumns === PANEL
            ? rowsOf(whole)
            : when(panel.plus(1).isBelow(p.panels), rowsOf(whole), rowsOf(single(shape.lastColumns))),
          panelStart.add(p.columnStep.times(PANEL)),
        ]),
      ];
    },
  );

/** Adds `partials` rows of `bytes` bytes, which are `step` bytes apart, up in the first, in their order. */
export const partialsKernel = defineKernel(
  "partials",
  { x: "i32", partials: "i32", step: "i32", bytes: "i32" },
  (locals, p) => {
    const [sum, source] = [locals.f32x4(), locals.i32()];
    return locals.range({ end: p.bytes, step: VECTOR }, (offset) => [
      sum.set(load.f32x4(p.x.plus(offset))),
      source.set(p.x.plus(offset)),
      locals.range({ first: 1, end: p.partials }, () => [source.add(p.step), sum.set(sum.plus(load.f32x4(source)))]),
      store.f32x4(p.x.plus(offset), sum),
    ]);
  },
);

/** A matrix of `rows`, its lines `rowStep` bytes apart, of sums in tiles [columns / 8][rows / 4][4][8]. */
export const fromTilesKernel = (shape: { readonly lastColumns: number }) =>
  defineKernel(
    kernelName("from tiles", shape),
    { from: "i32", to: "i32", rows: "i32", panels: "i32", panelBytes: "i32", rowStep: "i32" },
    (locals, p) => {
      const [source, target] = [locals.i32(), locals.i32()];
      const values = SIDES.map((side) => load.f32x4(source, side * VECTOR));
      const rowsOf = (columns: number): Code =>
        locals.range({ end: p.rows }, () => [
          storeColumns(target, columns, values),
          source.add(PANEL_BYTES),
          target.add(p.rowStep),
        ]);
      return locals.range({ end: p.panels }, (panel) => [
        source.set(p.from.plus(panel.times(p.panelBytes))),
        target.set(p.to.plus(panel.times(PANEL_BYTES))),
        shape.lastColumns === PANEL
          ? rowsOf(PANEL)
          : when(panel.plus(1).isBelow(p.panels), rowsOf(PANEL), rowsOf(shape.lastColumns)),
      ]);
    },
  );

/** Copies of lines of images into larger images, where they begin `toFirst` bytes in and are `toRowStep` bytes apart. */
export const placeLinesKernel = defineKernel(
  "place lines",
  {
    ...{ from: "i32", to: "i32", images: "i32", imageStepFrom: "i32", imageStepTo: "i32" },
    ...{ rows: "i32", rowStepFrom: "i32", rowStepTo: "i32", rowBytes: "i32" },
  },
  (locals, p) => {
    const [source, target] = [locals.i32(), locals.i32()];
    return locals.range({ end: p.images }, () => [
      source.set(p.from),
      target.set(p.to),
      locals.range({ end: p.rows }, () => [
        copyBytes(target, source, p.rowBytes),
        source.add(p.rowStepFrom),
        target.add(p.rowStepTo),
      ]),
      p.from.add(p.imageStepFrom),
      p.to.add(p.imageStepTo),
    ]);
  },
);

/** The same pixel by pixel, `pixelStepTo` bytes apart: other pixels lie between them. */
export const placePixelsKernel = defineKernel(
  "place pixels",
  {
    ...{ from: "i32", to: "i32", images: "i32", imageStepFrom: "i32", imageStepTo: "i32" },
    ...{ rows: "i32", rowStepFrom: "i32", rowStepTo: "i32", pixels: "i32", pixelBytes: "i32", pixelStepTo: "i32" },
  },
  (locals, p) => {
    const [rowFrom, rowTo, source, target] = [locals.i32(), locals.i32(), locals.i32(), locals.i32()];
    const whole = locals.i32();
    return locals.range({ end: p.images }, () => [
      rowFrom.set(p.from),
      rowTo.set(p.to),
      locals.range({ end: p.rows }, () => [
        source.set(rowFrom),
        target.set(rowTo),
        locals.range({ end: p.pixels }, () => [
          whole.set(p.pixelBytes.and(-VECTOR)),
          locals.range({ end: whole, step: VECTOR }, (offset) => [
            store.f32x4(target.plus(offset), load.f32x4(source.plus(offset))),
          ]),
          locals.range({ first: whole, end: p.pixelBytes, step: FLOAT }, (offset) => [
            store.f32(target.plus(offset), load.f32(source.plus(offset))),
          ]),
          source.add(p.pixelBytes),
          target.add(p.pixelStepTo),
        ]),
        rowFrom.add(p.rowStepFrom),
        rowTo.add(p.rowStepTo),
      ]),
      p.from.add(p.imageStepFrom),
      p.to.add(p.imageStepTo),
    ]);
  },
);
