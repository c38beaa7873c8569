import { ArgumentError, ShapeError } from "../core/errors.ts";
import { layOutMaps, type MapsLayout, pictureOfMaps } from "../core/maps_picture.ts";
import { describeValue } from "../core/options.ts";
import { formatShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Model } from "../nn/model.ts";
import { type Pen, type Picture, type Shown, type Speech, show } from "./figure.ts";

/** Side of a map in CSS pixels: of those with few values larger ones. */
const SIDES = { least: 42, most: 96, share: 6 };
const GAP = 4;

/**
 * Draws what a layer gives for one picture, map by map: 0 white, above it blue, below it orange; and a table of each map's least, mean
 * and largest value. `maps`: [rows, columns, channels], such as `(await trainer.inspect(image)).layers[0].output`, or [units].
 *
 * Throws `ArgumentError` for what is no tensor, `ShapeError` for other shapes.
 */
export function showMaps(element: HTMLElement, maps: Tensor): Shown<Tensor> {
  return show("showMaps", element, maps, (tensor, { words, ...speech }) =>
    pictureOf(checked("showMaps", tensor), speech, {
      caption: words.maps,
      name: words.map,
      label: words.mapsLabel,
      ...{ least: words.least, mean: words.mean, most: words.most },
    }),
  );
}

/** Whose kernels are shown. */
export interface KernelsOptions {
  /** Name of the layer; default: the first one with a kernel. */
  layer?: string;
}

/**
 * Draws the kernels of a layer, one for each input and output channel, in the colours of `showMaps`; and a table of each one's least,
 * mean and largest value. `kernels`: a model, or a kernel [height, width, in, out] or [in, out].
 *
 * Throws `ArgumentError` for a layer that has none, and for what is neither; `ShapeError` for other shapes.
 */
export function showKernels(
  element: HTMLElement,
  kernels: Model | Tensor,
  { layer }: KernelsOptions = {},
): Shown<Model | Tensor> {
  return show("showKernels", element, kernels, (given, { words, ...speech }) =>
    pictureOf(kernelOf(given, layer), speech, {
      caption: words.kernels,
      name: words.kernel,
      label: words.kernelsLabel,
      ...{ least: words.least, mean: words.mean, most: words.most },
    }),
  );
}

function kernelOf(given: Model | Tensor, layer: string | undefined): Tensor {
  const { parameters } = given as Partial<Model>;
  if (!(parameters instanceof Map)) return checked("showKernels", given as Tensor);
  const names = [...parameters.keys()].filter((name) => name.endsWith("/kernel"));
  const name = layer === undefined ? names[0] : `${layer}/kernel`;
  const kernel: Tensor | undefined = name === undefined ? undefined : parameters.get(name);
  if (kernel === undefined) {
    throw new ArgumentError(
      `showKernels: ${layer === undefined ? "no layer of this model" : `no layer "${layer}"`} has a kernel; those with one: ` +
        `${names.map((one) => one.slice(0, -"/kernel".length)).join(", ") || "none"}.`,
    );
  }
  return kernel;
}

function checked(call: string, tensor: Tensor): Tensor {
  if (!Array.isArray(tensor?.shape) || !ArrayBuffer.isView(tensor.data)) {
    throw new ArgumentError(`${call}: wants a tensor, { shape, data }, got ${describeValue(tensor)}.`);
  }
  const size = tensor.shape.reduce((product, extent) => product * extent, 1);
  if (size !== tensor.data.length) {
    throw new ShapeError(
      `${call}: ${formatShape(tensor.shape)} is ${size} values, the tensor has ${tensor.data.length}.`,
    );
  }
  return tensor;
}

interface MapsWords {
  readonly caption: string;
  readonly name: string;
  label(count: number, size: string): string;
  readonly least: string;
  readonly mean: string;
  readonly most: string;
}

function pictureOf(tensor: Tensor, { number }: Omit<Speech, "words">, words: MapsWords): Picture {
  const { rows, columns, channels } = layOutMaps(tensor.shape, { gap: 0 });
  const stats = statistics(tensor.data, channels);
  const outputs = tensor.shape.length === 4 ? (tensor.shape[3] ?? 1) : 1;
  return {
    label: words.label(channels, `${rows}×${columns}`),
    table: {
      caption: words.caption,
      head: [words.name, words.least, words.mean, words.most],
      rows: stats.map(({ least, mean, most }, map) => [
        outputs > 1 ? `${Math.floor(map / outputs)} → ${map % outputs}` : String(map),
        ...[least, mean, most].map(number),
      ]),
    },
    height: (width) => layoutFor(tensor, width).height,
    draw: (pen) => paint(pen, tensor, layoutFor(tensor, pen.width)),
  };
}

/** As many maps in a row as the width has room for, each as wide as its values want. */
function layoutFor(tensor: Tensor, width: number): MapsLayout {
  const { columns, channels } = layOutMaps(tensor.shape, { gap: 0 });
  const wanted = channels === 1 ? width : Math.max(SIDES.least, Math.min(SIDES.most, columns * SIDES.share));
  const mapWidth = Math.min(wanted, width);
  const perRow = Math.max(1, Math.min(channels, Math.floor((width + GAP) / (mapWidth + GAP))));
  return layOutMaps(tensor.shape, { mapWidth, columns: perRow, gap: GAP });
}

function paint({ context }: Pen, tensor: Tensor, layout: MapsLayout): void {
  const picture = new OffscreenCanvas(layout.width, layout.height);
  picture
    .getContext("2d")
    ?.putImageData(new ImageData(pictureOfMaps(layout, tensor.data), layout.width, layout.height), 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(picture, 0, 0);
}

function statistics(data: ArrayLike<number>, channels: number): { least: number; mean: number; most: number }[] {
  const count = data.length / channels;
  return Array.from({ length: channels }, (_, channel) => {
    let [least, most, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
    for (let at = channel; at < data.length; at += channels) {
      const value = data[at] ?? 0;
      sum += value;
      // NaN is told, and not passed over.
      least = value < least || Number.isNaN(value) ? value : least;
      most = value > most || Number.isNaN(value) ? value : most;
    }
    return { least, mean: sum / count, most };
  });
}
