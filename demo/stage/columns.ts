/** Which layers of a network the stage shows, and how large each one's maps are drawn. */
import type { Model, PlacedLayer } from "../../src/index.ts";
import { walkOf } from "../inside/walk.ts";

/** What one column of the stage shows: the values that a layer gives. */
export interface Column {
  /** Index of the layer in the model. */
  readonly index: number;
  readonly layer: PlacedLayer;
  /** Layers that follow it and change its values one by one are shown in its place; this is the one that opens it. */
  readonly opens: number;
  /** Places of the columns whose values it gets; −1 is the input. */
  readonly from: readonly number[];
}

/** Layers that keep the shape and the meaning of what comes in: the result stands for the layer before. */
const REFINING: ReadonlySet<string> = new Set([
  ...["activation", "reLU", "leakyReLU", "prelu", "elu"],
  ...["batchNormalization", "dropout", "spatialDropout2d", "gaussianNoise"],
]);

/** In the order of their use, without the last layer, whose values are the bars. */
export function columnsOf(model: Model): Column[] {
  const columns: Column[] = [];
  const shownIn = placesOf(model, columns);
  const shown = new Set(walkOf(model).steps.flatMap(({ kind, index }) => (kind === "flatten" ? [] : [index])));
  model.layers.forEach((layer, index) => {
    const from = [...new Set(layer.connectedTo.map(shownIn))];
    const last = columns.at(-1);
    if (!shown.has(index)) return;
    const refines = REFINING.has(layer.layer.config.kind) && last?.layer.name === layer.connectedTo[0];
    if (refines && last) columns[columns.length - 1] = { ...last, index, layer };
    else columns.push({ index, layer, opens: index, from });
  });
  return columns;
}

/** The column that shows a layer's values, by the layer's name: its own, or that of what it passes on. −1: the input. */
function placesOf(model: Model, columns: readonly Column[]): (name: string) => number {
  const placed = new Map(model.layers.map((layer) => [layer.name, layer]));
  const place = (name: string): number => {
    const layer = placed.get(name);
    if (layer === undefined) return -1;
    const own = columns.findIndex(({ opens, index }) => layer === model.layers[opens] || layer === model.layers[index]);
    return own >= 0 ? own : place(layer.connectedTo[0] ?? "");
  };
  return place;
}

/** How a layer's values lie as a picture. */
export interface Grid {
  /** Maps in a row. */
  readonly perRow: number;
  /** Of the picture on the page, in CSS pixels: one a value. A row of neurons is as wide as it fits, and has a height to be seen. */
  readonly width: number;
  readonly height: number;
}

const GAP = 1;
const [WIDEST_ROW, NEURON_HEIGHT] = [128, 20];

/**
 * Maps beside each other, a power of two in a row and at least as many below each other. `widest`: CSS pixels that a row may take,
 * where it is to take all of them.
 */
export function gridOf(shape: readonly number[], widest?: number): Grid {
  const [rows = 1, columns = 1, count = 1] = shape;
  if (shape.length === 1) return { perRow: 1, width: widest ?? Math.min(rows, WIDEST_ROW), height: NEURON_HEIGHT };
  const upright = 2 ** Math.floor(Math.log2(Math.sqrt(count)));
  const fitting = widest === undefined ? upright : Math.floor((widest + GAP) / (columns + GAP));
  const perRow = Math.max(1, Math.min(count, fitting));
  const lines = Math.ceil(count / perRow);
  return { perRow, width: perRow * (columns + GAP) - GAP, height: lines * (rows + GAP) - GAP };
}
