/** What the walk computes from an inspection, without a page: maps, windows, sums. All from the network's own numbers. */
import { type ConvGeometry, convGeometry, poolGeometry, type WindowGeometry } from "../../src/core/window_geometry.ts";
import type { Inspection, LayerInspection, Model, Tensor } from "../../src/index.ts";

/** One channel of values [height, width, channels], or of a row of numbers. */
export interface FeatureMap {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

export interface Place {
  readonly row: number;
  readonly column: number;
}

/** Part of an image; may reach beyond its edges, into the padding. */
export interface Area extends Place {
  readonly rows: number;
  readonly columns: number;
}

export type Values = Tensor<Float32Array>;

export function featureMap({ shape, data }: Values, channel: number): FeatureMap {
  const [rows = 1, columns = 1, channels = 1] = shape;
  const values = Float32Array.from({ length: rows * columns }, (_, index) => data[index * channels + channel] ?? 0);
  return { rows, columns, values };
}

export function channelsOf({ shape }: Values): number {
  return shape[2] ?? 1;
}

/** Values of 0 outside the map: the zero padding of convolutions. */
export function valueAt({ rows, columns, values }: FeatureMap, { row, column }: Place): number {
  if (row < 0 || row >= rows || column < 0 || column >= columns) return 0;
  return values[row * columns + column] ?? 0;
}

export function placeOfLargest({ columns, values }: FeatureMap): Place {
  let best = 0;
  values.forEach((value, index) => {
    if (value > (values[best] ?? 0)) best = index;
  });
  return { row: Math.floor(best / columns), column: best % columns };
}

function pair(value: unknown, otherwise: number): [number, number] {
  if (typeof value === "number") return [value, value];
  return Array.isArray(value) ? [Number(value[0]), Number(value[1])] : [otherwise, otherwise];
}

/** How the window of a convolution or pooling layer slides; undefined for other layers. */
export function windowOf(model: Model, index: number): WindowGeometry | ConvGeometry | undefined {
  const placed = model.layers[index];
  if (placed === undefined || placed.inputShape.length !== 3) return undefined;
  const { kind, options } = placed.layer.config;
  const padding = options["padding"] === "same" ? "same" : "valid";
  const input = [1, ...placed.inputShape];
  if (kind === "conv2d") {
    const groups = Number(options["groups"] ?? 1);
    const filter = [
      ...pair(options["kernelSize"], 1),
      (placed.inputShape[2] ?? 1) / groups,
      placed.outputShape[2] ?? 1,
    ];
    const strides = pair(options["strides"], 1);
    return convGeometry(placed.name, input, filter, {
      strides,
      padding,
      dilations: pair(options["dilationRate"], 1),
      groups,
    });
  }
  if (kind === "maxPooling2d" || kind === "averagePooling2d") {
    const size = pair(options["poolSize"], 2);
    const strides = options["strides"] === undefined ? size : pair(options["strides"], 2);
    return poolGeometry(placed.name, input, { size, strides, padding, dilations: [1, 1] });
  }
  return undefined;
}

/** What one output of a window layer looks at, in its input. */
export function windowAt(g: WindowGeometry, { row, column }: Place): Area {
  return {
    row: row * g.strideHeight - g.padTop,
    column: column * g.strideWidth - g.padLeft,
    rows: (g.kernelHeight - 1) * g.dilationHeight + 1,
    columns: (g.kernelWidth - 1) * g.dilationWidth + 1,
  };
}

/** A place of a map and its value. */
export interface Cell {
  readonly place: Place;
  readonly value: number;
}

/** The values that one output of a pooling is made of, line by line; padding is −∞, which never wins. */
export function poolWindow(g: WindowGeometry, map: FeatureMap, place: Place): Cell[] {
  const area = windowAt(g, place);
  return Array.from({ length: g.kernelHeight * g.kernelWidth }, (_, index) => {
    const at = { row: area.row + Math.floor(index / g.kernelWidth), column: area.column + (index % g.kernelWidth) };
    const inside = at.row >= 0 && at.row < map.rows && at.column >= 0 && at.column < map.columns;
    return { place: at, value: inside ? valueAt(map, at) : Number.NEGATIVE_INFINITY };
  });
}

/** The cell that max pooling keeps: of equal ones the first, which takes the whole gradient too. */
export function largestOf(cells: readonly Cell[]): Cell {
  return cells.reduce((best, cell) => (cell.value > best.value ? cell : best));
}

/** Indices, in a map, of the values that a max pooling keeps. */
export function winners(g: WindowGeometry, map: FeatureMap): Set<number> {
  const kept = new Set<number>();
  for (let row = 0; row < g.outHeight; row++) {
    for (let column = 0; column < g.outWidth; column++) {
      const { place } = largestOf(poolWindow(g, map, { row, column }));
      kept.add(place.row * map.columns + place.column);
    }
  }
  return kept;
}

/** The tensors that a layer reads, in their order. */
export function inputsOf(model: Model, inspection: Inspection, index: number): Values[] {
  return (model.layers[index]?.connectedTo ?? []).map(
    (source) => inspection.layers.find(({ name }) => name === source)?.output ?? inspection.input,
  );
}

/** The tensor that a layer reads; the first one of several. */
export function inputOf(model: Model, inspection: Inspection, index: number): Values {
  return inputsOf(model, inspection, index)[0] ?? inspection.input;
}

export interface Product {
  readonly place: Place;
  readonly value: number;
  readonly weight: number;
}

/** The products behind one value of a convolution: a list a channel of the input. */
export interface Convolved {
  readonly channels: readonly {
    readonly channel: number;
    readonly products: readonly Product[];
    readonly sum: number;
  }[];
  readonly bias: number;
  /** All products and the bias. */
  readonly total: number;
}

export function convolve(
  g: ConvGeometry,
  input: Values,
  kernel: Values,
  bias: Values | undefined,
  filter: number,
  place: Place,
): Convolved {
  const start = windowAt(g, place);
  const firstChannel = Math.floor(filter / g.groupOutChannels) * g.groupInChannels;
  const channels = Array.from({ length: g.groupInChannels }, (_, channel) => {
    const map = featureMap(input, firstChannel + channel);
    const products: Product[] = [];
    for (let row = 0; row < g.kernelHeight; row++) {
      for (let column = 0; column < g.kernelWidth; column++) {
        const at = { row: start.row + row * g.dilationHeight, column: start.column + column * g.dilationWidth };
        const index = ((row * g.kernelWidth + column) * g.groupInChannels + channel) * g.outChannels + filter;
        products.push({ place: at, value: valueAt(map, at), weight: kernel.data[index] ?? 0 });
      }
    }
    const sum = products.reduce((total, { value, weight }) => total + value * weight, 0);
    return { channel: firstChannel + channel, products, sum };
  });
  const added = bias?.data[filter] ?? 0;
  return { channels, bias: added, total: channels.reduce((total, { sum }) => total + sum, added) };
}

/** A filter's weights for one channel of its group, line by line; of a kernel or of its gradient, [kh, kw, in / groups, out]. */
export function kernelAt(g: ConvGeometry, kernel: Values, filter: number, channel: number): Float32Array {
  return Float32Array.from(
    { length: g.kernelHeight * g.kernelWidth },
    (_, place) => kernel.data[(place * g.groupInChannels + channel) * g.outChannels + filter] ?? 0,
  );
}

/** What of an area lies within a picture. */
export function within({ row, column, rows, columns }: Area, picture: { rows: number; columns: number }): Area {
  const [top, left] = [Math.max(0, row), Math.max(0, column)];
  return {
    row: top,
    column: left,
    rows: Math.min(row + rows, picture.rows) - top,
    columns: Math.min(column + columns, picture.columns) - left,
  };
}

/** Grad-CAM (Selvaraju et al. 2017): the maps of a layer, weighed by their mean gradient, negative values left out. */
export function gradCam({ output, gradient }: LayerInspection): FeatureMap {
  const [rows = 1, columns = 1, channels = 1] = output.shape;
  const weights = Array.from({ length: channels }, (_, channel) => {
    const { values } = featureMap(gradient, channel);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  });
  const values = Float32Array.from({ length: rows * columns }, (_, place) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) {
      sum += (weights[channel] ?? 0) * (output.data[place * channels + channel] ?? 0);
    }
    return Math.max(0, sum);
  });
  return { rows, columns, values };
}

/** The largest slope of the score by each pixel, over its colours (Simonyan et al. 2014). */
export function saliency({ inputGradient }: Inspection): FeatureMap {
  const [rows = 1, columns = 1, channels = 1] = inputGradient.shape;
  const values = Float32Array.from({ length: rows * columns }, (_, place) => {
    let most = 0;
    for (let channel = 0; channel < channels; channel++) {
      most = Math.max(most, Math.abs(inputGradient.data[place * channels + channel] ?? 0));
    }
    return most;
  });
  return { rows, columns, values };
}

/** Copies of an image, each with one square set to 0: for occlusion (Zeiler and Fergus 2014). */
export function occluded(
  image: Values,
  size: number,
  stride: number,
): { images: Float32Array; rows: number; columns: number } {
  const [height = 1, width = 1, channels = 1] = image.shape;
  const rows = Math.floor((height - size) / stride) + 1;
  const columns = Math.floor((width - size) / stride) + 1;
  const images = new Float32Array(rows * columns * image.data.length);
  for (let copy = 0; copy < rows * columns; copy++) {
    const start = copy * image.data.length;
    images.set(image.data, start);
    const top = Math.floor(copy / columns) * stride;
    const left = (copy % columns) * stride;
    for (let row = top; row < top + size; row++) {
      const first = start + (row * width + left) * channels;
      images.fill(0, first, first + size * channels);
    }
  }
  return { images, rows, columns };
}

/** The products of a dense layer's input and one neuron's weights, added up; without the bias. */
export function denseSum(input: Values, kernel: Values, neuron: number): number {
  const units = kernel.shape[1] ?? 1;
  return input.data.reduce((sum, value, index) => sum + value * (kernel.data[index * units + neuron] ?? 0), 0);
}

/** Where the evidence for a neuron lies: the summands of its sum, added up over the channels of each place. */
export function evidence(input: Values, kernel: Values, neuron: number): FeatureMap {
  const [rows = 1, columns = 1, channels = 1] = input.shape;
  const units = kernel.shape[1] ?? 1;
  const values = Float32Array.from({ length: rows * columns }, (_, place) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) {
      const index = place * channels + channel;
      sum += (input.data[index] ?? 0) * (kernel.data[index * units + neuron] ?? 0);
    }
    return sum;
  });
  return { rows, columns, values };
}

/**
 * The same for a neuron of dense layer `index`, where maps lie behind it: flattened ones, or means of maps, of which each
 * place has an equal share (class activation maps, Zhou et al. 2016). Undefined behind other layers.
 */
export function evidenceOf(
  model: Model,
  inspection: Inspection,
  index: number,
  neuron: number,
): FeatureMap | undefined {
  const kernel = inspection.parameters.get(`${model.layers[index]?.name}/kernel`);
  const { index: source, kind } = behindDropout(model, index);
  if (kernel === undefined || source < 0) return undefined;
  const maps = inputOf(model, inspection, source);
  if (kind === "flatten" && maps.shape.length === 3) return evidence(maps, kernel, neuron);
  if (kind !== "globalAveragePooling2d") return undefined;
  const [rows = 1, columns = 1, channels = 1] = maps.shape;
  const units = kernel.shape[1] ?? 1;
  const values = Float32Array.from({ length: rows * columns }, (_, place) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) {
      sum += (maps.data[place * channels + channel] ?? 0) * (kernel.data[channel * units + neuron] ?? 0);
    }
    return sum / (rows * columns);
  });
  return { rows, columns, values };
}

/** The layer whose values layer `index` reads; dropout changes nothing while nobody trains. */
function behindDropout(model: Model, index: number): { index: number; kind: string } {
  let source = index;
  do {
    const name = model.layers[source]?.connectedTo[0];
    source = model.layers.findIndex((layer) => layer.name === name);
  } while (model.layers[source]?.layer.config.kind === "dropout");
  return { index: source, kind: model.layers[source]?.layer.config.kind ?? "" };
}

/** Slides a kernel of `size`×`size` over a picture, zeros outside: what one filter of a convolution does. */
export function filterPicture(picture: FeatureMap, kernel: readonly number[], size: number, relu: boolean): FeatureMap {
  const half = (size - 1) / 2;
  const { rows, columns } = picture;
  const values = Float32Array.from({ length: rows * columns }, (_, index) => {
    const place: Place = { row: Math.floor(index / columns) - half, column: (index % columns) - half };
    let sum = 0;
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const value = valueAt(picture, { row: place.row + row, column: place.column + column });
        sum += value * (kernel[row * size + column] ?? 0);
      }
    }
    return relu ? Math.max(0, sum) : sum;
  });
  return { rows, columns, values };
}

/** How many values fall into each of `bins` equal parts of −most … most. */
export function histogram(values: ArrayLike<number>, most: number, bins: number): number[] {
  const counts = Array<number>(bins).fill(0);
  for (let index = 0; index < values.length; index++) {
    const share = most > 0 ? ((values[index] ?? 0) / most + 1) / 2 : 0.5;
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(share * bins)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}
