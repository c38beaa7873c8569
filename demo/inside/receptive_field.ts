/** What of the picture a value deep in the network can see, through every way that leads to it. */
import type { Model } from "../../src/index.ts";
import { type Area, type Place, windowAt, windowOf } from "./maps.ts";

/** Kinds of layers whose value at a place comes from the same place of their inputs. */
const POINTWISE: ReadonlySet<string> = new Set([
  "activation",
  "add",
  "average",
  "batchNormalization",
  "concatenate",
  "dropout",
  "elu",
  "gaussianNoise",
  "leakyReLU",
  "maximum",
  "minimum",
  "multiply",
  "prelu",
  "reLU",
  "normalization",
  "rescaling",
  "spatialDropout2d",
  "subtract",
]);

/**
 * The part of the picture that can reach one value of layer `index`: the rectangle around all ways through the network.
 * It may reach beyond the picture's edges, into the padding. Undefined where the layer gives no maps.
 */
export function receptiveField(model: Model, index: number, place: Place): Area | undefined {
  const { layers, inputShape } = model;
  const start = layers[index];
  if (start === undefined || start.outputShape.length !== 3) return undefined;
  const whole: Area = { row: 0, column: 0, rows: inputShape[0] ?? 1, columns: inputShape[1] ?? 1 };
  const seen = new Map<string, Area>([[start.name, { ...place, rows: 1, columns: 1 }]]);
  let picture: Area | undefined;
  // Layers stand in the order of their use: who reads a layer comes after it.
  for (let layer = index; layer >= 0; layer--) {
    const placed = layers[layer];
    const area = placed && seen.get(placed.name);
    if (placed === undefined || area === undefined) continue;
    const below = behind(model, layer, area) ?? whole;
    for (const source of placed.connectedTo) {
      if (layers.some(({ name }) => name === source)) seen.set(source, around(seen.get(source), below));
      else picture = around(picture, below);
    }
  }
  return picture;
}

/** The part of its input that an area of a layer's output comes from; undefined where that is not known to be a part. */
function behind(model: Model, index: number, area: Area): Area | undefined {
  const { layer, inputShape, outputShape } = model.layers[index] ?? {};
  const sameSize = inputShape?.[0] === outputShape?.[0] && inputShape?.[1] === outputShape?.[1];
  if (sameSize && POINTWISE.has(layer?.config.kind ?? "")) return area;
  const g = windowOf(model, index);
  if (g === undefined) return undefined;
  const first = windowAt(g, area);
  const last = windowAt(g, { row: area.row + area.rows - 1, column: area.column + area.columns - 1 });
  return {
    row: first.row,
    column: first.column,
    rows: last.row + last.rows - first.row,
    columns: last.column + last.columns - first.column,
  };
}

function around(a: Area | undefined, b: Area): Area {
  if (a === undefined) return b;
  const [row, column] = [Math.min(a.row, b.row), Math.min(a.column, b.column)];
  return {
    row,
    column,
    rows: Math.max(a.row + a.rows, b.row + b.rows) - row,
    columns: Math.max(a.column + a.columns, b.column + b.columns) - column,
  };
}
